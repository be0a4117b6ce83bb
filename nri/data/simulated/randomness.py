"""Randomness that belongs to a simulation, not to the order in which simulations are made."""

from collections.abc import Sequence

import numpy as np

from nri.data.splits import SPLITS

__all__ = ["draw_symmetric_types", "generators"]


def generators(seed: int, split: str, start: int, stop: int) -> list[np.random.Generator]:
    """One independent generator for each of the samples [start, stop) of a split.

    Each is seeded by (dataset seed, split, index): a sample is the same however many are
    made and however the work is cut, and no sample of one split returns in another.
    """
    key = SPLITS.index(split)
    return [
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key, index)))
        for index in range(start, stop)
    ]


def draw_symmetric_types(
    streams: Sequence[np.random.Generator], objects: int, probabilities: Sequence[float]
) -> np.ndarray:
    """A type for each unordered pair, type t with probability `probabilities[t]`.

    Returns (samples, objects, objects) int8, symmetric, diagonal 0.
    """
    pairs = objects * (objects - 1) // 2
    uniform = np.stack([stream.random(pairs) for stream in streams])
    boundaries = np.cumsum(probabilities)[:-1]
    types = np.zeros((len(streams), objects, objects), dtype=np.int8)
    receiver, sender = np.tril_indices(objects, -1)
    types[:, receiver, sender] = np.searchsorted(boundaries, uniform, side="right")
    return types + types.transpose(0, 2, 1)
