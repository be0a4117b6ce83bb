"""From log-likelihoods under real senders and strangers to edges with evidence.

The margin of a sender is by how much the receiver's motion is likelier with it than with the best
of all strangers. Every stranger has a margin, too: over the best of the strangers that do not
depend on it. The margins of strangers are the null distribution, pooled over all edges: p of an
edge is the share of them that reach its own (as in Tusher, Tibshirani and Chu 2001), and at least
one in the number of independent comparisons. The procedure of Benjamini and Hochberg (1995) then
bounds the false discovery rate of all edges.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

__all__ = ["LEVEL", "Scores", "Significance", "significance"]

LEVEL = 0.05
"""The false discovery rate: the expected share of wrong ones among edges with evidence."""


@dataclass(frozen=True)
class Scores:
    """Log-likelihoods of receivers' motions, in nats, for each of M edges.

    real (M,): with the real sender. strangers (M, J): with each of J strangers in its place.
    groups (M, J): strangers of one group depend on each other. pairs (M,): so do edges of one pair
    of objects in windows of one recording, which have the same label.
    """

    real: np.ndarray
    strangers: np.ndarray
    groups: np.ndarray
    pairs: np.ndarray

    @property
    def comparisons(self) -> int:
        """How many pairs and groups of strangers are compared, each of them counted once."""
        labels = np.broadcast_to(self.pairs[:, np.newaxis], self.groups.shape)
        return len(np.unique(np.stack([labels, self.groups], -1).reshape(-1, 2), axis=0))


@dataclass(frozen=True)
class Significance:
    """Of each of M edges: the margin in nats, its p-value, and the q-value: the least false
    discovery rate at which it counts as an edge with evidence.
    """

    margin: np.ndarray
    p: np.ndarray
    q: np.ndarray

    @property
    def evident(self) -> np.ndarray:
        """Which edges have evidence at `LEVEL`, (M,)."""
        return self.q <= LEVEL


def significance(scores: Scores) -> Significance:
    """Compare real senders with strangers; every edge needs two groups of strangers."""
    margin = scores.real - scores.strangers.max(1)
    null = np.sort(_margins_of_strangers(scores), axis=None)
    reached = null.size - np.searchsorted(null, margin, side="left")
    # Strangers that depend on each other add no evidence: p is no less than those that do not say.
    p = np.maximum((1 + reached) / (1 + null.size), 1 / (1 + scores.comparisons))
    return Significance(margin, p, false_discovery_control(p))


def _margins_of_strangers(scores: Scores) -> np.ndarray:
    """Of each stranger over the best one of the other groups: (M, J).

    That is the best of all, but for the group of the best, which meets the second best group.
    """
    values, groups = scores.strangers, scores.groups
    rows = np.arange(len(values))
    best = values.argmax(1)
    of_best = groups == groups[rows, best][:, np.newaxis]
    second = np.where(of_best, -np.inf, values).max(1)
    return values - np.where(of_best, second[:, np.newaxis], values.max(1)[:, np.newaxis])
