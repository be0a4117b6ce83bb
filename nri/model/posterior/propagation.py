"""Marginals of undirected graphs from tables: sum-product on the graph of receivers.

Each pair {i, j} is a variable in exactly two tables, those of its ends. What j's table says about
it is passed to i, and the other way round, until it settles:

    q_i(a) ∝ exp(L_i(a) + Σ_j n_ij(a_j)),   n_ji(k) = log p(k) + log Σ_{a: a_j = k} q_i(a) - n_ij(k)

Every message is exact given the others, at the cost of a table; only the loops between receivers
are approximated (loopy belief propagation; Pearl 1988). The first round gives every receiver's
own posterior, the second adds what both ends say of a pair.
"""

import torch
from torch import Tensor

from nri.model.message_passing import reverse_index
from nri.model.posterior.assignments import one_hot_digits

__all__ = ["beliefs", "propagate"]

LARGEST = 300.0  # log-odds of a message: beyond it nothing changes, and float64 has room for it


def propagate(tables: Tensor, log_prior: Tensor, rounds: int = 8, damping: float = 0.3) -> Tensor:
    """Tables (B, N, A), log p(type) (K,) → marginals of every pair, at both its edges: (B, E, K).

    `damping` is the share of a message that stays as it was in the round before.
    """
    marginals = _marginals(beliefs(tables, log_prior, rounds, damping), len(log_prior))
    reverse = reverse_index(marginals.shape[1], tables.device)
    return ((marginals + marginals[:, reverse]) / 2).to(tables.dtype)


def beliefs(tables: Tensor, log_prior: Tensor, rounds: int = 8, damping: float = 0.3) -> Tensor:
    """Log q_i(a) up to a constant, after the last round: (B, N, A), (K,) → (B, N, A), float64."""
    nodes, types = tables.shape[1], len(log_prior)
    one_hot = one_hot_digits(types, nodes - 1, tables.device).double()
    reverse = reverse_index(nodes * (nodes - 1), tables.device)
    exact, prior = tables.double(), log_prior.double()
    heard = prior.expand(len(tables), nodes * (nodes - 1), -1)
    for number in range(rounds + 1):
        scores = exact + heard.unflatten(1, (nodes, -1)).flatten(-2) @ one_hot.t()
        if number == rounds:
            break
        marginals = _marginals(scores, types)
        said = marginals.clamp_min(torch.finfo(marginals.dtype).tiny).log() - heard
        said = said[:, reverse] + prior
        said = (said - said.amax(-1, keepdim=True)).clamp_min(-LARGEST)
        heard = said if number == 0 else damping * heard + (1 - damping) * said
    return scores


def _marginals(scores: Tensor, edge_types: int) -> Tensor:
    """Of every receiver's incoming edges: (B, N, A) → (B, E, K)."""
    one_hot = one_hot_digits(edge_types, scores.shape[1] - 1, scores.device).to(scores.dtype)
    return (scores.softmax(-1) @ one_hot).view(len(scores), -1, edge_types)
