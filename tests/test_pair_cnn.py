"""The paper's CNN on pairs against the same layers on concatenated pairs, channels first."""

import copy

import pytest
import torch

from benchmarks.plain import ConcatenatedPairs
from nri.model.encoders import cnn
from nri.model.encoders.cnn import PairCNN


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = PairCNN(3, 24, 0.0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        network.bn1.weight[::2].neg_()  # the larger of two values was then the smaller one
    return network


def results(network, x, kind=PairCNN):
    """Values, gradients and running statistics."""
    network = copy.deepcopy(network)
    network.__class__ = kind
    x = x.clone().requires_grad_()
    values = network(x)
    values.backward(torch.randn(values.shape, generator=torch.Generator().manual_seed(1)))
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    return {"values": values.detach(), "x": x.grad} | gradients | dict(network.named_buffers())


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if name != "conv_attention.bias":  # of which nothing depends: rounding alone
            error = (found[name] - value).float().norm()
            assert error <= 1e-4 * value.float().norm() + 1e-6, name


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("nodes", "frames"), [(2, 14), (5, 49)])
def test_values_gradients_and_statistics(network, training, nodes, frames, monkeypatch):
    network.train(training)
    x = torch.randn(3, nodes, frames, 3)
    expected = results(network, x, ConcatenatedPairs)
    assert_close(results(network, x), expected)
    monkeypatch.setattr(cnn, "is_fused", lambda _: False)  # as a GPU computes it
    assert_close(results(network, x), expected)


def test_the_same_to_the_bit_every_time(network):
    x = torch.randn(3, 5, 49, 3)
    one, two = results(network, x), results(network, x)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_dropout_is_computed_plainly():
    network, x = PairCNN(3, 24, 0.5), torch.randn(3, 5, 49, 3)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))
