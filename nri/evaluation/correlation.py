"""Correlation baselines: objects whose vectors correlate interact (paper Table 1, "Corr.").

The vector of an object is its normalised trajectory ("path") or the last hidden state of
an LSTM that has read it. Which correlations make an edge is learned from the true edges of
the training split: a threshold, and the side of it that the edges are on.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nri import graph
from nri.data.samples import Samples
from nri.evaluation.metrics.edge_auroc import edge_auroc
from nri.model.decoders.lstm import SingleLSTM

__all__ = [
    "Threshold",
    "correlation_rows",
    "correlations",
    "fit_threshold",
    "hidden_vectors",
    "path_vectors",
]

BATCH = 512
CONSTANT = 1e-5  # standard deviation that float32 rounding alone can give numbers around 1


def path_vectors(samples: Samples, frames: int) -> Tensor:
    """All features of the first `frames` frames, one after the other: (S, N, frames · D)."""
    return samples.x[:, :, :frames].flatten(2)


@torch.no_grad()
def hidden_vectors(decoder: SingleLSTM, samples: Samples, frames: int) -> Tensor:
    """The second layer's hidden state after the first `frames` frames: (S, N, H)."""
    decoder.eval()
    vectors = []
    for batch in samples.first_frames(frames).batches(BATCH):
        _, (hidden, _) = decoder.observe(batch.x, None)
        vectors.append(hidden[-1].unflatten(0, batch.x.shape[:2]))
    return torch.cat(vectors)


def correlations(vectors: Tensor) -> np.ndarray:
    """Pearson's R of every two objects, in edge order: (S, N, F) → (S, E).

    A vector is centred by one mean over all its numbers. R with a constant vector is 0: a
    quotient of rounding errors could be anything, and a threshold could learn from it which
    objects move undisturbed.
    """
    parts = []
    for part in vectors.double().split(BATCH):
        centred = part - part.mean(-1, keepdim=True)
        deviation = centred.square().mean(-1, keepdim=True).sqrt()
        standard = torch.where(deviation > CONSTANT, centred / deviation, 0.0)
        parts.append(standard @ standard.mT / vectors.shape[-1])
    return graph.matrix_to_edges(torch.cat(parts).cpu().numpy())


@dataclass(frozen=True)
class Threshold:
    """Edges have R > `value` if `above`, else R ≤ `value`."""

    value: float
    above: bool

    def edges(self, correlation: np.ndarray) -> np.ndarray:
        """True where there is an edge, same shape."""
        return (correlation > self.value) == self.above


def fit_threshold(correlation: np.ndarray, edges: np.ndarray) -> Threshold:
    """The threshold that makes most edges right; it never separates equal correlations.

    correlation and edges (0 or 1) have the same shape.
    """
    order = np.argsort(correlation, axis=None)
    values, positive = correlation.ravel()[order], edges.ravel()[order] == 1
    # How many are right if the c lowest are no edges and the others are, for c = 0, 1, …
    right = positive.sum() + np.concatenate([[0], np.cumsum(np.where(positive, -1, 1))])
    lower, upper = np.append(-np.inf, values), np.append(values, np.inf)
    possible = lower < upper
    above = np.where(possible, right, -1)
    below = np.where(possible, right.size - 1 - right, -1)
    if above.max() >= below.max():
        return Threshold(float(lower[above.argmax()]), above=True)
    return Threshold(float(lower[below.argmax()]), above=False)


def correlation_rows(
    train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]
) -> list[dict[str, str | float]]:
    """`edge_accuracy` and `edge_auroc` on the test split under the training split's threshold.

    train, test: vectors (S, N, F) and edges (S, E) of two types.
    """
    (train_vectors, train_edges), (vectors, edges) = train, test
    threshold = fit_threshold(correlations(train_vectors), train_edges.cpu().numpy())
    found, edges = correlations(vectors), edges.cpu()
    right = threshold.edges(found) == (edges.numpy() == 1)
    rows: list[dict[str, str | float]] = [{"metric": "edge_accuracy", "value": float(right.mean())}]
    # The area under the ROC curve depends on the order of the scores alone.
    score = torch.from_numpy(found if threshold.above else -found)
    auroc = edge_auroc(score.unsqueeze(-1), edges, matching=np.array([1]))
    if auroc is not None:
        rows.append({"metric": "edge_auroc", "value": auroc})
    return rows
