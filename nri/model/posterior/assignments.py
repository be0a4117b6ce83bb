"""Every way to give types to edges, as indices.

An assignment a of the M = N-1 edges into a receiver is a number in [0, K^M): its digits in base
K are the types of the edges, senders ascending, the first sender's digit the most significant.
"""

from functools import lru_cache

import torch
from torch import Tensor

from nri import graph

__all__ = [
    "assignment_count",
    "digits",
    "graph_assignments",
    "one_hot_digits",
    "pair_of_edge",
    "place_values",
]


def assignment_count(nodes: int, edge_types: int) -> int:
    """A = K^(N-1), of the edges into one receiver."""
    return edge_types ** (nodes - 1)


@lru_cache(maxsize=16)
def digits(edge_types: int, places: int, device: torch.device) -> Tensor:
    """The type of each place in each of all numbers: (K^M, M)."""
    numbers = torch.arange(edge_types**places, device=device).unsqueeze(-1)
    return numbers // place_values(edge_types, places, device) % edge_types


@lru_cache(maxsize=16)
def place_values(edge_types: int, places: int, device: torch.device) -> Tensor:
    """What a digit of each place counts: (M,), K^(M-1) … 1."""
    return edge_types ** torch.arange(places - 1, -1, -1, device=device)


@lru_cache(maxsize=16)
def one_hot_digits(edge_types: int, places: int, device: torch.device) -> Tensor:
    """Which type each place has: (K^M, M·K) of 0 and 1, float32.

    Its product with values (M·K) of each place and type sums them for every number; its
    transpose turns weights of numbers into marginals.
    """
    types = digits(edge_types, places, device)
    return torch.nn.functional.one_hot(types, edge_types).flatten(1).float()


@lru_cache(maxsize=64)
def pair_of_edge(nodes: int, device: torch.device) -> Tensor:
    """The number of the pair {i, j} that each directed edge joins: (E,) in [0, P)."""
    receivers, senders = graph.receivers(nodes), graph.senders(nodes)
    first = torch.from_numpy(receivers).minimum(torch.from_numpy(senders))
    second = torch.from_numpy(receivers).maximum(torch.from_numpy(senders))
    return (first * (2 * nodes - first - 1) // 2 + second - first - 1).to(device)


@lru_cache(maxsize=8)
def graph_assignments(nodes: int, edge_types: int, device: torch.device) -> Tensor:
    """The assignment at every receiver under every undirected graph: (K^P, N).

    Graphs are numbered like assignments, by the digits of their pairs.
    """
    pairs = nodes * (nodes - 1) // 2
    types = digits(edge_types, pairs, device)[:, pair_of_edge(nodes, device)]
    values = place_values(edge_types, nodes - 1, device)
    return (types.unflatten(-1, (nodes, nodes - 1)) * values).sum(-1)
