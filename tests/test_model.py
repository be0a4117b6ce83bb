"""The contracts of encoders and decoders, for every choice, and the parts that models share."""

import numpy as np
import pytest
import torch
from datasets import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from nri import graph
from nri.choices import DECODERS, ENCODERS, load
from nri.data.format import StoredMetadata
from nri.data.normalisation import Normalisation
from nri.data.simulated.springs import Springs
from nri.model.build import build_model
from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.decoders.mlp import MLPDecoder
from nri.model.decoders.simulator import SimulationDecoder
from nri.model.encoders.encoder import Encoder
from nri.model.encoders.mlp import MLPEncoder
from nri.model.latent import gumbel_noise, kl_categorical, relaxed_sample, share_noise, symmetrise
from nri.model.likelihood import StudentTLikelihood
from nri.model.message_passing import PairLinear, sender_values, sum_incoming
from nri.model.nri import EncoderInputs, InferredGraph
from nri.model.rollout import burn_in, free_run, unroll

FRAMES, FEATURES, TYPES = 17, 4, 3
METADATA = StoredMetadata(
    features=("x", "y", "vx", "vy"),
    units=("length", "length", "length/s", "length/s"),
    frame_interval=0.1,
    edge_types=("none", "weak", "strong"),
    config={
        "source": "springs",
        "objects": 5,
        "samples": {"train": 1, "valid": 1, "test": 1},
        "strengths": [0.0, 0.05, 0.1],
        "probabilities": [0.5, 0.25, 0.25],
    },
    normalisation=Normalisation(np.array([-5.0, -5, -2, -2]), np.array([5.0, 5, 2, 2])),
)
UNORDERED = [name for name in DECODERS if name != "lstm-joint"]  # which knows objects by order


@pytest.fixture(scope="session")
def make_encoder(make_settings):
    """Builds an encoder for METADATA by its name, with the same weights each time."""

    def make(name, frames=FRAMES, seed=0):
        torch.manual_seed(seed)
        changes = {"encoder_hidden": 8}
        return load(ENCODERS[name]).build(
            ModelContext(make_settings(**changes), METADATA, frames, TYPES)
        )

    return make


@pytest.fixture(scope="session")
def make_decoder(make_settings):
    """Builds a decoder for METADATA by its name, with the same weights each time."""

    def make(name, objects=3, seed=0, **changes):
        torch.manual_seed(seed)
        training = make_settings(**{"decoder_hidden": 8} | changes)
        context = ModelContext(training, METADATA, FRAMES, TYPES, objects)
        return load(DECODERS[name].choice).build(context)

    return make


def permuted_edges(nodes, order):
    """Place of each edge after the nodes are renamed so that new node i is old `order[i]`."""
    index = np.zeros((nodes, nodes), dtype=int)
    index[graph.receivers(nodes), graph.senders(nodes)] = np.arange(nodes * (nodes - 1))
    return index[order[graph.receivers(nodes)], order[graph.senders(nodes)]]


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_keep_their_contract(name, make_encoder):
    """Logits (B, E, K) of any number of objects, from `least_frames` frames on, and gradients of
    all weights.
    """
    least = load(ENCODERS[name]).least_frames
    for frames, nodes in ((least, 2), (FRAMES, 5)):
        encoder = make_encoder(name, frames).train()
        assert isinstance(encoder, Encoder)
        logits = encoder(torch.randn(3, nodes, frames, FEATURES))
        assert logits.shape == (3, nodes * (nodes - 1), TYPES)
        assert encoder.edge_types == TYPES
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())
    assert any(p.grad.abs().sum() > 0 for p in encoder.parameters())


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_refuse_trajectories_that_are_too_short(name, make_settings):
    """In words before a training, not by a shape in the middle of it; `least_frames` is exact."""
    network = load(ENCODERS[name])
    if network.least_frames == 1:
        return
    short = network.least_frames - 1
    with pytest.raises(ValueError, match=rf"{network.least_frames} frames or more.*have {short};"):
        build_model(name, "mlp", TYPES, make_settings(), METADATA, short)
    context = ModelContext(make_settings(), METADATA, short, TYPES)
    with pytest.raises(RuntimeError):
        network.build(context)(torch.randn(1, 2, short, FEATURES))


@pytest.mark.parametrize("name", ENCODERS)
@settings(max_examples=10, deadline=None)
@given(nodes=st.integers(2, 6), seed=st.integers(0, 1000))
def test_encoders_are_permutation_equivariant(name, nodes, seed, make_encoder):
    encoder = make_encoder(name, seed=seed).eval()
    order = np.random.default_rng(seed).permutation(nodes)
    x = torch.randn(2, nodes, FRAMES, FEATURES)
    expected = encoder(x)[:, permuted_edges(nodes, order)]
    torch.testing.assert_close(encoder(x[:, order]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", DECODERS)
def test_decoders_keep_their_contract(name, make_decoder):
    """Frames in, frames out; a state if, and only if, the table says that there is memory; and
    gradients of the graph and of all weights.
    """
    decoder = make_decoder(name)
    assert isinstance(decoder, Decoder)
    assert decoder.recurrent == DECODERS[name].memory
    assert decoder.tabulated == DECODERS[name].tables
    x = (0.3 * torch.randn(2, 3, FRAMES, FEATURES)).requires_grad_()
    edges = torch.rand(2, 6, TYPES, requires_grad=True)
    frame, state = decoder(x[:, :, 0], edges)
    assert frame.shape == (2, 3, FEATURES)
    assert (state is not None) == decoder.recurrent
    observed, _ = decoder.observe(x, edges)
    assert observed.shape == (2, FRAMES, 3, FEATURES)
    torch.testing.assert_close(observed[:, 0], frame)
    observed.square().sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(p.grad is not None and p.grad.isfinite().all() for p in decoder.parameters())
    looks_at_graph = edges.grad is not None and bool(edges.grad.abs().sum() > 0)
    assert looks_at_graph != DECODERS[name].baseline


@pytest.mark.parametrize("name", UNORDERED)
@settings(max_examples=10, deadline=None)
@given(nodes=st.integers(2, 6), seed=st.integers(0, 1000))
def test_decoders_are_permutation_equivariant(name, nodes, seed, make_decoder):
    decoder = make_decoder(name, nodes, seed).eval()
    order = np.random.default_rng(seed).permutation(nodes)
    x = 0.3 * torch.randn(2, nodes, FEATURES)
    edges = torch.rand(2, nodes * (nodes - 1), TYPES)
    expected = free_run(decoder, x, edges, 3)[:, :, order]
    found = free_run(decoder, x[:, order], edges[:, permuted_edges(nodes, order)], 3)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", DECODERS)
def test_skip_first_sends_nothing_over_type_zero(name, make_decoder):
    decoder = make_decoder(name, skip_first=True).eval()
    x = 0.3 * torch.randn(1, 3, FEATURES)
    none = torch.nn.functional.one_hot(torch.zeros(1, 6, dtype=torch.long), TYPES).float()
    torch.testing.assert_close(free_run(decoder, x, none, 2), free_run(decoder, x, 0 * none, 2))


@pytest.mark.parametrize("name", DECODERS)
def test_dropout_is_off_at_evaluation(name, make_decoder):
    decoder = make_decoder(name, decoder_dropout=0.5)
    x, edges = 0.3 * torch.randn(1, 3, FEATURES), torch.rand(1, 6, TYPES)
    run = lambda: free_run(decoder, x, edges, 2)  # noqa: E731
    assert torch.equal(run(), run()) == (next(decoder.parameters(), None) is None)
    decoder.eval()
    assert torch.equal(run(), run())


@pytest.mark.parametrize("name", [name for name in DECODERS if DECODERS[name].memory])
def test_burn_in_then_free_run_is_one_unroll(name, make_decoder):
    decoder = make_decoder(name).eval()
    x, edges = torch.randn(2, 3, FRAMES, FEATURES), torch.rand(2, 6, TYPES)
    whole = unroll(decoder, x, edges, 10)
    state = burn_in(decoder, x[:, :, :9], edges)
    torch.testing.assert_close(free_run(decoder, x[:, :, 9], edges, 7, state), whole[:, 9:])


def test_a_decoder_that_sees_changes_goes_on_from_the_last_two_frames(make_decoder):
    """Its state is the frame before; one that sees none of it is as if nothing had changed."""
    decoder = make_decoder("mlp", decoder_inputs="changes").eval()
    x, edges = torch.randn(2, 3, FRAMES, FEATURES), torch.rand(2, 6, TYPES)
    observed, _ = decoder.observe(x, edges)
    state = burn_in(decoder, x[:, :, :9], edges)
    torch.testing.assert_close(state, x[:, :, 8])
    torch.testing.assert_close(decoder(x[:, :, 9], edges, state)[0], observed[:, 9])
    assert not torch.allclose(decoder(x[:, :, 9], edges)[0], observed[:, 9])
    still = decoder(x[:, :, 9], edges, x[:, :, 9])[0]
    torch.testing.assert_close(decoder(x[:, :, 9], edges)[0], still)
    assert burn_in(make_decoder("mlp"), x, edges) is None


def test_a_decoder_that_sees_changes_needs_three_frames(make_settings):
    settings = make_settings(decoder_inputs="changes")
    with pytest.raises(ValueError, match=r"3 frames or more.*have 2;"):
        build_model("true", "mlp", TYPES, settings, METADATA, 2)


def test_a_joint_lstm_needs_to_know_how_many_objects_there_are(make_settings):
    with pytest.raises(ValueError, match="objects"):
        build_model("full", "lstm-joint", 2, make_settings(), METADATA, FRAMES)


def test_messages_go_from_sender_to_receiver():
    """Node 0 hears node 2 over the edge 2→0 alone: only that edge's weight reaches it."""
    torch.manual_seed(0)
    decoder = MLPDecoder(FEATURES, 8, 2, True, 0.0).eval()
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
    encoder = MLPEncoder(FRAMES, FEATURES, 8, 2, 0.0).eval()
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
    decoder = SimulationDecoder(Springs.pair_forces(springs), normalisation, 0.1, substeps=100)
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
