"""How much of its confidence a posterior deserves: a temperature T, chosen without labels.

The likelihood counts every transition as evidence of its own. Where it is too sharp, or where one
transition says again what another has said, the posterior is over-confident, and less so in

    q_T(z | x) ∝ p(z) Π_t p(x_{t+1} | x_t, z)^(1/T),   T ≥ 1.

The earlier transitions a of a sample and its later ones b come from one graph, so that what they
say of an edge should agree just as often as their confidence promises. With q̄ the mean of q_T over
samples, edges and both halves, the choice is the T that maximises

    S(T) = ⟨ log Σ_k q_T(k | a) q_T(k | b) / q̄(k) ⟩

over samples and edges. Given the type of an edge its halves are independent; under the right
posterior the sum is then the ratio p(a, b) / p(a) p(b). For every T its mean over unrelated a and b
is at most 1, so that p(a) p(b) times it is the density of a model, and S(T), but for a constant,
the mean log-likelihood of that model: the right posterior has the highest. A likelihood of held-out
frames would not do: it also rises where a mixture of graphs hides wrong tails of the likelihood.

The halves are early and late, not even and odd: errors of neighbouring transitions are alike, and
would be taken for agreement.
"""

import torch
from torch import Tensor, nn

from nri.model.decoders.decoder import Decoder
from nri.model.posterior.infer import Method, choose_method, marginals_from_tables
from nri.model.posterior.tables import Tabulated, has_tables, receiver_tables, samples_at_once
from nri.model.rollout import window_starts

__all__ = ["TEMPERATURES", "agreement", "best_temperature", "choose_temperature"]

TEMPERATURES = tuple(2 ** (power / 2) for power in range(13))
"""1 to 64. Never below 1: the few mistakes of a good model are too rare for a few hundred samples
to show that it should be surer of itself."""

FLOOR = 1e-12  # of the ratio: one edge on which the halves contradict each other is no catastrophe


@torch.no_grad()
def choose_temperature(
    decoder: Decoder, likelihood: nn.Module, x: Tensor, prior: Tensor, undirected: bool
) -> float | None:
    """The T of `TEMPERATURES` under which the halves of the samples x (S, N, T, D) agree best.

    The other arguments are those of `nri.model.posterior.infer.infer`. None where the posterior
    is not made from tables.
    """
    nodes, types = x.shape[1], len(prior)
    method = choose_method(decoder, nodes, types, undirected)
    if method == "mean_field" or not has_tables(decoder):
        return None
    every = window_starts(x.shape[2], 1, decoder.order, x.device)
    early, late = every.tensor_split(2)
    first = _tables(decoder, likelihood, x, types, early)
    second = _tables(decoder, likelihood, x, types, late)
    return best_temperature(first, second, prior.log(), undirected, method)


def best_temperature(
    first: Tensor, second: Tensor, log_prior: Tensor, undirected: bool, method: Method
) -> float:
    """The T of `TEMPERATURES` with the highest S, from the tables (S, N, A) of the two halves."""

    def score(temperature: float) -> float:
        early, late = (
            marginals_from_tables(tables / temperature, log_prior, undirected, method)
            for tables in (first, second)
        )
        return agreement(early, late)

    return max(TEMPERATURES, key=score)


def agreement(first: Tensor, second: Tensor) -> float:
    """S, in nats per edge, of the posteriors (S, E, K) that the two halves of samples give."""
    first, second = first.double(), second.double()
    average = (first + second).mean((0, 1)) / 2
    ratio = (first * second / average.clamp_min(FLOOR)).sum(-1)
    return ratio.clamp_min(FLOOR).log().mean().item()


def _tables(
    decoder: Tabulated, likelihood: nn.Module, x: Tensor, edge_types: int, starts: Tensor
) -> Tensor:
    """`receiver_tables` of the transitions from frames `starts` (W,), a few samples at a time."""
    batches = x.split(samples_at_once(x.shape[1], edge_types, len(starts)))
    return torch.cat(
        [
            receiver_tables(decoder, likelihood, part, edge_types, starts.expand(len(part), -1))
            for part in batches
        ]
    )
