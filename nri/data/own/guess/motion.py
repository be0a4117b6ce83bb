"""Which features of recordings are velocities of others, and which belong on one scale."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from nri.data.own.recordings import Recording

__all__ = ["needed_velocities", "shared_ranges"]

CLOSE = 0.3  # of its size: as far a velocity may be from the change per second of a position
AXES = ("x", "y", "z")


def needed_velocities(recordings: Sequence[Recording], features: Sequence[str]) -> list[str]:
    """Features that have no velocity among the others and are none: a model needs both.

    The next frame does not follow from positions alone.
    """
    known: set[int] = set()
    for one, other in permutations(range(len(features)), 2):
        pairs = [
            np.stack([np.diff(each.values[..., one]) / each.interval, each.values[:, 1:, other]])
            for each in recordings
        ]
        change, velocity = np.concatenate([each.reshape(2, -1) for each in pairs], axis=1)
        both = np.isfinite(change) & np.isfinite(velocity)
        error, size = ((values[both] ** 2).sum() for values in (change - velocity, velocity))
        if size > 0 and error < CLOSE**2 * size:
            known |= {one, other}
    return [name for number, name in enumerate(features) if number not in known]


def shared_ranges(features: Sequence[str], velocities: Sequence[str]) -> list[list[str]]:
    """x, y and z on one scale, and their velocities: otherwise circles become ellipses."""
    known = {name.lower(): name for name in features}
    made = {f"v{name.lower()}": f"v{name}" for name in velocities}
    groups = []
    for prefix, names in (("", known), ("v", known | made)):
        group = [names[prefix + axis] for axis in AXES if prefix + axis in names]
        if len(group) > 1:
            groups.append(group)
    return groups
