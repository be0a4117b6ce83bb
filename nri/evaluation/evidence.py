"""The evidence that a sender acts on a receiver: what its own trajectory is worth.

The likelihood of a receiver's motion is taken with the real sender and with strangers in its
place (`nri.evaluation.strangers`), the graph found anew each time. Where objects are independent a
real sender is one more stranger, whatever the decoder has learned: a type of edge that tells
something of the receiver alone, such as its frequency, is worth as much with any sender. This is a
conditional randomisation test (Candès et al. 2018) with trajectories that occurred in place of
drawn ones; neuroscience knows it as the shift predictor (Perkel, Gerstein and Moore 1967).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from nri import graph
from nri.config.training import TrainingSettings
from nri.data.own.windows import SEPARATOR
from nri.data.samples import Samples
from nri.evaluation.protocol import BATCH, posterior
from nri.evaluation.refine import refined_posterior
from nri.evaluation.significance import Scores
from nri.evaluation.strangers import Pool, Strangers
from nri.model.latent import one_hot
from nri.model.make_objective import joint_stage
from nri.model.nri import NRI
from nri.model.objectives import ELBO
from nri.model.posterior.assignments import assignment_count, one_hot_digits
from nri.model.posterior.tables import has_tables, receiver_tables
from nri.model.rollout import teacher_forced_windows, window_starts

__all__ = ["Evidence", "TooFewStrangersError", "Trained", "find_evidence"]

Trained = tuple[NRI, TrainingSettings]
"""A trained model and the settings of its whole training."""

STRANGERS = 99  # of each sender
EDGES = 1000  # that are tested, in whole samples
ASSIGNMENTS = 128  # of a receiver's edges that are summed over
SEED = 0  # of which strangers are taken


class TooFewStrangersError(ValueError):
    """Data in which no objects are known that cannot interact; the message says why."""


@dataclass(frozen=True)
class Evidence:
    """Of the edges of the first S tested samples, as the mean of R models.

    scores: of S·E edges. without_sender (S, E): nats per transition that a receiver's motion loses
    if a typical stranger takes the sender's place. without_edge (S, E): if the edge is taken from
    the most probable graph, the refined one where there is one; None without a type that sends no
    messages. kind: who the strangers are. strangers_graph (R, S, E, K): the graphs that the models
    find in samples of strangers alone.
    """

    scores: Scores
    without_sender: np.ndarray
    without_edge: np.ndarray | None
    kind: str
    strangers_graph: np.ndarray


def find_evidence(
    models: Sequence[Trained], samples: Samples, windows: pd.DataFrame, pool: Pool, refine: bool
) -> Evidence:
    """Test the edges of the first samples, as many as have `EDGES` edges, and one at least.

    samples: normalised, as long as the encoder sees. windows: a row for each. pool: normalised,
    on the same scale. refine: whether the graph is the decoder's. Raises TooFewStrangersError.
    """
    nodes = samples.x.shape[1]
    edges = nodes * (nodes - 1)
    x = samples.x[: max(1, EDGES // edges)]
    random = np.random.default_rng(SEED)
    chosen = _choose(windows.iloc[: len(x)], pool, random)
    values = np.empty((len(x), edges, 1 + STRANGERS), np.float64)
    groups = np.empty((len(x), edges, STRANGERS), int)
    for sample, row in enumerate(chosen):
        for sender, strangers in enumerate(row):
            there = len(strangers.places)
            index = random.choice(there, STRANGERS, replace=there < STRANGERS)
            crowd = x[sample].repeat(1 + STRANGERS, 1, 1, 1)
            crowd[1:, sender] = torch.from_numpy(pool.x[strangers.places[index]]).to(x)
            found = torch.stack([_receiver_evidence(*each, crowd, sender) for each in models])
            sent = np.flatnonzero(graph.senders(nodes) == sender)
            values[sample, sent] = found.mean(0)[:, graph.receivers(nodes)[sent]].T.cpu().numpy()
            groups[sample, sent] = strangers.groups[index]
    real, others = values[..., 0], values[..., 1:]
    transitions = _transitions(models, x)
    return Evidence(
        scores=Scores(
            real=real.ravel(),
            strangers=others.reshape(-1, STRANGERS),
            groups=groups.reshape(-1, STRANGERS),
            pairs=_pairs(windows.iloc[: len(x)]),
        ),
        without_sender=(real - np.median(others, -1)) / transitions,
        without_edge=_without_edge(models, x, refine),
        kind=chosen[0][0].kind,
        strangers_graph=_graph_of_strangers(models, x, chosen, pool, refine, random),
    )


def _choose(
    windows: pd.DataFrame, pool: Pool, random: np.random.Generator
) -> list[list[Strangers]]:
    """The strangers of every sender of every sample; raises TooFewStrangersError."""
    chosen = []
    for row in windows.itertuples():
        names = str(row.objects).split(SEPARATOR)
        found = [pool.strangers(str(row.recording), row.start, names, name) for name in names]
        for name, strangers in zip(names, found, strict=True):
            if not strangers.enough:
                raise TooFewStrangersError(
                    f"object {name} of recording {row.recording} has {len(strangers.places)} "
                    "stretches of others to compare with that it cannot have met, too few; record "
                    "it more often, or for longer"
                )
        chosen.append(found)
    return chosen


def _pairs(windows: pd.DataFrame) -> np.ndarray:
    """A number for the recording, the receiver and the sender of each edge of each sample."""
    labels = []
    for row in windows.itertuples():
        names = np.array(str(row.objects).split(SEPARATOR))
        ends = names[graph.receivers(len(names))], names[graph.senders(len(names))]
        labels += [(row.recording, *pair) for pair in zip(*ends, strict=True)]
    return pd.factorize(pd.MultiIndex.from_tuples(labels))[0]


@torch.no_grad()
def _receiver_evidence(model: NRI, settings: TrainingSettings, x: Tensor, sender: int) -> Tensor:
    """Log p(x_i | x) of every receiver, without knowing the edge from the sender: (B, N).

    Up to `ASSIGNMENTS` of a receiver it is the sum over all of its edges. Beyond, and for decoders
    with memory, the encoder says what the other edges are.
    """
    model.eval()
    objective = ELBO(model, joint_stage(model, settings.resolved_stages()), true_type_count=0)
    decoder, log_prior = model.posterior_decoder, objective.prior.log()
    nodes, types = x.shape[1], len(log_prior)
    if has_tables(decoder) and assignment_count(nodes, types) <= ASSIGNMENTS:
        starts = window_starts(x.shape[2], 1, decoder.order, x.device).expand(len(x), -1)
        prior = one_hot_digits(types, nodes - 1, x.device) @ log_prior.repeat(nodes - 1)
        tables = [
            receiver_tables(decoder, objective.likelihood, each, types, start)
            for each, start in zip(x.split(BATCH), starts.split(BATCH), strict=True)
        ]
        return (torch.cat(tables) + prior).logsumexp(-1)
    edges = torch.cat([one_hot(model.inferred_graph.logits(each)) for each in x.split(BATCH)])
    sent = torch.from_numpy(graph.senders(nodes) == sender).to(x.device)
    scores = []
    for kind in range(types):
        edges[:, sent] = torch.eye(types, device=x.device)[kind]
        scores.append(_log_likelihood(model, objective, x, edges) + log_prior[kind])
    return torch.stack(scores).logsumexp(0)


def _log_likelihood(model: NRI, objective: ELBO, x: Tensor, edges: Tensor) -> Tensor:
    """Log p(x_i | x, z) of every receiver from one true frame to the next: (B, E, K) → (B, N)."""
    decoder, found = model.posterior_decoder, []
    for frames, types in zip(x.split(BATCH), edges.split(BATCH), strict=True):
        if decoder.recurrent:
            predicted, _ = decoder.observe(frames[:, :, :-1], types)
        else:
            predicted = teacher_forced_windows(decoder, frames, types, 1)[0].squeeze(2)
        residual = predicted - frames[:, :, decoder.order :].transpose(1, 2)
        found.append(-objective.likelihood(residual).sum((1, 3)))
    return torch.cat(found)


def _transitions(models: Sequence[Trained], x: Tensor) -> int:
    """Of a sample, from the first frame that the decoders can predict the next one of."""
    model, _ = models[0]
    return x.shape[2] - model.posterior_decoder.order


@torch.no_grad()
def _without_edge(models: Sequence[Trained], x: Tensor, refine: bool) -> np.ndarray | None:
    """What a receiver's motion loses without each edge of the most probable graph, (S, E)."""
    if not all(settings.skip_first for _, settings in models):
        return None
    nodes = x.shape[1]
    senders, receivers = (torch.from_numpy(f(nodes)) for f in (graph.senders, graph.receivers))
    lost = np.zeros((len(x), len(senders)))
    for model, settings in models:
        objective = ELBO(model, joint_stage(model, settings.resolved_stages()), true_type_count=0)
        edges = one_hot(_graph(model, settings, x, refine)).to(x)
        whole = _log_likelihood(model, objective, x, edges)
        for sender in range(nodes):
            sent = senders == sender
            less = edges.clone()
            less[:, sent] = torch.eye(edges.shape[-1], device=x.device)[0]
            difference = whole - _log_likelihood(model, objective, x, less)
            lost[:, sent] += difference[:, receivers[sent]].cpu().numpy()
    return lost / len(models) / _transitions(models, x)


def _graph(model: NRI, settings: TrainingSettings, x: Tensor, refine: bool) -> Tensor:
    """The posterior of graphs of x (S, N, F, D): the decoder's or the encoder's, (S, E, K)."""
    samples = Samples(x, None)
    inferred = posterior(model, samples, x.shape[2])
    if not refine:
        return inferred
    return refined_posterior(model, settings, samples, x.shape[2], inferred)[0]


def _graph_of_strangers(
    models: Sequence[Trained],
    x: Tensor,
    chosen: list[list[Strangers]],
    pool: Pool,
    refine: bool,
    random: np.random.Generator,
) -> np.ndarray:
    """The graphs of samples in which every object is a stranger of the others, (R, S, E, K)."""
    made = torch.empty_like(x)
    for sample, row in enumerate(chosen):
        met: set[tuple[str, float]] = set()
        for place, strangers in enumerate(row):
            for candidate in random.permutation(strangers.places):
                when = pool.recording[candidate], pool.start[candidate]
                if when not in met:
                    break
            met.add(when)
            made[sample, place] = torch.from_numpy(pool.x[candidate]).to(x)
    found = [_graph(model, settings, made, refine) for model, settings in models]
    return torch.stack(found).cpu().numpy()
