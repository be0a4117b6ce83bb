"""Windows of recordings: the samples of a dataset.

- A window holds objects that are there in each of its frames: all of the recording, or with
  `objects: n` any n. Of more than n the first n to appear make a sample, the next n another, and a
  rest is left out.
- Windows follow each other without overlap, but for those of training where `stride` is given.
  Where no window can begin, the next frame is tried.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nri.data.own.recordings import Recording

__all__ = ["SEPARATOR", "WINDOW_COLUMNS", "Windows", "explain_nothing", "find_windows"]

WINDOW_COLUMNS = ["split", "sample", "recording", "start", "end", "objects"]
SEPARATOR = ";"  # between the names of objects in a table of windows


class Windows:
    """Samples of one split as they are found: trajectories, edges and where each is from."""

    def __init__(self) -> None:
        self.trajectories: list[np.ndarray] = []
        self.edges: list[np.ndarray] = []
        self.rows: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, recording: Recording, start: int, frames: int, chosen: np.ndarray) -> None:
        """A window of the chosen objects that begins at frame `start`."""
        self.trajectories.append(recording.values[chosen, start : start + frames])
        if recording.edges is not None:
            edges = recording.edges[..., chosen[:, None], chosen]
            self.edges.append(edges[start : start + frames] if edges.ndim == 3 else edges)
        begin = recording.start + start * recording.interval
        self.rows.append(
            {
                "sample": len(self.rows),
                "recording": recording.name,
                "start": round(begin, 9),
                "end": round(begin + (frames - 1) * recording.interval, 9),
                "objects": SEPARATOR.join(recording.objects[number] for number in chosen),
            }
        )

    def replace(self, trajectories: np.ndarray, kept: np.ndarray) -> None:
        """The windows that are kept (bool, as many as there are), with other trajectories."""
        numbers = np.flatnonzero(kept)
        self.trajectories = list(trajectories)
        self.edges = [self.edges[number] for number in numbers] if self.edges else []
        self.rows = [{**self.rows[old], "sample": new} for new, old in enumerate(numbers)]


def find_windows(
    recordings: Sequence[Recording], frames: int, objects: int | None, stride: int
) -> Windows:
    """Windows of complete objects, by the rules above; `objects`: how many, or None for all."""
    windows = Windows()
    for recording in recordings:
        present, start = recording.present, 0
        wanted = len(recording.objects) if objects is None else objects
        while start + frames <= present.shape[1]:
            complete = np.flatnonzero(present[:, start : start + frames].all(1))
            groups = len(complete) // wanted
            for chosen in complete[: groups * wanted].reshape(groups, wanted):
                windows.add(recording, start, frames, chosen)
            start += stride if groups else 1
    return windows


def explain_nothing(
    split: str, frames: int, recordings: Sequence[Recording], wanted: int | None
) -> str:
    """Why a split has no window, and what helps; arguments as for `find_windows`."""
    who = "all objects" if wanted is None else f"{wanted} objects"
    longest = 0
    for recording in recordings:
        counts = recording.present.sum(0) >= (wanted or len(recording.objects))
        edges = np.flatnonzero(np.diff([0, *counts.astype(int), 0]))
        longest = max(longest, *(edges[1::2] - edges[::2]), 0)
    return (
        f"no window of {frames} frames for {split}: the longest stretch with {who} has {longest} "
        f"frames; lower frames.{split}{' or `objects`' if wanted else ''}, give {split} a greater "
        "share, or add recordings"
    )
