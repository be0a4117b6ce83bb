"""Values far beyond all others, as of a marker that a camera loses: clipped, or dropped.

One such value sets the range that a whole feature is scaled by, and squeezes all others.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import h5py
import numpy as np

from nri.data.treatment import Treatment

__all__ = ["Glitches", "note_glitches", "treat_glitches"]

SHARE = 0.005  # of the values of a feature on either side that its usual range leaves out
BEYOND = 3.0  # usual ranges, from its middle, up to which values are no glitches

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Glitches:
    """What was done about glitches: the samples of each split and which of the old ones they are.

    samples (S, N, T, D) and kept (S before,) bool by split; values: how many lay beyond the limits.
    """

    samples: dict[str, np.ndarray]
    kept: dict[str, np.ndarray]
    values: dict[str, int]

    def counts(self) -> dict[str, dict[str, int]]:
        """Of each split the values beyond the limits, and the samples dropped for them."""
        return {
            split: {"values": self.values[split], "dropped": int((~kept).sum())}
            for split, kept in self.kept.items()
        }


def treat_glitches(
    samples: Mapping[str, np.ndarray],
    features: Sequence[str],
    shared_ranges: Sequence[Sequence[str]],
    how: Treatment,
) -> Glitches:
    """Clip values beyond the limits of their feature, or drop the samples that have one.

    samples: (S, N, T, D) of each split. The limits are those of the training split: `BEYOND` times
    the half width of the range that holds all but `SHARE` of its values on either side, from the
    middle of that range. Features that share a range share the limits. A feature that hardly ever
    changes has none. Raises ValueError if a split is left without samples.
    """
    low, high = _limits(samples["train"], features, shared_ranges)
    treated: dict[str, np.ndarray] = {}
    kept: dict[str, np.ndarray] = {}
    values: dict[str, int] = {}
    for split, each in samples.items():
        beyond = (each < low) | (each > high)
        values[split] = int(beyond.sum())
        kept[split] = np.full(len(each), True)
        if how == "drop":
            kept[split] &= ~beyond.any((1, 2, 3))
        treated[split] = np.clip(each, low, high) if how == "clip" else each[kept[split]]
        if not kept[split].any():
            raise ValueError(
                f"all {len(each)} samples of {split} have glitches; set `glitches: clip`"
            )
        for name, count in zip(features, beyond.sum((0, 1, 2)), strict=True):
            if count:
                what = "clipped" if how == "clip" else f"of {(~kept[split]).sum()} samples dropped"
                log.info("%s: %d values of %s beyond all others, %s", split, count, name, what)
    return Glitches(treated, kept, values)


def _limits(
    training: np.ndarray, features: Sequence[str], shared_ranges: Sequence[Sequence[str]]
) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest value of each feature that is no glitch, (D,)."""
    shared = {name for group in shared_ranges for name in group}
    groups = [*shared_ranges, *([name] for name in features if name not in shared)]
    low, high = np.empty(len(features)), np.empty(len(features))
    for group in groups:
        index = [features.index(name) for name in group]
        values = training[..., index]
        # The next value inwards: of few values one glitch would move the mean of two.
        first = np.quantile(values, SHARE, method="higher")
        last = np.quantile(values, 1 - SHARE, method="lower")
        middle, half = (first + last) / 2, BEYOND * (last - first) / 2
        low[index], high[index] = middle - (half or np.inf), middle + (half or np.inf)
    return low, high


def note_glitches(path: str | os.PathLike, found: Glitches) -> None:
    """Note in a dataset file, as the root attribute `glitches` in JSON, what was done."""
    with h5py.File(path, "r+") as file:
        file.attrs["glitches"] = json.dumps(found.counts(), sort_keys=True)
