"""How far the probabilities of edge types can be believed: calibration error and log-loss."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from nri.evaluation.evaluation import Evaluation, Measurement

__all__ = ["calibration_error", "edge_calibration_error", "edge_log_loss", "log_loss"]

BINS = 15
FLOOR = 1e-12  # no type is less probable than this: one edge costs at most 27.6 nats


def edge_calibration_error(evaluation: Evaluation) -> Iterator[Measurement]:
    """The expected calibration error of each posterior of the graph."""
    return _each(evaluation, calibration_error)


def edge_log_loss(evaluation: Evaluation) -> Iterator[Measurement]:
    """The log-loss of each posterior of the graph."""
    return _each(evaluation, log_loss)


def _each(
    evaluation: Evaluation, score: Callable[[Tensor, Tensor, np.ndarray], float]
) -> Iterator[Measurement]:
    if not evaluation.knows_edges:
        return
    for name, found in evaluation.posteriors.items():
        posterior = evaluation.for_seen(found.posterior)
        yield Measurement(score(posterior, evaluation.seen_edges, found.known_matching), graph=name)


def calibration_error(posterior: Tensor, edges: Tensor, matching: np.ndarray) -> float:
    """Expected calibration error: Σ_b n_b/n |accuracy of bin b - mean confidence of bin b|.

    posterior (..., E, K), true types edges (..., E), matching (K,). The confidence of an edge is
    the probability of its most probable type; bins are `BINS` of equal width over [1/K, 1].
    """
    confidence, types = posterior.double().flatten(0, -2).max(-1)
    right = torch.from_numpy(matching)[types] == edges.flatten()
    lowest = 1 / posterior.shape[-1]
    place = ((confidence - lowest) / (1 - lowest) * BINS).long().clamp(0, BINS - 1)
    # Accuracy minus confidence of a bin, times its number of edges.
    gaps = confidence.new_zeros(BINS).scatter_add_(0, place, right.double() - confidence)
    return float(gaps.abs().sum() / len(confidence))


def log_loss(posterior: Tensor, edges: Tensor, matching: np.ndarray) -> float:
    """Mean of -log p(true type), in nats, p at least `FLOOR`; arguments as `calibration_error`.

    A true type that no type of the model stands for has probability 0.
    """
    means_it = torch.from_numpy(matching) == edges.unsqueeze(-1)  # (..., E, K)
    probability = (posterior.double() * means_it).sum(-1)
    return float(-probability.clamp_min(FLOOR).log().mean())
