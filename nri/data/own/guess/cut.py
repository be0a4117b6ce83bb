"""How recordings are cut into samples, chosen by trying: gaps, split, objects and frames."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nri.data.own.prepare import regular_recordings, split_recordings
from nri.data.own.recordings import TOLERANCE, Recording, RecordingError, Rows
from nri.data.own.settings import OwnSettings
from nri.data.own.windows import Windows, find_windows
from nri.data.splits import SPLITS

__all__ = ["Cut", "choose_cut", "fill_gaps", "resample"]

LENGTHS = (49, 40, 32, 25, 20, 15, 12, 10, 8, 6, 5)
"""Frames that an encoder may see, longest first; 49 is the paper's."""
ENOUGH = {"train": 10, "valid": 3, "test": 3}
"""Samples of each split that shorter ones are chosen for."""
HORIZON = 20  # predicted frames of a test sample, at most
SEVERAL = 6  # recordings that are split as wholes, at least
MOST_OBJECTS = 10  # objects of a sample where they come and go, at most
SHORT_GAP = 5  # frames that are filled, at most
SAMPLES = 2000  # training samples that are enough
SHARES = {"train": 0.6, "valid": 0.2, "test": 0.2}

Parts = dict[str, list[Recording]]


@dataclass(frozen=True)
class Cut:
    """Settings with which each split has samples, and those samples."""

    settings: dict[str, Any]
    windows: dict[str, Windows]

    @property
    def enough(self) -> bool:
        """Whether each split has several samples."""
        return all(len(self.windows[split]) >= ENOUGH[split] for split in SPLITS)

    @property
    def value(self) -> float:
        """States of objects in all samples; those of longer and larger samples say more."""
        found = [each for windows in self.windows.values() for each in windows.trajectories]
        objects, frames, _ = self.windows["train"].trajectories[0].shape
        states = sum(each.shape[0] * each.shape[1] for each in found)
        return states * frames * math.sqrt(objects - 1)


def resample(read: Sequence[Rows | Recording]) -> tuple[dict[str, Any], str]:
    """Settings for times that lie on no equal steps, and why; nothing where they do."""
    rows, off = [each for each in read if isinstance(each, Rows)], 0.0
    for each in rows:
        steps = (each.table["time"] - each.table["time"].min()) / each.interval
        off = max(off, float((steps - steps.round()).abs().max()))
    if off <= TOLERANCE:
        return {}, ""
    interval = float(f"{rows[0].interval:.3g}")
    settings = {"gaps": "interpolate", "frame_interval": interval, "max_gap": 3 * interval}
    return settings, f"times lie up to {off:.2g} frames off equal steps: interpolated linearly"


def fill_gaps(regular: Sequence[Recording]) -> tuple[dict[str, Any], str]:
    """Settings for missing values, and why; nothing where none is missing.

    Short gaps of objects that stay are filled; objects that come and go are cut.
    """
    present = [each.present for each in regular]
    if all(each.all() for each in present):
        return {}, ""
    stay = all(each[:, 0].all() and each[:, -1].all() for each in present)
    longest = max(map(_longest_gap, present))
    if not stay:
        return {"gaps": "cut"}, "objects come and go: a sample has those that stay throughout"
    missing, total = sum((~each).sum() for each in present), sum(each.size for each in present)
    share = f"{missing:,} of {total:,} states are missing, at most {longest} in a row"
    if longest > SHORT_GAP:
        return {"gaps": "cut"}, f"{share}: samples avoid them"
    limit = float(f"{(longest + 1.5) * regular[0].interval:.6g}")
    return {"gaps": "interpolate", "max_gap": limit}, f"{share}: interpolated linearly"


def _longest_gap(present: np.ndarray) -> int:
    """Frames of the longest gap of an object, of present (objects, frames)."""
    longest = 0
    for row in present:
        edges = np.flatnonzero(np.diff([0, *(~row).astype(int), 0]))
        longest = max(longest, *(edges[1::2] - edges[::2]), 0)
    return longest


def choose_cut(settings: dict[str, Any], read: Sequence[Any], regular: Sequence[Recording]) -> Cut:
    """The settings, with `split`, `frames`, `stride` and `objects`.

    Several samples of each split come first, then what they show. read: recordings as they were
    read; regular: the same at equal steps. Raises
    RecordingError where no length leaves a sample to each split.
    """
    by = "sample" if len(regular) >= SEVERAL else "time"
    settings = {**settings, "split": {"by": by, **SHARES}}
    full = OwnSettings.model_validate({"gaps": "cut", **settings})
    parts = {
        split: regular_recordings(part, full)
        for split, part in split_recordings(list(read), full.split).items()
    }
    found = [
        cut
        for objects in _object_counts(settings, regular)
        for length in LENGTHS
        if (cut := _try({**settings, **objects}, parts, length))
    ]
    if not found:
        frames = max((each.values.shape[1] for each in regular), default=0)
        raise RecordingError(
            f"the longest recording has {frames} frames, too few for samples of {LENGTHS[-1]} "
            "frames to train, validate and test on; record longer, or more often"
        )
    best = max(found, key=lambda cut: (cut.enough, cut.value))
    return _overlapping(best, parts["train"])


def _object_counts(
    settings: dict[str, Any], regular: Sequence[Recording]
) -> Iterator[dict[str, int]]:
    """Settings for the number of objects in a sample, most first; {} is all of a recording."""
    sizes = {len(each.objects) for each in regular}
    if len(sizes) == 1:
        yield {}
    if settings.get("gaps") == "cut" or len(sizes) > 1:
        for count in range(min(max(sizes), MOST_OBJECTS), 1, -1):
            yield {"objects": count}


def _try(settings: dict[str, Any], parts: Parts, length: int) -> Cut | None:
    """Samples of `length` frames that do not overlap, where each split has one."""
    test = length + 1 + min(HORIZON, max(2, length // 2))
    frames = {"train": length, "valid": length, "test": test}
    windows = {}
    for split in reversed(SPLITS):  # the test split has the fewest
        count = frames[split]
        windows[split] = find_windows(parts[split], count, settings.get("objects"), count)
        if not len(windows[split]):
            return None
    return Cut({**settings, "frames": frames}, windows)


def _overlapping(cut: Cut, training: list[Recording]) -> Cut:
    """The same with training samples a twelfth of their length apart, unless that is too many."""
    length, count = cut.settings["frames"]["train"], len(cut.windows["train"])
    stride = max(1, length // 12, length * count // SAMPLES)
    if stride >= length:
        return cut
    windows = find_windows(training, length, cut.settings.get("objects"), stride)
    return Cut({**cut.settings, "stride": stride}, {**cut.windows, "train": windows})
