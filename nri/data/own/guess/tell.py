"""What is told of a look at a file: what was assumed, what is left out, what is doubtful."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from nri.data.own.guess.cut import Cut
from nri.data.own.recordings import Recording
from nri.data.own.settings import OwnSettings
from nri.data.own.windows import SEPARATOR

__all__ = ["Look", "tell"]

MANY = 0.8  # of the states of objects: if more are in no sample, a person should look


@dataclass
class Look:
    """What was found in a file: settings of own data, and what to say of them."""

    holds: str
    """What the file holds, in words."""
    settings: dict[str, Any]
    """Settings of own data that differ from their defaults."""
    assumed: dict[str, str] = field(default_factory=dict)
    """What was assumed of each matter, as {"time": "column t, in seconds"}."""
    left_out: list[str] = field(default_factory=list)
    """What is in the file and in no sample."""
    doubts: list[str] = field(default_factory=list)
    """What a person should look at before anything is trained."""
    samples: dict[str, int] = field(default_factory=dict)
    """Samples of each split."""
    objects: int = 0
    """Objects of a sample."""


def tell(found: Look, regular: Sequence[Recording], cut: Cut) -> None:
    """Say what recordings, objects and features there are, and what is in no sample."""
    settings = OwnSettings.model_validate(cut.settings)
    interval, frames = regular[0].interval, [each.values.shape[1] for each in regular]
    length = f"{frames[0]}" if len(set(frames)) == 1 else f"{min(frames)} to {max(frames)}"
    count = f"{len(regular)}, each" if len(regular) > 1 else "one"
    column = f"{found.assumed['recordings']}: " if "recordings" in found.assumed else ""
    found.assumed["recordings"] = (
        f"{column}{count} of {length} frames, one frame every {interval:.6g} s"
    )
    names = list(dict.fromkeys(name for each in regular for name in each.objects))
    column = f"column {settings.columns.object}: " if settings.columns.object else ""
    together = f"; a sample has {settings.objects} of them" if settings.objects else ""
    found.assumed["objects"] = f"{column}{len(names)} ({_some(names)}){together}"
    found.assumed["features"] = _features(settings)
    by = "whole recordings" if settings.split.by == "sample" else "each recording by time"
    found.assumed["split"] = f"{by}: 60 % to train, 20 % to validate, 20 % to test"
    rows = pd.DataFrame([row for windows in cut.windows.values() for row in windows.rows])
    used = set(SEPARATOR.join(rows["objects"]).split(SEPARATOR))
    if unused := [name for name in names if name not in used]:
        found.left_out.append(f"{len(unused)} of {len(names)} objects: {_some(unused)}")
    lost = 1 - _covered(rows, interval) / sum(int(each.present.sum()) for each in regular)
    if lost > 0.005:
        found.left_out.append(f"{lost:.0%} of all states of objects, which fit into no sample")
    if lost > MANY:
        found.doubts.append(
            f"{lost:.0%} of all states are in no sample: check `objects`, `gaps` and `frames`"
        )


def _features(settings: OwnSettings) -> str:
    words = ", ".join(settings.features)
    if settings.velocities:
        made = ", ".join(f"v{name}" for name in settings.velocities)
        words += f"; and how they change per second: {made}"
    if settings.shared_ranges:
        groups = ", ".join(f"({' '.join(group)})" for group in settings.shared_ranges)
        words += f"; on one scale: {groups}"
    return words


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")


def _covered(rows: pd.DataFrame, interval: float) -> int:
    """States of objects that are in a sample."""
    states: set[tuple[str, str, int]] = set()
    for row in rows.itertuples():
        first, last = round(row.start / interval), round(row.end / interval)
        for name in row.objects.split(SEPARATOR):
            states.update((row.recording, name, frame) for frame in range(first, last + 1))
    return len(states)
