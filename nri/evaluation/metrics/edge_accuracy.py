"""Edge accuracy: the fraction of edges whose most probable type is the true one (paper Table 1)."""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from nri.evaluation.evaluation import Evaluation, Measurement
from nri.matching import accuracy, count_types

__all__ = ["measure"]


def measure(evaluation: Evaluation) -> Iterator[Measurement]:
    """Of each posterior of the graph; and, where edges change in time, of the graph of every step.

    A step's graph is compared with the true one of the frame that the step starts from. It is
    the graph inferred from the first frames or, of a decoder with memory, a re-estimated one;
    re-estimated graphs also have an accuracy over all steps. All under one matching of types.
    """
    inferred = evaluation.inferred
    if inferred is None or not evaluation.knows_edges:
        return
    types, edges = evaluation.true_types, evaluation.seen_edges
    for name, found in evaluation.posteriors.items():
        seen = evaluation.for_seen(found.posterior)
        yield Measurement(_accuracy(seen, edges, types, found.known_matching), graph=name)
    if not evaluation.edges_change:
        return
    edges = evaluation.edges_of_steps
    for name, found in evaluation.graphs.items():
        fixed = found.posterior.unsqueeze(1).expand(*edges.shape, -1)
        yield from _each_step(fixed, edges, types, found.known_matching, name)
    matching = inferred.known_matching
    for graph, posteriors in evaluation.reestimated.items():
        yield Measurement(_accuracy(posteriors, edges, types, matching), graph=graph)
        yield from _each_step(posteriors, edges, types, matching, graph)


def _each_step(
    posteriors: Tensor, edges: Tensor, types: int, matching: np.ndarray, graph: str | None
) -> Iterator[Measurement]:
    """Accuracy of posteriors (S, H, E, K) under true edges (S, H, E), step by step."""
    for step in range(edges.shape[1]):
        value = _accuracy(posteriors[:, step], edges[:, step], types, matching)
        yield Measurement(value, step=step + 1, graph=graph)


def _accuracy(posterior: Tensor, edges: Tensor, types: int, matching: np.ndarray) -> float:
    """The most probable types of (..., E, K) against the true ones, (..., E)."""
    return accuracy(count_types(posterior, edges, types).numpy(), matching)
