"""Learned edge types matched with true ones.

Learned types have no names: which of them stands for which true type is decided once, for all
edges together, by the one-to-one matching that makes most edges right.
"""

from typing import overload

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

__all__ = [
    "accuracy",
    "best_accuracy",
    "best_matching",
    "count_types",
    "reorder_types",
    "true_order",
    "type_orders",
]


@overload
def count_types(scores: Tensor, edges: Tensor, true_type_count: int) -> Tensor: ...


@overload
def count_types(scores: Tensor, edges: None, true_type_count: int) -> None: ...


def count_types(scores: Tensor, edges: Tensor | None, true_type_count: int) -> Tensor | None:
    """Confusion matrix of most probable types (rows) and true types (columns), (K, K').

    scores (..., E, K) are logits or probabilities, edges (..., E) the true types, below
    K' = `true_type_count`. If edges change in time, (B, T, E), one graph (B, E, K) is counted in
    each frame. None without true edges.
    """
    if edges is None:
        return None
    types, predicted = scores.shape[-1], scores.argmax(-1)
    if predicted.dim() < edges.dim():
        predicted = predicted.unsqueeze(-2)
    pairs = predicted * true_type_count + edges
    pairs = pairs.flatten()
    counts = pairs.new_zeros(types * true_type_count)  # bincount would wait for the device
    counts.scatter_add_(0, pairs, torch.ones_like(pairs))
    return counts.view(types, true_type_count)


def best_matching(confusion: np.ndarray) -> np.ndarray:
    """The true type of each predicted type, (K,); -1 for those left over if K > K'.

    Of all one-to-one matchings it is the one that makes most edges right (Hungarian algorithm),
    of all edges that `confusion` (K predicted, K' true) counts.
    """
    rows, columns = linear_sum_assignment(confusion, maximize=True)
    matching = np.full(len(confusion), -1)
    matching[rows] = columns
    return matching


def accuracy(confusion: np.ndarray, matching: np.ndarray) -> float:
    """Fraction of edges that are right under a matching (K,); unmatched types are wrong."""
    matched = np.flatnonzero(matching >= 0)
    return float(confusion[matched, matching[matched]].sum() / confusion.sum())


def best_accuracy(confusion: np.ndarray) -> float:
    """Fraction of edges that are right under `best_matching`."""
    return accuracy(confusion, best_matching(confusion))


def true_order(matching: np.ndarray) -> np.ndarray:
    """Predicted types in the order of the true types that they stand for, the unmatched last."""
    return np.argsort(np.where(matching < 0, len(matching), matching), kind="stable")


def type_orders(posteriors: np.ndarray, truth: np.ndarray | None, keep_first: bool) -> np.ndarray:
    """The types of each of R models in one order that they share, (R, K), from (R, S, E, K).

    The types of each model are matched with the true ones (S, E) or, where these are not known,
    with those of the first model. keep_first: type 0 means "no edge" in every model and is not
    matched; this counts only where the true types are not known.
    """
    types = posteriors.shape[-1]
    target = posteriors[0].argmax(-1) if truth is None else truth
    orders = [np.arange(types)] if truth is None else []
    fixed = int(keep_first and truth is None)
    for posterior in posteriors[len(orders) :]:
        pairs = posterior.argmax(-1) * types + np.minimum(target, types - 1)
        confusion = np.bincount(pairs.ravel(), minlength=types * types).reshape(types, types)
        place = np.arange(types)
        place[fixed:] = fixed + best_matching(confusion[fixed:, fixed:])
        orders.append(np.argsort(place))
    return np.stack(orders)


def reorder_types(posteriors: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Posteriors (R, S, E, K) of R models, with the types of each in its order (R, K)."""
    return np.take_along_axis(posteriors, orders[:, None, None], axis=-1)
