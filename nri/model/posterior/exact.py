"""The posterior by enumeration, where there are few enough graphs.

Directed, the receivers are independent: p(z | x) = Π_i softmax_a(L_i(a) + log p(a)). Undirected,
z_ij = z_ji ties them, and all K^(N(N-1)/2) graphs are scored, each the sum of N table entries.
"""

import torch
from torch import Tensor

from nri.model.posterior.assignments import digits, graph_assignments, one_hot_digits, pair_of_edge
from nri.model.posterior.result import Posterior

__all__ = ["exact_directed", "exact_undirected"]

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
    pairs = nodes * (nodes - 1) // 2
    types = one_hot_digits(edge_types, pairs, device)  # (G, P·K)
    prior = types @ log_prior.repeat(pairs)
    entries = graph_assignments(nodes, edge_types, device)
    entries = entries + tables.shape[2] * torch.arange(nodes, device=device)
    found = []
    for block in tables.split(max(1, BLOCK_ENTRIES // len(types))):
        # Samples last: the sum of a graph's N table entries is one of rows.
        rows = block.permute(1, 2, 0).flatten(0, 1)
        scores = torch.nn.functional.embedding_bag(entries, rows, mode="sum")  # (G, B)
        scores += prior.unsqueeze(-1)
        marginals = (types.t() @ scores.softmax(0)).t().unflatten(-1, (pairs, edge_types))
        best = digits(edge_types, pairs, device)[scores.argmax(0)]
        found.append((marginals, best, scores.logsumexp(0)))
    marginals, best, evidence = (torch.cat(parts) for parts in zip(*found, strict=True))
    edges = pair_of_edge(nodes, device)
    return Posterior(marginals[:, edges], best[:, edges], evidence)
