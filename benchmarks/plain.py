"""NRI as its equations are written: the baseline of the benchmarks and the oracle of the tests.

Edges get their nodes by products with one-hot matrices, every edge type is computed for
every edge from the concatenated pair, and whole tensors go from layer to layer.
"""

import copy

import torch
from torch import Tensor, nn

from nri import graph
from nri.model.decoders.layers import Messages
from nri.model.message_passing import PairLinear

__all__ = ["plain_copy"]


def _incidence(nodes: int) -> tuple[Tensor, Tensor]:
    """One-hot sender and receiver of each edge, both (E, N)."""
    identity = torch.eye(nodes)
    return identity[graph.senders(nodes)], identity[graph.receivers(nodes)]


def _pairs(nodes: Tensor) -> Tensor:
    """Sender and receiver of each edge: (..., N, F) → (..., E, 2F)."""
    sender, receiver = _incidence(nodes.shape[-2])
    return torch.cat([sender @ nodes, receiver @ nodes], dim=-1)


class PlainPairLinear(PairLinear):
    """A linear layer on concatenated pairs."""

    def forward(self, nodes: Tensor, edges: Tensor | None = None) -> Tensor:
        """(..., N, F) and, where declared, (..., E, G) → (..., E, out_features)."""
        pairs = _pairs(nodes)
        pairs = pairs if edges is None else torch.cat([pairs, edges], dim=-1)
        return nn.functional.linear(pairs, self.weight, self.bias)


class PlainMessages(Messages):
    """Σ_j Σ_k z_ij,k f_k(x_j, x_i) (Eqs. 10-11), each f_k evaluated on every edge."""

    def forward(self, nodes: Tensor, edges: Tensor, activation) -> Tensor:
        """(..., N, F), (..., E, K) → (..., N, H)."""
        pairs, messages = _pairs(nodes), 0.0
        for k in self.active:
            first, second = self.msg_fc1[k], self.msg_fc2[k]
            hidden = activation(nn.functional.linear(pairs, first.weight, first.bias))
            hidden = activation(second(self.dropout(hidden)))
            messages = messages + hidden * edges[..., k : k + 1]
        _, receiver = _incidence(nodes.shape[-2])
        return receiver.T @ messages


def plain_copy(model: nn.Module) -> nn.Module:
    """The same model with the same weights, computed plainly."""
    model = copy.deepcopy(model)
    for module in model.modules():
        if type(module) is PairLinear:
            module.__class__ = PlainPairLinear
        elif type(module) is Messages:
            module.__class__ = PlainMessages
    return model
