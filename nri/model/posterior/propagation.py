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

__all__ = ["propagate"]

LARGEST = 300.0  # log-odds of a message: beyond it nothing changes, and float64 has room for it


def propagate(tables: Tensor, log_prior: Tensor, rounds: int = 8, damping: float = 0.3) -> Tensor:
    """Tables (B, N, A), log p(type) (K,) → marginals of every pair, at both its edges: (B, E, K).

    `damping` is the share of a message that stays as it was in the round before.
    """
    nodes = tables.shape[1]
    one_hot = one_hot_digits(len(log_prior), nodes - 1, tables.device).double()
    reverse = reverse_index(nodes * (nodes - 1), tables.device)
    exact, prior = tables.double(), log_prior.double()
    heard = prior.expand(len(tables), nodes * (nodes - 1), -1)
    for number in range(rounds):
        said = (_beliefs(exact, heard, one_hot) - heard)[:, reverse] + prior
        said = (said - said.amax(-1, keepdim=True)).clamp_min(-LARGEST)
        heard = said if number == 0 else damping * heard + (1 - damping) * said
    marginals = _beliefs(exact, heard, one_hot).softmax(-1)
    return ((marginals + marginals[:, reverse]) / 2).to(tables.dtype)


def _beliefs(tables: Tensor, heard: Tensor, one_hot: Tensor) -> Tensor:
    """Log-marginals of every receiver's incoming edges: (B, N, A), (B, E, K) → (B, E, K)."""
    nodes, types = tables.shape[1], heard.shape[-1]
    scores = tables + heard.unflatten(1, (nodes, -1)).flatten(-2) @ one_hot.t()
    marginals = scores.softmax(-1) @ one_hot
    return marginals.clamp_min(torch.finfo(marginals.dtype).tiny).log().view(len(tables), -1, types)
