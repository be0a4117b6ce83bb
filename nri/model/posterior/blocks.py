"""The most probable undirected graph from tables, all edges of one node at a time.

Given the types of all other pairs, those of the N-1 pairs of node n are independent of nothing but
each other, and every one of their A = K^(N-1) assignments is scored exactly:

    score_n(a) = L_n(a) + Σ_j L_j(z_·j with z_nj = a_j) + Σ_j log p(a_j)

The best of them replaces what was there. Sweeps over the nodes climb to a graph that no change
around a single node improves; where single edges get stuck, blocks of them mostly do not.
"""

import torch
from torch import Tensor

from nri.model.message_passing import node_count, reverse_index
from nri.model.posterior.assignments import digits, one_hot_digits, place_values

__all__ = ["climb", "graph_score"]

SWEEPS = 20  # at most; two or three are the rule


def climb(tables: Tensor, log_prior: Tensor, start: Tensor, sweeps: int = SWEEPS) -> Tensor:
    """Tables (B, N, A), log p(type) (K,), symmetric types (B, E) → types at a local optimum."""
    nodes, types = tables.shape[1], start.clone()
    reverse = reverse_index(nodes * (nodes - 1), tables.device).unflatten(0, (nodes, -1))
    for _ in range(sweeps):
        before = types.clone()
        for node in range(nodes):
            scores = _node_scores(tables, log_prior, types, node)
            found = digits(len(log_prior), nodes - 1, tables.device)[scores.argmax(-1)]
            into = slice(node * (nodes - 1), (node + 1) * (nodes - 1))
            types[:, into] = found
            types[:, reverse[node]] = found
        if torch.equal(types, before):
            break
    return types


def graph_score(tables: Tensor, log_prior: Tensor, types: Tensor) -> Tensor:
    """The log joint log p(x, z) of symmetric types (B, E): (B,)."""
    entries = _entries(types, len(log_prior)).unsqueeze(-1)
    prior = log_prior[types].sum(-1) / 2
    return tables.gather(2, entries).flatten(1).sum(-1) + prior


def _node_scores(tables: Tensor, log_prior: Tensor, types: Tensor, node: int) -> Tensor:
    """score_n(a) up to what does not depend on a: (B, A)."""
    nodes, edge_types, device = tables.shape[1], len(log_prior), tables.device
    others = torch.tensor([other for other in range(nodes) if other != node], device=device)
    # Where node n stands among the senders of each other node, and what its digit counts.
    place = torch.where(others > node, node, node - 1)
    value = place_values(edge_types, nodes - 1, device)[place]
    now = types.unflatten(1, (nodes, nodes - 1))[:, others].gather(
        2, place.view(1, -1, 1).expand(len(types), -1, -1)
    )
    rest = _entries(types, edge_types)[:, others] - now.squeeze(-1) * value  # with z_nj = 0
    every = rest.unsqueeze(-1) + value.unsqueeze(-1) * torch.arange(edge_types, device=device)
    terms = tables[:, others].gather(2, every) + log_prior  # (B, N-1, K)
    one_hot = one_hot_digits(edge_types, nodes - 1, device)
    return tables[:, node] + terms.flatten(1) @ one_hot.t()


def _entries(types: Tensor, edge_types: int) -> Tensor:
    """The assignment at each receiver of types (B, E): (B, N)."""
    nodes = node_count(types.shape[1])
    values = place_values(edge_types, nodes - 1, types.device)
    return (types.unflatten(1, (nodes, nodes - 1)) * values).sum(-1)
