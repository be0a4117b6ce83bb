"""Node → edge and edge → node on the complete graph (paper Eqs. 5-8), without one-hot matrices.

Edge tensors keep the order of `nri.graph`: receiver-major, so E = N(N-1) edges are
N receivers times N-1 incoming edges, and summing incoming messages is a sum over an axis.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

from nri import graph
from nri.model.precision import exact_products

__all__ = [
    "PairLinear",
    "edge_index",
    "node_count",
    "reverse_index",
    "sender_values",
    "sum_incoming",
]


def edge_index(kind: str, nodes: int, device: torch.device) -> Tensor:
    """What a function of `nri.graph` gives, as a tensor (E,).

    Cached, so that it is made and moved to the device once. Two functions, because a compiler that
    is told to take what this one gives as constant looks through a cache, but not at its mark.
    """
    return _cached_index(kind, nodes, device)


@lru_cache(maxsize=64)
def _cached_index(kind: str, nodes: int, device: torch.device) -> Tensor:
    return torch.from_numpy(getattr(graph, kind)(nodes)).to(device)


def sender_values(nodes: Tensor) -> Tensor:
    """Each edge's sender: (..., N, H) → (..., N, N-1, H), second axis the receiver."""
    count = nodes.shape[-2]
    index = edge_index("senders", count, nodes.device)
    return nodes.index_select(-2, index).unflatten(-2, (count, count - 1))


def sum_incoming(edges: Tensor) -> Tensor:
    """Sum over the edges into each node: (..., E, H) → (..., N, H) (paper Eq. 6)."""
    count = edges.shape[-2]
    nodes = node_count(count)
    return edges.unflatten(-2, (nodes, nodes - 1)).sum(-2)


def node_count(edges: int) -> int:
    """The N of E = N(N-1)."""
    return (1 + math.isqrt(1 + 4 * edges)) // 2


def reverse_index(edges: int, device: torch.device) -> Tensor:
    """For each edge i→j the place of the edge j→i, (E,)."""
    return edge_index("reverse", node_count(edges), device)


class PairLinear(nn.Linear):
    """A linear layer on [sender, receiver] or [sender, receiver, edge] of every edge.

    W [x_j; x_i; e_ij] = W_s x_j + W_r x_i + W_e e_ij: the node parts are computed once
    per node instead of once per edge, N-1 times less work than on concatenated pairs. One that
    `reads_data` is never rounded (`nri.model.precision`).
    """

    def __init__(
        self,
        node_features: int,
        out_features: int,
        edge_features: int = 0,
        reads_data: bool = False,
    ):
        super().__init__(2 * node_features + edge_features, out_features)
        self.node_features = node_features
        self.reads_data = reads_data

    def forward(self, nodes: Tensor, edges: Tensor | None = None) -> Tensor:
        """(..., N, F) and, where declared, (..., E, G) → (..., E, out_features)."""
        if self.reads_data:
            with exact_products(nodes):
                return self._sum(nodes, edges)
        return self._sum(nodes, edges)

    def _sum(self, nodes: Tensor, edges: Tensor | None) -> Tensor:
        split = self.node_features
        of_sender, of_receiver = self.weight[:, :split], self.weight[:, split : 2 * split]
        sent = sender_values(nn.functional.linear(nodes, of_sender))
        received = nn.functional.linear(nodes, of_receiver, self.bias)
        pairs = (sent + received.unsqueeze(-2)).flatten(-3, -2)
        if edges is None:
            return pairs
        return pairs + nn.functional.linear(edges, self.weight[:, 2 * split :])
