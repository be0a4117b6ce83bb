"""Area under the ROC curve of the edges, where there are two edge types."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from nri.evaluation.evaluation import Evaluation, Measurement

__all__ = ["edge_auroc", "measure"]


def measure(evaluation: Evaluation) -> Iterator[Measurement]:
    """Of each graph that was found; and, where edges change in time, of re-estimated ones."""
    inferred = evaluation.inferred
    if inferred is None or not evaluation.knows_edges or evaluation.true_types != 2:
        return
    for graph, found in evaluation.graphs.items():
        seen = evaluation.for_seen(found.posterior)
        yield from _area(seen, evaluation.seen_edges, found.known_matching, graph)
    if evaluation.edges_change:
        matching, edges = inferred.known_matching, evaluation.edges_of_steps
        for graph, posterior in evaluation.reestimated.items():
            yield from _area(posterior, edges, matching, graph)


def _area(
    posterior: Tensor, edges: Tensor, matching: np.ndarray, graph: str | None
) -> Iterator[Measurement]:
    area = edge_auroc(posterior, edges, matching)
    if area is not None:
        yield Measurement(area, graph=graph)


def edge_auroc(probabilities: Tensor, edges: Tensor, matching: np.ndarray) -> float | None:
    """Probability that an edge of type 1 scores above one of type 0.

    probabilities (..., E, K), edges (..., E). The score of an edge is the probability of the
    model's types that `matching` (K,) maps to type 1. None where all true edges have one type.
    """
    score = probabilities[..., torch.from_numpy(matching == 1)].sum(-1).numpy().ravel()
    positive = edges.numpy().ravel() == 1
    count, others = positive.sum(), (~positive).sum()
    if count == 0 or others == 0:
        return None
    _, place, equal = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (equal.cumsum() - (equal - 1) / 2)[place][positive].sum()  # of equal ones their mean
    return float((ranks - count * (count + 1) / 2) / (count * others))
