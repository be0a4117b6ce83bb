"""A trained model and the samples that it is tested on: what the metrics measure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from nri.data.samples import Samples
from nri.evaluation.errors import NORMALISED, OwnUnits
from nri.evaluation.protocol import BATCH, REESTIMATED, posterior, posteriors_of_steps
from nri.matching import best_matching, count_types
from nri.model.nri import NRI
from nri.model.objectives import Averages, Means, Objective

__all__ = ["Evaluation", "FoundGraph", "Measure", "Measurement", "Refine", "on_own_data"]


@dataclass(frozen=True)
class Measurement:
    """One number of a metric, of one prediction step or of all, under one kind of graph.

    graph: None is the model's own, inferred or given. metric: its name, where one function
    measures several; None is that of the line in `nri.evaluation.metrics.table`.
    """

    value: float
    step: int | None = None
    graph: str | None = None
    metric: str | None = None


Measure = Callable[["Evaluation"], Iterator[Measurement]]

Refine = Callable[[Samples, int, Tensor], tuple[Tensor, Tensor | None]]
"""Samples, how many of their frames are seen, the encoder's posterior → the refined posterior, and
the tempered one where there is one."""


@dataclass(frozen=True)
class FoundGraph:
    """The graphs of all samples, as one way to find them gives them.

    posterior (S, E, K), on the CPU. matching (K,): the true type of each of the model's types, -1
    for none; None where no true edges are known.
    """

    posterior: Tensor
    matching: np.ndarray | None

    @property
    def known_matching(self) -> np.ndarray:
        """`matching` where true edges are known; raises ValueError elsewhere."""
        if self.matching is None:
            raise ValueError("no true edges are known that types could be matched with")
        return self.matching


@dataclass(frozen=True)
class Evaluation:
    """A model and its test samples; quantities that several metrics need are computed once.

    samples: whole trajectories, normalised as the model's training data; the encoder sees their
    first `frames` frames. horizon: prediction steps, cut at the end of the trajectories.
    true_types: number of true edge types of the training data.
    inferred: the graph of a model that infers one. refined: the decoder's, where it was asked for.
    tempered: the same posterior at the temperature that makes it as sure as it should be, where
    there is one.
    objective: what the model was trained to minimise, on the data set of its training.
    units (D,): factors that convert an error into the units to report it in.
    own_units: what a normalised unit is in the units of the data, if errors are reported in those
    too.
    """

    model: NRI
    samples: Samples
    frames: int
    horizon: int
    true_types: int
    inferred: FoundGraph | None = None
    refined: FoundGraph | None = None
    tempered: FoundGraph | None = None
    objective: Objective | None = None
    units: Tensor | None = None
    own_units: OwnUnits = NORMALISED

    @property
    def graphs(self) -> dict[str | None, FoundGraph]:
        """Graphs that were found once for each sample, by their name in metrics.csv."""
        found = {None: self.inferred, "refined": self.refined}
        return {name: graph for name, graph in found.items() if graph is not None}

    @property
    def posteriors(self) -> dict[str | None, FoundGraph]:
        """`graphs`, and beside them the tempered posterior, of which only confidence is of note."""
        return self.graphs | ({} if self.tempered is None else {"tempered": self.tempered})

    @property
    def knows_edges(self) -> bool:
        """Whether the inferred graph can be compared with a true one."""
        known = self.inferred is not None and self.inferred.matching is not None
        return known and self.samples.edges is not None

    @property
    def edges_change(self) -> bool:
        """Whether the true edges change in time."""
        return self.samples.edges is not None and self.samples.edges.dim() == 3

    @cached_property
    def seen_edges(self) -> Tensor:
        """True edges of the frames that the encoder sees, (S, E) or, changing, (S, frames, E)."""
        return self.samples.first_frames(self.frames).known_edges.cpu()

    def for_seen(self, posterior: Tensor) -> Tensor:
        """A posterior (S, E, K) with the axes of `seen_edges`: one graph for all frames seen."""
        if not self.edges_change:
            return posterior
        return posterior.unsqueeze(1).expand(*self.seen_edges.shape, -1)

    @property
    def edges_of_steps(self) -> Tensor:
        """Changing true edges of the frame that each prediction step starts from, (S, H, E)."""
        return self.samples.known_edges[:, self.frames : self.frames + self.steps].cpu()

    @property
    def steps(self) -> int:
        """H, the prediction steps for which there is a true frame."""
        return min(self.horizon, self.samples.x.shape[2] - self.frames - 1)

    @cached_property
    def reestimated(self) -> dict[str, Tensor]:
        """Of a decoder with memory, the posterior of each step by how it is re-estimated.

        (S, H, E, K), as `nri.evaluation.protocol.posteriors_of_steps`.
        """
        if self.model.decoder is None or not self.model.decoder.recurrent:
            return {}
        return {
            graph: posteriors_of_steps(self.model, self.samples, self.frames, self.steps, graph)
            for graph in REESTIMATED
        }

    @cached_property
    def terms(self) -> Means | None:
        """Averages of the ELBO's terms over the frames that the encoder sees, where it is known."""
        if self.objective is None or self.model.decoder is None:
            return None
        return _average_terms(self.model, self.objective, self.samples.first_frames(self.frames))


def on_own_data(
    model: NRI,
    objective: Objective,
    true_types: int,
    samples: Samples,
    frames: int,
    horizon: int,
    refine: Refine | None = None,
    own_units: OwnUnits = NORMALISED,
) -> Evaluation:
    """A model on the test split of the data set of its training.

    The types of its graphs are matched with the true ones here, once for all samples; those of
    the tempered posterior are the refined graph's.
    """
    inferred = refined = tempered = None
    if model.infers_graph:
        edges = samples.first_frames(frames).edges
        probabilities = posterior(model, samples, frames)
        inferred = _matched(probabilities, edges, true_types)
        if refine is not None:
            better, less_sure = refine(samples, frames, probabilities)
            refined = _matched(better, edges, true_types)
            if less_sure is not None:
                tempered = FoundGraph(less_sure, refined.matching)
    return Evaluation(
        model=model,
        samples=samples,
        frames=frames,
        horizon=horizon,
        true_types=true_types,
        inferred=inferred,
        refined=refined,
        tempered=tempered,
        objective=objective,
        own_units=own_units,
    )


def _matched(posterior: Tensor, edges: Tensor | None, true_types: int) -> FoundGraph:
    """Graphs (S, E, K) under the matching that makes most of the true edges (S, E) right."""
    if edges is None:
        return FoundGraph(posterior, None)
    confusion = count_types(posterior, edges.cpu(), true_types)
    return FoundGraph(posterior, best_matching(confusion.numpy()))


@torch.no_grad()
def _average_terms(model: NRI, objective: Objective, samples: Samples) -> Means:
    model.eval()
    averages = Averages()
    for batch in samples.batches(BATCH):
        averages.add(objective.validation(batch.x, batch.edges), len(batch))
    return averages.result()
