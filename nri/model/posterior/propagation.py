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


def propagate(tables: Tensor, log_prior: Tensor, rounds: int = 8, damping: float = 0.3) -> Tensor:
    """Tables (B, N, A), log p(type) (K,) → marginals of every pair, at both its edges: (B, E, K).

    `damping` is the share of a message that stays as it was in the round before.
    """
    batch, nodes, _ = tables.shape
    places = nodes - 1
    reverse = reverse_index(nodes * places, tables.device)
    heard = log_prior.expand(batch, nodes * places, -1)
    for number in range(rounds):
        belief = _marginals(tables, heard.unflatten(1, (nodes, places))).flatten(1, 2)
        said = (belief - heard)[:, reverse] + log_prior
        said = said - said.amax(-1, keepdim=True)
        heard = said if number == 0 else damping * heard + (1 - damping) * said
    belief = _marginals(tables, heard.unflatten(1, (nodes, places))).flatten(1, 2)
    probabilities = belief.softmax(-1)
    return (probabilities + probabilities[:, reverse]) / 2


def _marginals(tables: Tensor, heard: Tensor) -> Tensor:
    """Log Σ_{a: a_m = k} exp(L(a) + Σ_m heard[m, a_m]): (B, N, A), (B, N, M, K) → (B, N, M, K)."""
    places, edge_types = heard.shape[-2:]
    scores = tables + heard.flatten(-2) @ one_hot_digits(edge_types, places, tables.device).t()
    of_places = (
        scores.unflatten(-1, (edge_types**place, edge_types, -1)).logsumexp((-3, -1))
        for place in range(places)
    )
    return torch.stack(list(of_places), dim=-2)
