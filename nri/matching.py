"""Edge accuracy under the one best matching of learned to true edge types."""

import numpy as np
from scipy.optimize import linear_sum_assignment

__all__ = ["accuracy", "best_accuracy", "best_matching"]


def best_matching(confusion: np.ndarray) -> np.ndarray:
    """The true type that each predicted type stands for, (K,); -1 where there are more of them.

    Types have no order when they are learned: of all one-to-one matchings the one that
    makes most edges right is taken (Hungarian algorithm), once for the whole set of edges
    that `confusion` (K predicted, K' true) counts.
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
