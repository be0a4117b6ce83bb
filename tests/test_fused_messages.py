"""The fused sum of messages against the sum as its equations are written."""

import itertools

import pytest
import torch
from torch.nn.functional import one_hot, relu

from benchmarks.plain import one_hot_copy, torch_copy
from nri.model import loops
from nri.model.decoders import layers
from nri.model.decoders.layers import Messages
from nri.model.decoders.mlp import MLPDecoder
from nri.model.decoders.rnn import RNNDecoder
from nri.model.message_passing import PairLinear
from nri.model.rollout import free_run

FEATURES, HIDDEN = 6, 24


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 37 edges: several of them, none a whole number of nodes, the last one short."""
    monkeypatch.setattr(loops, "BLOCK_BYTES", 37 * 4 * HIDDEN)


def results(module, activation, nodes, edges, ask_edges, **call):
    """Sums of messages, and gradients with respect to nodes, edges and all weights."""
    nodes = nodes.clone().requires_grad_()
    edges = edges.clone().requires_grad_(ask_edges)
    received = module(nodes, edges, activation)
    direction = torch.randn(received.shape, generator=torch.Generator().manual_seed(1))
    received.backward(direction)
    found = {"sums": received.detach(), "nodes": nodes.grad, "edges": edges.grad}
    return found | {name: p.grad for name, p in module.named_parameters()}


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name in expected:
        assert (found[name] is None) == (expected[name] is None), name
        if expected[name] is not None:
            error = (found[name] - expected[name]).norm() / expected[name].norm()
            assert error < 1e-5, f"{name}: relative error {error:.1e}"


CASES = [
    *itertools.product([5, 10], [2, 3, 4], [False, True], [relu, torch.tanh]),
    (2, 2, False, relu),
    (3, 1, False, relu),
]


@pytest.mark.parametrize(("nodes", "edge_types", "skip_first", "activation"), CASES)
@pytest.mark.parametrize("windows", [(), (3,)])
@pytest.mark.parametrize("graph", ["soft", "soft, given", "hard"])
def test_sums_and_gradients(nodes, edge_types, skip_first, activation, windows, graph):
    torch.manual_seed(0)
    messages = Messages(FEATURES, HIDDEN, edge_types, skip_first, 0.0)
    x = torch.randn(4, *windows, nodes, FEATURES)
    shape = (4, *[1 for _ in windows], nodes * (nodes - 1))
    edges = torch.rand(*shape, edge_types).softmax(-1)
    if graph == "hard":
        edges = one_hot(torch.randint(edge_types, shape), edge_types).float()
    for ask_edges in [True] if graph == "soft" else [False] if graph == "soft, given" else [0, 1]:
        found = results(messages, activation, x, edges, bool(ask_edges))
        messages.zero_grad()
        for plainly in (one_hot_copy, torch_copy):
            assert_close(found, results(plainly(messages), activation, x, edges, bool(ask_edges)))


@pytest.mark.parametrize(("nodes", "edge_features"), [(2, 0), (5, 0), (5, 7), (10, 3)])
def test_first_layers_of_pairs(nodes, edge_features):
    torch.manual_seed(0)
    layer = PairLinear(FEATURES, HIDDEN, edge_features)
    inputs = [torch.randn(2, 3, nodes, FEATURES)]
    if edge_features:
        inputs.append(torch.randn(2, 3, nodes * (nodes - 1), edge_features))
    for tensor in inputs:
        tensor.requires_grad_()
    expected, found = one_hot_copy(layer), layer
    direction = torch.randn(2, 3, nodes * (nodes - 1), HIDDEN)
    values = [module(*inputs) for module in (found, expected)]
    torch.testing.assert_close(*values)
    gradients = [
        torch.autograd.grad(value, [*inputs, *module.parameters()], direction)
        for value, module in zip(values, (found, expected), strict=True)
    ]
    for ours, plain in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("network", "options"), [(MLPDecoder, {}), (MLPDecoder, {"changes": True}), (RNNDecoder, {})]
)
def test_gradients_through_free_running(network, options):
    torch.manual_seed(0)
    decoder = network(FEATURES, HIDDEN, 3, False, 0.0, **options)
    decoder.scaling.fit(torch.randn(7, 5, 9, FEATURES))
    x, edges = torch.randn(2, 5, FEATURES), torch.rand(2, 20, 3, requires_grad=True)
    found, expected = [], []
    for model, gradients in ((decoder, found), (one_hot_copy(decoder), expected)):
        wanted = [edges, *model.parameters()]
        loss = free_run(model, x, edges, 6).square().sum()
        gradients += torch.autograd.grad(loss, wanted, allow_unused=True)
    for ours, plain in zip(found, expected, strict=True):
        if plain is not None:
            torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-5 * plain.abs().max().item())


@pytest.mark.parametrize("activation", [relu, torch.tanh])
def test_the_same_to_the_bit_every_time(activation):
    messages, x = Messages(FEATURES, HIDDEN, 2, False, 0.0), torch.randn(30, 5, FEATURES)
    edges = torch.rand(30, 20, 2)
    one, two = (results(messages, activation, x, edges, True) for _ in range(2))
    assert torch.equal(one["sums"], two["sums"])
    assert torch.equal(one["edges"], two["edges"])


def test_dropout_and_double_precision_are_computed_plainly(monkeypatch):
    messages = Messages(FEATURES, HIDDEN, 2, False, 0.5)
    x, edges = torch.randn(2, 5, FEATURES), torch.rand(2, 20, 2)
    calls = []
    fused = layers.fused_messages
    monkeypatch.setattr(layers, "fused_messages", lambda *a: calls.append(a) or fused(*a))
    assert not torch.equal(messages(x, edges, relu), messages(x, edges, relu))
    assert not calls
    messages.eval()
    single = messages(x, edges, relu)
    assert len(calls) == 1
    double = messages.double()(x.double(), edges.double(), relu)
    assert len(calls) == 1
    torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-5)


def test_not_a_number_reaches_its_receivers():
    """A training whose weights are lost must show it."""
    messages, x = Messages(FEATURES, HIDDEN, 2, False, 0.0), torch.randn(1, 3, FEATURES)
    x[0, 0, 0] = torch.nan
    received = messages(x, torch.rand(1, 6, 2), relu)
    assert received.isnan().any(-1).all()


def saved_bytes(module, *inputs):
    """What autograd keeps for the backward pass, each storage once."""
    storages = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = module(*inputs)
    assert result.requires_grad
    return sum(storages.values())


@pytest.mark.parametrize(
    ("activation", "in_features", "share"), [(relu, 4, 0.5), (torch.tanh, 64, 0.6)]
)
def test_little_is_kept_for_the_backward_pass(activation, in_features, share):
    messages = Messages(in_features, 64, 2, False, 0.0)
    inputs = torch.randn(100, 5, in_features), torch.rand(100, 20, 2, requires_grad=True)
    ours = saved_bytes(messages, *inputs, activation)
    assert ours < share * saved_bytes(one_hot_copy(messages), *inputs, activation)
