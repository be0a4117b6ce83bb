"""The posterior from the decoder's likelihood against enumeration, and training by it."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from datasets import simulate
from torch.nn.functional import one_hot

from nri import graph
from nri.data.samples import load_samples
from nri.matching import best_accuracy
from nri.model import loops
from nri.model.decoders.mlp import MLPDecoder
from nri.model.decoders.rnn import RNNDecoder
from nri.model.likelihood import StudentTLikelihood
from nri.model.message_passing import reverse_index
from nri.model.nri import NRI, GivenGraph
from nri.model.objectives import count_types
from nri.model.posterior import tables as tables_module
from nri.model.posterior.assignments import digits, graph_assignments, pair_of_edge
from nri.model.posterior.blocks import climb, graph_score
from nri.model.posterior.em import EM
from nri.model.posterior.exact import exact_directed, exact_undirected
from nri.model.posterior.infer import choose_method, infer, infer_marginals
from nri.model.posterior.mean_field import MeanField
from nri.model.posterior.propagation import beliefs, propagate
from nri.model.posterior.race import raced_tables
from nri.model.posterior.tables import receiver_tables

FRAMES, FEATURES, SAMPLES = 6, 3, 4


def make(nodes, types, skip_first=False, scale=0.5, decoder=MLPDecoder, **options):
    """A decoder, a likelihood and trajectories, all random; a small scale peaks the posterior."""
    torch.manual_seed(nodes * 10 + types)
    decoder = decoder(FEATURES, 8, types, skip_first, 0.0, **options)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.mul_(2.0)
    likelihood = StudentTLikelihood(torch.full((FEATURES,), scale), 2.0)
    return decoder, likelihood, torch.randn(SAMPLES, nodes, FRAMES, FEATURES)


def prior_of(types):
    prior = torch.arange(1.0, types + 1)
    return prior / prior.sum()


def all_graphs(nodes, types, undirected):
    """Every graph's types: (graphs, E)."""
    edges = nodes * (nodes - 1)
    if undirected:
        return digits(types, edges // 2, torch.device("cpu"))[
            :, pair_of_edge(nodes, torch.device("cpu"))
        ]
    return torch.tensor(list(itertools.product(range(types), repeat=edges)))


@torch.no_grad()
def log_joint(decoder, likelihood, x, graphs, prior, undirected):
    """log p(x, z) of every sample and graph, from the decoder as it is trained: (B, graphs)."""
    edges = one_hot(graphs, len(prior)).float()[None, :, None]  # (1, graphs, 1, E, K)
    frames = x.transpose(1, 2)[:, None].expand(-1, len(graphs), -1, -1, -1)
    first = decoder.order - 1
    before = frames[:, :, :-2] if first else None
    predicted, _ = decoder(frames[:, :, first:-1], edges, before)
    cost = likelihood(predicted - frames[:, :, first + 1 :]).flatten(2).sum(-1)
    log_prior = prior.log()[graphs].sum(-1)
    return -cost + (log_prior / 2 if undirected else log_prior)


CASES = [
    (nodes, types, undirected)
    for nodes, types, undirected in itertools.product([3, 4], [2, 3], [False, True])
    if undirected or (nodes, types) != (4, 3)  # half a million graphs
]


@pytest.mark.parametrize("changes", [False, True])
@pytest.mark.parametrize("skip_first", [False, True])
@pytest.mark.parametrize(("nodes", "types", "undirected"), CASES)
def test_exact_posterior_is_that_of_all_graphs(
    nodes, types, undirected, skip_first, changes, monkeypatch
):
    monkeypatch.setattr(tables_module, "BLOCK_ROWS", 100)  # several blocks, the last one short
    decoder, likelihood, x = make(nodes, types, skip_first, changes=changes)
    prior, graphs = prior_of(types), all_graphs(nodes, types, undirected)
    scores = log_joint(decoder, likelihood, x, graphs, prior, undirected)
    found = infer(decoder, likelihood, x, prior, undirected)
    weights = scores.softmax(-1)
    expected = torch.einsum("bg,gek->bek", weights, one_hot(graphs, types).float())
    torch.testing.assert_close(found.probabilities, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.evidence, scores.logsumexp(-1), rtol=1e-4, atol=1e-3)
    assert torch.equal(found.graph, graphs[scores.argmax(-1)])
    assert weights.max() < 0.99, "a posterior that is not peaked tests more"


@pytest.mark.parametrize("undirected", [False, True])
@pytest.mark.parametrize("method", ["exact", "blocks", "mean_field"])
def test_renamed_nodes_rename_the_posterior(method, undirected):
    if method == "blocks" and not undirected:
        return
    decoder, likelihood, x = make(4, 2)
    order = np.random.default_rng(0).permutation(4)
    index = np.zeros((4, 4), dtype=int)
    index[graph.receivers(4), graph.senders(4)] = np.arange(12)
    place = index[order[graph.receivers(4)], order[graph.senders(4)]]
    settings = MeanField(transitions=200)  # so many that chance hardly matters

    def found(x):
        return infer(decoder, likelihood, x, prior_of(2), undirected, method, mean_field=settings)

    tolerance = 0.1 if method == "mean_field" else 1e-4
    torch.testing.assert_close(
        found(x[:, order]).probabilities,
        found(x).probabilities[:, place],
        rtol=0,
        atol=tolerance,
    )


@pytest.fixture(scope="module")
def trained(make_settings, tmp_path_factory):
    """An objective with a decoder trained by it on springs, and springs to validate with."""
    path = tmp_path_factory.mktemp("springs") / "springs.h5"
    settings = {
        "source": "springs",
        "objects": 4,
        "samples": {"train": 600, "valid": 64, "test": 1},
        "frames": {"train": 49, "valid": 49, "test": 49},
        "seed": 1,
        "strengths": [0.0, 0.1],
        "probabilities": [0.5, 0.5],
    }
    simulate(settings, path)
    train, valid = (load_samples(path, split, torch.device("cpu")) for split in ("train", "valid"))
    model, settings = model_of(
        make_settings,
        decoder_hidden=32,
        skip_first=True,
        residual_scale=0.3,
        degrees_of_freedom=1.0,
    )
    model.fit_scales(train.x, True)
    objective, generator = EM(model, settings, 2), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(model.decoder.parameters(), 5e-3)
    for update in range(120):
        batch = train.take(torch.randint(len(train), (32,), generator=generator))
        loss = objective.training(batch.x, None, generator, update / 120).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.decoder.parameters(), 1.0)
        optimiser.step()
    return objective, valid


def test_springs_are_learned_in_seconds(trained):
    """Without labels and without an encoder, a hundred small updates put most edges right."""
    objective, valid = trained
    found = objective.posterior(valid.x)
    confusion = count_types(one_hot(found.graph, 2).float(), valid.edges, 2)
    assert best_accuracy(confusion.numpy()) > 0.9


@pytest.mark.parametrize(("method", "share"), [("blocks", 0.99), ("mean_field", 0.95)])
def test_methods_agree_under_a_trained_decoder(trained, method, share):
    objective, valid = trained
    decoder, likelihood, prior = objective.model.decoder, objective.likelihood, objective.prior
    exact = infer(decoder, likelihood, valid.x, prior, True, "exact")
    found = infer(decoder, likelihood, valid.x, prior, True, method)
    assert (found.graph == exact.graph).float().mean() > share
    assert (found.probabilities.argmax(-1) == found.graph).float().mean() > share
    assert (found.evidence <= exact.evidence + 1e-3 * exact.evidence.abs()).all()


def test_blocks_agree_with_enumeration():
    """On posteriors that are flat and full of local optima too, for most samples."""
    decoder, likelihood, _ = make(5, 2)
    x = torch.randn(50, 5, FRAMES, FEATURES)
    exact = infer(decoder, likelihood, x, prior_of(2), True, "exact")
    blocks = infer(decoder, likelihood, x, prior_of(2), True, "blocks")
    assert (blocks.graph == exact.graph).all(-1).float().mean() > 0.9
    assert (blocks.evidence <= exact.evidence + 1e-3).all()


def test_few_assignments_race_to_the_end():
    decoder, likelihood, x = make(5, 2)
    full, log_prior = tables_of(decoder, likelihood, x, 2), prior_of(2).log()
    for frames in (2, 3, x.shape[2]):
        every = torch.arange(frames - 1).expand(len(x), -1)
        expected = receiver_tables(decoder, likelihood, x, 2, every)
        raced = raced_tables(decoder, likelihood, x, log_prior, every)
        torch.testing.assert_close(raced, expected, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(raced, full, rtol=1e-4, atol=1e-3)


def test_the_best_assignments_stay_in_the_race(trained, tmp_path):
    """Of nine objects 32 of 256 assignments of a receiver stay; the found graphs are the same.

    Edges that all assignments leave in doubt may come out otherwise, and which these are depends on
    how a processor rounds while the decoder is trained.
    """
    objective, _ = trained
    settings = {
        "source": "springs",
        "objects": 9,
        "samples": {"train": 12, "valid": 1, "test": 1},
        "frames": {"train": 49, "valid": 49, "test": 49},
        "seed": 1,
        "strengths": [0.0, 0.1],
        "probabilities": [0.5, 0.5],
    }
    path = simulate(settings, tmp_path / "springs.h5")
    x = load_samples(path, "train", torch.device("cpu")).x
    decoder, log_prior = objective.model.decoder, objective.prior.log()
    full = tables_of(decoder, objective.likelihood, x, 2)
    every = torch.arange(x.shape[2] - 1).expand(len(x), -1)
    with torch.no_grad():
        raced = raced_tables(decoder, objective.likelihood, x, log_prior, every)
    best = beliefs(full, log_prior).argmax(-1, keepdim=True)
    torch.testing.assert_close(raced.gather(2, best), full.gather(2, best), rtol=1e-4, atol=1e-2)
    whole, pruned = (propagate(tables, log_prior) for tables in (full, raced))
    sure = whole.amax(-1) > 0.9
    assert sure.float().mean() > 0.5
    assert (whole.argmax(-1) == pruned.argmax(-1))[sure].float().mean() > 0.95


def tables_of(decoder, likelihood, x, types):
    every = torch.arange(x.shape[2] - 1).expand(len(x), -1)
    with torch.no_grad():
        return receiver_tables(decoder, likelihood, x, types, every)


@pytest.mark.parametrize("types", [2, 3])
def test_a_climb_ends_where_no_node_can_be_improved(types):
    decoder, likelihood, x = make(5, types)
    tables, log_prior = tables_of(decoder, likelihood, x, types), prior_of(types).log()
    found = climb(tables, log_prior, torch.zeros(SAMPLES, 20, dtype=torch.long))
    assert torch.equal(found, climb(tables, log_prior, found))
    score = graph_score(tables, log_prior, found)
    pairs = pair_of_edge(5, torch.device("cpu"))
    for pair in range(10):
        for kind in range(types):
            changed = found.clone()
            changed[:, pairs == pair] = kind
            assert (graph_score(tables, log_prior, changed) <= score + 1e-3).all()


@pytest.mark.parametrize("types", [2, 3])
def test_graph_scores_are_log_joints(types):
    decoder, likelihood, x = make(3, types)
    graphs = all_graphs(3, types, True)
    expected = log_joint(decoder, likelihood, x, graphs, prior_of(types), True)
    tables = tables_of(decoder, likelihood, x, types)
    for number in range(len(graphs)):
        score = graph_score(tables, prior_of(types).log(), graphs[number].expand(SAMPLES, -1))
        torch.testing.assert_close(score, expected[:, number], rtol=1e-4, atol=1e-3)


def test_propagation_is_exact_without_loops_and_close_with_them():
    """Two objects have one pair; between more there are loops."""
    decoder, likelihood, x = make(2, 3)
    tables, log_prior = tables_of(decoder, likelihood, x, 3), prior_of(3).log()
    torch.testing.assert_close(
        propagate(tables, log_prior, damping=0.0),
        exact_undirected(tables, log_prior).probabilities,
    )
    decoder, likelihood, x = make(5, 2, scale=1.0)
    tables, log_prior = tables_of(decoder, likelihood, x, 2), prior_of(2).log()
    expected = exact_undirected(tables, log_prior).probabilities
    alone = exact_directed(tables, log_prior).probabilities
    error = (propagate(tables, log_prior, 30) - expected).abs().mean()
    assert error < 0.1
    assert error < (alone - expected).abs().mean()


def test_graphs_are_numbered_alike_by_pairs_and_by_receivers():
    nodes, types, device = 4, 3, torch.device("cpu")
    graphs = all_graphs(nodes, types, True)
    assert torch.equal(graphs, graphs[:, reverse_index(12, device)])
    receivers = digits(types, nodes - 1, device)[graph_assignments(nodes, types, device)]
    assert torch.equal(receivers.flatten(1), graphs)


def test_the_method_follows_from_the_decoder_and_the_size():
    memoryless, memory = make(3, 2)[0], make(3, 2, decoder=RNNDecoder)[0]
    assert choose_method(memoryless, 5, 3, True) == "exact"
    assert choose_method(memoryless, 10, 2, False) == "exact"
    assert choose_method(memoryless, 10, 2, True) == "blocks"
    assert choose_method(memoryless, 10, 3, True) == "mean_field"
    assert choose_method(memory, 3, 2, True) == "mean_field"
    with pytest.raises(ValueError, match="use mean_field"):
        infer(memory, None, torch.zeros(1, 3, 4, FEATURES), prior_of(2), True, "exact")
    with pytest.raises(ValueError, match="use exact"):
        infer(memoryless, None, torch.zeros(1, 3, 4, FEATURES), prior_of(2), False, "blocks")


def test_a_temperature_divides_the_evidence():
    decoder, likelihood, x = make(4, 2)
    given = decoder, likelihood, x, prior_of(2), True, None, pytest.fail
    hot, plain = infer_marginals(*given, temperature=1e6), infer_marginals(*given)
    torch.testing.assert_close(hot.tempered, prior_of(2).expand(SAMPLES, 12, -1), rtol=0, atol=1e-3)
    assert torch.equal(hot.probabilities, plain.probabilities)
    assert plain.tempered is None


@pytest.mark.parametrize("undirected", [False, True])
def test_no_probability_is_above_one(undirected):
    """With evidence so strong that one graph has all of it: sums of the rest round upwards."""
    decoder, likelihood, x = make(5, 2)
    given = decoder, likelihood, 30 * x, prior_of(2), undirected, "exact", pytest.fail
    found = infer_marginals(*given, temperature=2.0)
    for probabilities in (found.probabilities, found.tempered):
        assert probabilities.min() >= 0
        assert probabilities.max() <= 1


@pytest.mark.parametrize("method", ["exact", "blocks", "mean_field"])
def test_marginals_are_those_of_the_graphs(method):
    """Only mean field asks for a guess; a posterior from tables does not depend on it."""
    decoder, likelihood, x = make(4, 2)
    prior, start = prior_of(2), torch.randn(SAMPLES, 12, 2)
    guess = (lambda: start) if method == "mean_field" else pytest.fail
    found = infer_marginals(decoder, likelihood, x, prior, True, method, guess)
    whole = infer(decoder, likelihood, x, prior, True, method, start)
    assert torch.equal(found.probabilities, whole.probabilities)


def test_decoders_with_memory_have_a_posterior():
    decoder, likelihood, x = make(3, 2, decoder=RNNDecoder)
    with torch.no_grad():
        found = infer(decoder, likelihood, x, prior_of(2), False)
        guess = torch.randn(SAMPLES, 6, 2)
        started = infer(decoder, likelihood, x, prior_of(2), False, start=guess)
    assert found.probabilities.shape == (SAMPLES, 6, 2)
    assert (started.evidence >= found.evidence - 1e-3).all()

    def cost(edges):
        with torch.no_grad():
            predicted, _ = decoder.observe(x[:, :, :-1], edges)
            return likelihood(predicted - x[:, :, 1:].transpose(1, 2)).flatten(1).sum(-1)

    assert (cost(found.probabilities) <= cost(prior_of(2).expand(SAMPLES, 6, -1))).all()


@pytest.mark.parametrize("method", ["exact", "mean_field"])
def test_inference_leaves_no_gradients(method):
    decoder, likelihood, x = make(4, 2)
    found = infer(decoder, likelihood, x, prior_of(2), True, method)
    assert not found.probabilities.requires_grad
    assert all(parameter.grad is None for parameter in decoder.parameters())


@pytest.mark.parametrize("skip_first", [False, True])
@pytest.mark.parametrize(("nodes", "types"), [(2, 2), (3, 3), (5, 2), (6, 3)])
def test_blocks_of_assignments_move_receivers_as_plain_torch_does(
    nodes, types, skip_first, monkeypatch
):
    monkeypatch.setattr(loops, "BLOCK_BYTES", 37 * 4 * 8)  # several, the last one short
    decoder, likelihood, x = make(nodes, types, skip_first)
    every = torch.arange(FRAMES - 1).expand(SAMPLES, -1)
    chosen = torch.randint(types ** (nodes - 1), (SAMPLES, nodes, 7))
    for which in (None, chosen):
        with torch.no_grad():
            found = receiver_tables(decoder, likelihood, x, types, every, which)
        expected = receiver_tables(decoder, likelihood, x, types, every, which).detach()
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_tables_pass_gradients():
    decoder, likelihood, x = make(3, 2)
    every = torch.arange(FRAMES - 1).expand(SAMPLES, -1)
    tables = receiver_tables(decoder, likelihood, x, 2, every)
    evidence = exact_undirected(tables, prior_of(2).log()).evidence.sum()
    gradients = torch.autograd.grad(evidence, list(decoder.parameters()))
    weight = decoder.output.out_fc2.weight
    direction = torch.randn_like(weight)
    change = 0.0
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * 1e-2 * direction
            moved = receiver_tables(decoder, likelihood, x, 2, every)
            change += sign * exact_undirected(moved, prior_of(2).log()).evidence.sum().item()
            weight -= sign * 1e-2 * direction
    index = [p is weight for p in decoder.parameters()].index(True)
    expected = (gradients[index] * direction).sum().item()
    assert change / 2e-2 == pytest.approx(expected, rel=0.05)


def model_of(make_settings, encoder=None, **changes):
    settings = make_settings(
        undirected=True, likelihood="student_t", prediction_steps=1, loss_windows=4, **changes
    )
    torch.manual_seed(0)
    decoder = MLPDecoder(4, settings.decoder_hidden, 2, settings.skip_first, 0.0)
    return NRI(GivenGraph("full", 2), decoder, ("x", "y", "vx", "vy")), settings


def test_edges_are_never_used(samples, make_settings):
    """Graph, loss and gradients are the same whatever the true edges are, and without any."""
    model, settings = model_of(make_settings)
    x, edges = samples["train"].x[:8], samples["train"].edges[:8]
    model.fit_scales(x, True)
    objective, found = EM(model, settings, 2), []
    for given in (edges, 1 - edges, None):
        terms = objective.training(x, given, torch.Generator().manual_seed(0), 0.5)
        gradients = torch.autograd.grad(terms.loss, list(model.decoder.parameters()))
        with torch.no_grad():
            validated = objective.validation(x, given)
        found.append((terms.loss, validated.loss, *gradients))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_an_encoder_learns_from_the_posterior(samples, build, make_settings):
    settings = make_settings(undirected=True, prediction_steps=1, loss_windows=4)
    model = build(settings)
    x, edges = samples["train"].x[:8], samples["train"].edges[:8]
    model.fit_scales(x, True)
    objective = EM(model, settings, 2)
    terms = objective.training(x, edges, torch.Generator().manual_seed(0), 0.0)
    terms.loss.backward()
    assert terms.confusion.sum() == edges.numel()
    assert all(p.grad is not None for p in model.decoder.messages.msg_fc1.parameters())
    encoder = [p.grad for p in model.graph.parameters()]
    assert all(gradient is not None for gradient in encoder)
    assert terms.loss.item() == pytest.approx((terms.nll + terms.kl).item())


def test_a_hundred_objects_take_bounded_memory():
    """In a process of its own, so that its peak is that of the inference."""
    program = """
import re, torch
from nri.model.decoders.mlp import MLPDecoder
from nri.model.likelihood import StudentTLikelihood
from nri.model.posterior.infer import infer
from nri.model.posterior.mean_field import MeanField

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) / 1024

torch.set_num_threads(1)
decoder = MLPDecoder(4, 64, 2, False, 0.0)
likelihood = StudentTLikelihood(torch.ones(4), 1.0)
settings = MeanField(steps=1)
prior = torch.full((2,), 0.5)
infer(decoder, likelihood, torch.randn(1, 3, 5, 4), prior, True, "mean_field", mean_field=settings)
before = peak()
infer(decoder, likelihood, torch.randn(3, 100, 12, 4), prior, True, mean_field=settings)
print(peak() - before)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300
    )
    assert float(run.stdout) < 700, "MiB"
