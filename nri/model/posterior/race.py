"""Tables of many assignments for the price of few: those that fall behind leave the race.

Most of the A = K^(N-1) assignments of a receiver are out of the question after a few transitions.
All of them are scored on the first ones, the best on some more, the best of those on the rest
(successive halving; Jamieson and Talwalkar 2016). What is best is decided by the beliefs of
`nri.model.posterior.propagation`, which know what the other end of each pair says.
"""

import math

import torch
from torch import Tensor, nn

from nri.model.posterior.assignments import assignment_count
from nri.model.posterior.propagation import beliefs
from nri.model.posterior.tables import Tabulated, receiver_tables

__all__ = ["raced_tables"]

ROUNDS = ((1 / 6, 1), (1 / 3, 4), (2 / 3, 8), (1, 16))
"""Up to which share of the transitions the number of assignments is divided by what."""
LEAST = 32  # assignments of a receiver that stay to the end
GOLDEN = 0.6180339887


def raced_tables(
    decoder: Tabulated, likelihood: nn.Module, x: Tensor, log_prior: Tensor, starts: Tensor
) -> Tensor:
    """As `nri.model.posterior.tables.receiver_tables` of undirected graphs, nearly: (B, N, A).

    Exact for what stays to the end. What leaves keeps its distance to the best that stays, scaled
    up from the transitions seen to all of them.
    """
    every, types = starts.shape[1], len(log_prior)
    count = assignment_count(x.shape[1], types)
    # What each round sees is spread evenly in time, whatever the length.
    starts = starts[:, (torch.arange(every) * GOLDEN % 1).argsort()]
    seen = math.ceil(every * ROUNDS[0][0])
    sums = receiver_tables(decoder, likelihood, x, types, starts[:, :seen])
    tables = sums * (every / seen)
    for share, divisor in ROUNDS[1:]:
        part = starts[:, seen : math.ceil(every * share)]
        if not part.shape[1]:  # a short trajectory
            continue
        staying = min(count, max(LEAST, count // divisor))
        chosen = beliefs(tables, log_prior).topk(staying).indices
        before = tables.gather(2, chosen)
        scored = receiver_tables(decoder, likelihood, x, types, part, chosen)
        now = before * (seen / every) + scored
        seen += part.shape[1]
        now *= every / seen
        moved = now.amax(-1, keepdim=True) - before.amax(-1, keepdim=True)
        tables = (tables + moved).scatter(2, chosen, now)
    return tables
