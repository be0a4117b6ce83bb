"""The posterior of the graph of each sample, by the most exact way that is affordable."""

from collections.abc import Callable, Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from nri.config.training import TrainingSettings
from nri.model.decoders.decoder import Decoder
from nri.model.latent import symmetrise
from nri.model.message_passing import reverse_index
from nri.model.posterior.assignments import assignment_count
from nri.model.posterior.blocks import climb, graph_score
from nri.model.posterior.exact import exact_directed, exact_marginals, exact_undirected
from nri.model.posterior.mean_field import DAMPED, MeanField, ascend
from nri.model.posterior.propagation import propagate
from nri.model.posterior.race import raced_tables
from nri.model.posterior.result import Marginals, Posterior
from nri.model.posterior.tables import (
    Tabulated,
    has_tables,
    receiver_tables,
    samples_at_once,
)
from nri.model.rollout import window_starts

__all__ = [
    "Method",
    "choose_method",
    "chosen_by",
    "infer",
    "infer_marginals",
    "marginals_from_tables",
    "starts_of_climbs",
    "tables_for",
    "with_tables",
]

Method = Literal["exact", "blocks", "mean_field"]

GRAPHS = 2**16  # undirected graphs that are enumerated
ASSIGNMENTS = 2**12  # of a receiver that are scored


def chosen_by(settings: TrainingSettings) -> Method | None:
    """The method that the settings ask for; None for the most exact affordable one."""
    return None if settings.posterior_method == "auto" else settings.posterior_method


def choose_method(decoder: nn.Module, nodes: int, edge_types: int, undirected: bool) -> Method:
    """Exact with few graphs, blocks with few assignments of a receiver, mean_field otherwise."""
    if not has_tables(decoder) or assignment_count(nodes, edge_types) > ASSIGNMENTS:
        return "mean_field"
    if undirected and edge_types ** (nodes * (nodes - 1) // 2) > GRAPHS:
        return "blocks"
    return "exact"


def infer(
    decoder: Decoder,
    likelihood: nn.Module,
    x: Tensor,
    prior: Tensor,
    undirected: bool,
    method: Method | None = None,
    start: Tensor | None = None,
    mean_field: MeanField | None = None,
    generator: torch.Generator | None = None,
) -> Posterior:
    """p(z | x) ∝ p(z) Π_t p(x_{t+1} | x_t, z) of every sample of x (B, N, T, D).

    prior (K,): probability of each type, one factor per edge or, undirected, per pair.
    method: None for the most exact affordable one. start: logits (B, E, K) of a guess, such as
    an encoder's, from which "blocks" and "mean_field" start beside their own starts.
    mean_field: settings of that method. generator: its random transitions; seed 0 by default.

    Runs without gradients. Raises ValueError for a method that the decoder or the graph has not.
    """
    nodes, edge_types = x.shape[1], len(prior)
    method = method or choose_method(decoder, nodes, edge_types, undirected)
    if method != "mean_field":
        tabulated = with_tables(decoder, method, undirected)
        return _from_tables(tabulated, likelihood, x, prior, undirected, method, start)
    generator = generator or torch.Generator(x.device).manual_seed(0)
    starts = [x.new_zeros(len(x), nodes * (nodes - 1), edge_types)]
    if start is not None:
        starts.append(DAMPED * start)
    settings = mean_field or MeanField()
    candidates = [
        ascend(decoder, likelihood, x, prior, undirected, one, settings, generator)
        for one in starts
    ]
    return Posterior.best(candidates)


@torch.no_grad()
def infer_marginals(
    decoder: Decoder,
    likelihood: nn.Module,
    x: Tensor,
    prior: Tensor,
    undirected: bool,
    method: Method | None,
    guess: Callable[[], Tensor],
    temperature: float | None = None,
) -> Marginals:
    """The marginals of `infer` without its graphs, which from tables take no search.

    guess: gives the logits (B, E, K) from which "mean_field" starts; asked by no other method.
    temperature: T of `Marginals.tempered`, the marginals with the log-likelihood divided by T; they
    are to be had from tables alone.
    """
    method = method or choose_method(decoder, x.shape[1], len(prior), undirected)
    if method == "mean_field":
        whole = infer(decoder, likelihood, x, prior, undirected, method, guess())
        return Marginals(whole.probabilities)
    tabulated = with_tables(decoder, method, undirected)
    log_prior, found = prior.log(), []

    def marginals(tables: Tensor) -> Tensor:
        # Rounding may lift a sum of probabilities above 1.
        return marginals_from_tables(tables, log_prior, undirected, method).clamp(max=1.0)

    for tables, _ in _tables_of_parts(tabulated, likelihood, x, log_prior, method):
        tempered = None if temperature is None else marginals(tables / temperature)
        found.append(Marginals(marginals(tables), tempered))
    return Marginals.concatenate(found)


def with_tables(decoder: nn.Module, method: Method, undirected: bool) -> Tabulated:
    """The decoder; raises ValueError if this method does not get the tables that it needs."""
    if not has_tables(decoder):
        raise ValueError(f"{method}: {type(decoder).__name__} has no tables; use mean_field")
    if method == "blocks" and not undirected:
        raise ValueError("blocks: the receivers of a directed graph are independent; use exact")
    return decoder


@torch.no_grad()
def _from_tables(
    decoder: Tabulated,
    likelihood: nn.Module,
    x: Tensor,
    prior: Tensor,
    undirected: bool,
    method: Method,
    start: Tensor | None,
) -> Posterior:
    """As `infer`, from the tables of a few samples at a time."""
    log_prior = prior.log()
    return Posterior.concatenate(
        [
            _infer_from_tables(
                tables, log_prior, undirected, method, None if start is None else start[part]
            )
            for tables, part in _tables_of_parts(decoder, likelihood, x, log_prior, method)
        ]
    )


def _tables_of_parts(
    decoder: Tabulated, likelihood: nn.Module, x: Tensor, log_prior: Tensor, method: Method
) -> Iterator[tuple[Tensor, slice]]:
    """The tables (b, N, A) of a few samples of x (B, N, T, D) at a time, from all transitions, and
    which samples they are.
    """
    nodes, frames = x.shape[1:3]
    size = samples_at_once(nodes, len(log_prior), frames - 1)
    every = window_starts(frames, 1, decoder.order, x.device)
    for first in range(0, len(x), size):
        part = slice(first, first + size)
        batch = x[part]
        starts = every.expand(len(batch), -1)
        yield tables_for(method, decoder, likelihood, batch, log_prior, starts), part


def tables_for(
    method: Method,
    decoder: Tabulated,
    likelihood: nn.Module,
    x: Tensor,
    log_prior: Tensor,
    starts: Tensor,
) -> Tensor:
    """The tables (B, N, A) of the transitions `starts` (B, W): all exact, or raced for blocks."""
    if method == "blocks":
        return raced_tables(decoder, likelihood, x, log_prior, starts)
    return receiver_tables(decoder, likelihood, x, len(log_prior), starts)


def _infer_from_tables(
    tables: Tensor, log_prior: Tensor, undirected: bool, method: Method, start: Tensor | None
) -> Posterior:
    """The posterior from tables (B, N, A), as `infer`; for undirected graphs by either method."""
    if not undirected:
        return exact_directed(tables, log_prior)
    if method == "exact":
        return exact_undirected(tables, log_prior)
    return _by_blocks(tables, log_prior, start)


def _by_blocks(tables: Tensor, log_prior: Tensor, start: Tensor | None) -> Posterior:
    """Marginals by propagation; the best graph of several climbs, and its log p(x, z)."""
    marginals = propagate(tables, log_prior)
    starts = starts_of_climbs(tables, log_prior, marginals, start)
    graphs = [climb(tables, log_prior, one) for one in starts.values()]
    scored = [Posterior(marginals, one, graph_score(tables, log_prior, one)) for one in graphs]
    return Posterior.best(scored)


def starts_of_climbs(
    tables: Tensor, log_prior: Tensor, marginals: Tensor, guess: Tensor | None
) -> dict[str, Tensor]:
    """The undirected graphs (B, E) from which a search for the best graph climbs, by their names.

    tables (B, N, A); `marginals` (B, E, K) are those of propagation; guess: logits (B, E, K).
    """
    starts = {
        "beliefs of propagation": marginals,
        "each receiver alone": exact_directed(tables, log_prior).probabilities,
    }
    if guess is not None:
        starts["the encoder's graph"] = guess
    reverse = reverse_index(marginals.shape[1], tables.device)
    edges = torch.arange(len(reverse), device=tables.device)
    first = torch.minimum(edges, reverse)  # ties are broken alike in both directions
    types = {name: symmetrise(one)[:, first].argmax(-1) for name, one in starts.items()}
    return types | {"no edges": torch.zeros_like(types["each receiver alone"])}


def marginals_from_tables(
    tables: Tensor, log_prior: Tensor, undirected: bool, method: Method
) -> Tensor:
    """The marginals alone, from tables (B, N, A): (B, E, K)."""
    if not undirected:
        return exact_directed(tables, log_prior).probabilities
    if method == "exact":
        return exact_marginals(tables, log_prior)
    return propagate(tables, log_prior)
