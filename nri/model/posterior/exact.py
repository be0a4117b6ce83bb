"""The posterior by enumeration, where there are few enough graphs.

Directed, the receivers are independent: p(z | x) = Π_i softmax_a(L_i(a) + log p(a)). Undirected,
z_ij = z_ji ties them, and all K^(N(N-1)/2) graphs are scored, each the sum of N table entries.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from nri.model.posterior.assignments import digits, graph_assignments, one_hot_digits, pair_of_edge
from nri.model.posterior.result import Posterior

__all__ = ["exact_directed", "exact_marginals", "exact_undirected"]

BLOCK_ENTRIES = 2**22  # scores in memory at a time


def exact_directed(tables: Tensor, log_prior: Tensor) -> Posterior:
    """Tables (B, N, A), log p(type) (K,) → the posterior of graphs whose edges are independent."""
    places, edge_types, device = tables.shape[1] - 1, len(log_prior), tables.device
    scores = tables + one_hot_digits(edge_types, places, device) @ log_prior.repeat(places)
    marginals = scores.softmax(-1) @ one_hot_digits(edge_types, places, device)
    best = digits(edge_types, places, device)[scores.argmax(-1)]
    return Posterior(
        probabilities=marginals.reshape(len(tables), -1, edge_types),
        graph=best.flatten(1),
        evidence=scores.logsumexp(-1).sum(-1),
    )


def exact_undirected(tables: Tensor, log_prior: Tensor) -> Posterior:
    """Tables (B, N, A), log p(type) (K,) → the posterior of graphs with z_ij = z_ji."""
    nodes, edge_types, device = tables.shape[1], len(log_prior), tables.device
    pairs, edges = nodes * (nodes - 1) // 2, pair_of_edge(nodes, device)
    found = []
    for scores in _graph_scores(tables, log_prior):
        best = digits(edge_types, pairs, device)[scores.argmax(0)]
        found.append((_marginals(scores, nodes, edge_types), best[:, edges], scores.logsumexp(0)))
    return Posterior(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def exact_marginals(tables: Tensor, log_prior: Tensor) -> Tensor:
    """The marginals alone of `exact_undirected`: (B, E, K)."""
    nodes, edge_types = tables.shape[1], len(log_prior)
    found = [_marginals(one, nodes, edge_types) for one in _graph_scores(tables, log_prior)]
    return torch.cat(found)


def _graph_scores(tables: Tensor, log_prior: Tensor) -> Iterator[Tensor]:
    """Log p(x, z) of every undirected graph, a block of samples at a time: (G, B)."""
    nodes, edge_types, device = tables.shape[1], len(log_prior), tables.device
    pairs = nodes * (nodes - 1) // 2
    types = one_hot_digits(edge_types, pairs, device)  # (G, P·K)
    prior = types @ log_prior.repeat(pairs)
    entries = graph_assignments(nodes, edge_types, device)
    entries = entries + tables.shape[2] * torch.arange(nodes, device=device)
    for block in tables.split(max(1, BLOCK_ENTRIES // len(types))):
        # Samples last: the sum of a graph's N table entries is one of rows.
        rows = block.permute(1, 2, 0).flatten(0, 1)
        scores = torch.nn.functional.embedding_bag(entries, rows, mode="sum")
        yield scores.add_(prior.unsqueeze(-1))


def _marginals(scores: Tensor, nodes: int, edge_types: int) -> Tensor:
    """Of every edge, from the scores (G, B) of graphs: (B, E, K)."""
    pairs = nodes * (nodes - 1) // 2
    types = one_hot_digits(edge_types, pairs, scores.device)
    marginals = (types.t() @ scores.softmax(0)).t().unflatten(-1, (pairs, edge_types))
    return marginals[:, pair_of_edge(nodes, scores.device)]
