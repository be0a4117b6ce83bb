"""Properties that every encoder and decoder must have, whatever its weights."""

import numpy as np
import pytest
import torch
from datasets import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from nri import graph
from nri.data.normalisation import Normalisation
from nri.data.simulated.springs import Springs
from nri.model.build import DECODERS, ENCODERS
from nri.model.decoders.simulator import SimulationDecoder
from nri.model.latent import gumbel_noise, kl_categorical, relaxed_sample, share_noise, symmetrise
from nri.model.likelihood import StudentTLikelihood
from nri.model.message_passing import PairLinear, sender_values, sum_incoming
from nri.model.nri import EncoderInputs, InferredGraph
from nri.model.rollout import burn_in, free_run, unroll

FRAMES, FEATURES, TYPES = 17, 4, 3


def permuted_edges(nodes, order):
    """Place of each edge after the nodes are renamed so that new node i is old `order[i]`."""
    index = np.zeros((nodes, nodes), dtype=int)
    index[graph.receivers(nodes), graph.senders(nodes)] = np.arange(nodes * (nodes - 1))
    return index[order[graph.receivers(nodes)], order[graph.senders(nodes)]]


@pytest.mark.parametrize("kind", ENCODERS)
@settings(max_examples=10, deadline=None)
@given(nodes=st.integers(2, 6), seed=st.integers(0, 1000))
def test_encoders_are_permutation_equivariant(kind, nodes, seed):
    torch.manual_seed(seed)
    order = np.random.default_rng(seed).permutation(nodes)
    encoder = ENCODERS[kind](FRAMES, FEATURES, 8, TYPES, 0.0).eval()
    x = torch.randn(2, nodes, FRAMES, FEATURES)
    expected = encoder(x)[:, permuted_edges(nodes, order)]
    torch.testing.assert_close(encoder(x[:, order]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", DECODERS)
@settings(max_examples=10, deadline=None)
@given(nodes=st.integers(2, 6), seed=st.integers(0, 1000))
def test_decoders_are_permutation_equivariant(kind, nodes, seed):
    torch.manual_seed(seed)
    order = np.random.default_rng(seed).permutation(nodes)
    decoder = DECODERS[kind](FEATURES, 8, TYPES, False, 0.0).eval()
    x = torch.randn(2, nodes, FEATURES)
    edges = torch.rand(2, nodes * (nodes - 1), TYPES)
    expected = free_run(decoder, x, edges, 3)[:, :, order]
    found = free_run(decoder, x[:, order], edges[:, permuted_edges(nodes, order)], 3)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_messages_go_from_sender_to_receiver():
    """Node 0 hears node 2 over the edge 2→0 alone: only that edge's weight reaches it."""
    torch.manual_seed(0)
    decoder = DECODERS["mlp"](FEATURES, 8, 2, True, 0.0).eval()
    x = torch.randn(1, 3, FEATURES)
    moved = x.clone()
    moved[0, 2] += 1.0
    edges = torch.zeros(1, 6, 2)
    place = np.flatnonzero((graph.receivers(3) == 0) & (graph.senders(3) == 2))
    edges[0, place, 1] = 1.0
    difference = (decoder(moved, edges)[0] - decoder(x, edges)[0])[0].abs().sum(-1)
    assert difference[0] > 1e-4
    assert difference[1] < 1e-6


def test_pair_layer_is_a_linear_layer_on_concatenated_pairs():
    torch.manual_seed(0)
    layer = PairLinear(6, 5, edge_features=3)
    nodes, edges = torch.randn(2, 4, 6), torch.randn(2, 12, 3)
    sender, receiver = nodes[:, graph.senders(4)], nodes[:, graph.receivers(4)]
    pairs = torch.cat([sender, receiver, edges], dim=-1)
    expected = torch.nn.functional.linear(pairs, layer.weight, layer.bias)
    torch.testing.assert_close(layer(nodes, edges), expected)
    torch.testing.assert_close(sender_values(nodes).flatten(1, 2), sender)


def test_incoming_edges_are_summed_per_receiver():
    edges = torch.randn(2, 12, 3)
    expected = torch.zeros(2, 4, 3)
    expected.index_add_(1, torch.from_numpy(graph.receivers(4)), edges)
    torch.testing.assert_close(sum_incoming(edges), expected)


@pytest.mark.parametrize("kind", DECODERS)
def test_skip_first_sends_nothing_over_type_zero(kind):
    torch.manual_seed(0)
    decoder = DECODERS[kind](FEATURES, 8, 2, True, 0.0).eval()
    x = torch.randn(1, 3, FEATURES)
    none = torch.nn.functional.one_hot(torch.zeros(1, 6, dtype=torch.long), 2).float()
    torch.testing.assert_close(free_run(decoder, x, none, 2), free_run(decoder, x, 0 * none, 2))


@pytest.mark.parametrize("kind", DECODERS)
def test_dropout_is_off_at_evaluation(kind):
    decoder = DECODERS[kind](FEATURES, 8, 2, False, 0.5)
    x, edges = torch.randn(1, 3, FEATURES), torch.rand(1, 6, 2)
    run = lambda: free_run(decoder, x, edges, 2)  # noqa: E731
    assert not torch.equal(run(), run())
    decoder.eval()
    assert torch.equal(run(), run())


def test_burn_in_then_free_run_is_one_unroll():
    torch.manual_seed(0)
    decoder = DECODERS["rnn"](FEATURES, 8, 2, False, 0.0).eval()
    x, edges = torch.randn(2, 3, FRAMES, FEATURES), torch.rand(2, 6, 2)
    whole = unroll(decoder, x, edges, 10)
    state = burn_in(decoder, x[:, :, :9], edges)
    torch.testing.assert_close(free_run(decoder, x[:, :, 9], edges, 7, state), whole[:, 9:])


def test_straight_through_is_hard_forward_and_soft_backward():
    logits = torch.randn(2, 6, 3, requires_grad=True)
    noise, weight = gumbel_noise((2, 6, 3), torch.Generator().manual_seed(0)), torch.randn(2, 6, 3)
    hard = relaxed_sample(logits, noise, 0.5, hard=True)
    assert set(hard.detach().unique().tolist()) <= {0.0, 1.0}
    (gradient,) = torch.autograd.grad((hard * weight).sum(), logits)
    soft = relaxed_sample(logits, noise, 0.5, hard=False)
    (expected,) = torch.autograd.grad((soft * weight).sum(), logits)
    torch.testing.assert_close(gradient, expected)


def test_gumbel_samples_follow_the_posterior():
    logits = torch.log(torch.tensor([0.1, 0.3, 0.6]))
    noise = gumbel_noise((100_000, 3), torch.Generator().manual_seed(0))
    shares = torch.bincount((logits + noise).argmax(-1)) / len(noise)
    torch.testing.assert_close(shares, logits.exp(), rtol=0, atol=0.01)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_kl_is_not_negative_and_zero_at_the_prior(seed):
    torch.manual_seed(seed)
    prior = torch.rand(3).softmax(-1)
    assert kl_categorical(torch.randn(2, 6, 3), prior) >= 0
    assert kl_categorical(prior.log().expand(2, 6, 3), prior).abs() < 1e-6


def test_undirected_graphs_treat_both_directions_alike():
    reverse = torch.from_numpy(graph.reverse(4))
    for values in (symmetrise(torch.randn(2, 12, 3)), share_noise(torch.randn(2, 12, 3))):
        torch.testing.assert_close(values, values[:, reverse])
    encoder = ENCODERS["mlp"](FRAMES, FEATURES, 8, 2, 0.0).eval()
    inferred = InferredGraph(encoder, EncoderInputs(FEATURES, changes=False), undirected=True)
    logits = inferred.logits(torch.randn(2, 4, FRAMES, FEATURES))
    sample = inferred.sample(logits, torch.Generator().manual_seed(0), 0.5, hard=True)
    torch.testing.assert_close(sample, sample[:, reverse])


def test_simulation_decoder_follows_the_simulator():
    """With the simulator's own step it reproduces the next frame, and has a gradient."""
    samples = {"train": 1, "valid": 1, "test": 1}
    _, springs = parse({"source": "springs", "objects": 5, "samples": samples})
    rng = [np.random.default_rng(i) for i in range(3)]
    initial, types = Springs.draw(springs, rng)
    frames = torch.from_numpy(Springs.simulate(springs, initial, types, 3)).float()
    normalisation = Normalisation(np.array([-5.0, -5, -2, -2]), np.array([5.0, 5, 2, 2]))
    decoder = SimulationDecoder("springs", (0.0, 0.1), normalisation, 0.1, substeps=100)
    x = torch.from_numpy(normalisation.apply(frames.numpy()))
    edges = torch.from_numpy(graph.matrix_to_edges(types)).long()
    one_hot = torch.nn.functional.one_hot(edges, 2).float().requires_grad_()
    prediction, _ = decoder(x[:, :, 0], one_hot)
    torch.testing.assert_close(prediction, x[:, :, 1], rtol=0, atol=2e-5)
    prediction.sum().backward()
    assert one_hot.grad.abs().sum() > 0


def test_student_t_agrees_with_torch_and_ignores_what_never_changes():
    scale, residual = torch.tensor([0.1, 2.0, 0.0]), torch.randn(50, 3)
    cost = StudentTLikelihood(scale, 3.0)(residual)
    for d in (0, 1):
        density = torch.distributions.StudentT(3.0, scale=scale[d])
        expected = density.log_prob(torch.zeros(())) - density.log_prob(residual[:, d])
        torch.testing.assert_close(cost[:, d], expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(cost[:, 2], torch.zeros(50))
