"""The temperature of the posterior, chosen where the right one is known: in a model's own data."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from nri.data.samples import Samples
from nri.evaluation.metrics.confidence import calibration_error
from nri.evaluation.refine import posterior_temperature
from nri.model.decoders.mlp import MLPDecoder
from nri.model.decoders.rnn import RNNDecoder
from nri.model.likelihood import GaussianLikelihood
from nri.model.posterior import tables as tables_module
from nri.model.posterior.assignments import digits, pair_of_edge
from nri.model.posterior.exact import exact_directed, exact_undirected
from nri.model.posterior.infer import marginals_from_tables
from nri.model.posterior.temperature import TEMPERATURES, best_temperature, choose_temperature

NODES, TYPES, SAMPLES, TRANSITIONS = 4, 2, 400, 20
CPU = torch.device("cpu")
SAME = np.array([0, 1])
LOG_PRIOR = torch.tensor([0.3, 0.7]).log()


def sampled(undirected, repeats=1, noise=2.5):
    """Graphs (S, E) from the prior, and the tables (S, W, N, A) of transitions that they made.

    In a transition a receiver moves by the sum of its edges' types, weighted by sender, and
    Gaussian noise. repeats: how many times in a row every transition is counted.
    """
    generator = torch.Generator().manual_seed(0)
    edges = NODES * (NODES - 1)
    drawn = torch.rand(SAMPLES, edges, generator=generator) < LOG_PRIOR.exp()[1]
    graphs = drawn.long()
    if undirected:
        graphs = graphs[:, pair_of_edge(NODES, CPU)]
    weights = torch.randn(SAMPLES, TRANSITIONS, NODES, NODES - 1, generator=generator)
    motion = (weights * graphs.view(SAMPLES, 1, NODES, NODES - 1)).sum(-1)
    motion = motion + noise * torch.randn(motion.shape, generator=generator)
    predicted = weights @ digits(TYPES, NODES - 1, CPU).t().float()  # (S, W, N, A)
    tables = Normal(predicted, noise).log_prob(motion.unsqueeze(-1))
    return graphs, tables.repeat_interleave(repeats, dim=1)


def chosen(tables, undirected, method="exact"):
    early, late = (half.sum(1) for half in tables.tensor_split(2, dim=1))
    return best_temperature(early, late, LOG_PRIOR, undirected, method)


@pytest.mark.parametrize("undirected", [False, True])
def test_the_posterior_of_the_right_model_is_calibrated_and_left_as_it_is(undirected):
    graphs, tables = sampled(undirected)
    exact = exact_undirected if undirected else exact_directed
    found = exact(tables.sum(1), LOG_PRIOR).probabilities
    assert calibration_error(found, graphs, SAME) < 0.03
    assert 0.6 < found.max(-1).values.mean() < 0.95, "neither known nor unknown"
    assert chosen(tables, undirected) <= 1.5


@pytest.mark.parametrize("factor", [4, 16])
@pytest.mark.parametrize(
    ("undirected", "method"), [(False, "exact"), (True, "exact"), (True, "blocks")]
)
def test_a_likelihood_that_is_too_sharp_is_found_out(undirected, method, factor):
    graphs, tables = sampled(undirected)
    temperature = chosen(factor * tables, undirected, method)
    assert factor / 1.5 < temperature < 1.5 * factor

    def error(temperature):
        sharp = factor * tables.sum(1) / temperature
        found = marginals_from_tables(sharp, LOG_PRIOR, undirected, method)
        return calibration_error(found, graphs, SAME)

    assert error(temperature) < error(1) / 3


def test_evidence_that_is_counted_four_times_is_found_out():
    """Each transition is right by itself; only that they are no evidence of their own is wrong."""
    tables = sampled(True, repeats=4)[1]
    assert 4 / 1.5 < chosen(tables, True) < 1.5 * 4


def test_a_decoder_that_knows_nothing_gives_a_temperature():
    nothing = torch.zeros(SAMPLES, TRANSITIONS, NODES, TYPES ** (NODES - 1))
    assert chosen(nothing, True) in TEMPERATURES


@pytest.mark.parametrize("undirected", [False, True])
def test_the_tables_are_those_of_the_decoder(undirected, monkeypatch):
    """Of trajectories that the decoder made itself: it is found how much noise was added."""
    torch.manual_seed(0)
    decoder, noise = MLPDecoder(2, 16, TYPES, False, 0.0).requires_grad_(False), 0.02
    graphs = torch.randint(TYPES, (200, 12))
    if undirected:
        graphs = graphs[:, pair_of_edge(NODES, CPU)]
    onehot = torch.nn.functional.one_hot(graphs, TYPES).float()
    frames = [torch.randn(200, NODES, 2)]
    for _ in range(20):
        following = decoder(frames[-1], onehot, None)[0]
        frames.append(following + noise * torch.randn_like(following))
    x = torch.stack(frames, dim=2)

    def found(variance):
        likelihood = GaussianLikelihood(variance)
        return choose_temperature(decoder, likelihood, x, torch.full((2,), 0.5), undirected)

    whole = found(noise**2 / 4)
    assert 4 / 1.5 < whole < 1.5 * 4
    assert found(noise**2) <= 1.5
    monkeypatch.setattr(tables_module, "TABLE_ENTRIES", 30_000)  # several batches of samples
    assert found(noise**2 / 4) == whole


def test_decoders_without_tables_have_no_temperature():
    decoder, x = RNNDecoder(2, 8, TYPES, False, 0.0), torch.randn(3, NODES, 6, 2)
    prior = torch.full((2,), 0.5)
    assert choose_temperature(decoder, GaussianLikelihood(1.0), x, prior, True) is None


def test_no_label_touches_the_choice(samples, build, make_settings):
    """Neither the edges of the validation samples, nor frames that the encoder does not see."""
    settings = make_settings(likelihood="student_t", undirected=True)
    model = build(settings)
    valid = samples["valid"]
    model.fit_scales(valid.x, True)
    longer = Samples(torch.cat([valid.x, torch.randn_like(valid.x)], dim=2), 1 - valid.edges)
    frames = valid.x.shape[2]
    found = {
        posterior_temperature(model, settings, each, frames)
        for each in (valid, Samples(valid.x, None), longer)
    }
    assert len(found) == 1
    assert found <= set(TEMPERATURES)
