"""Trajectories that can stand in for an object: of others like it that never met its partners.

Whoever acts on an object was there. A trajectory of another recording, or of another time, was not:
in the place of a sender it shows what a model makes of an object that cannot interact. Of three
kinds the first is taken of which there are enough:

1. the object of the same name in other recordings: scenes in which the same objects play again,
2. the same recording at other times: the same object or, where objects come and go, others,
3. any object of other recordings.

So a stranger shares what belongs to an object (a length, a frequency) or to a place (where its
paths lead), wherever the data let it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nri.data.own.windows import SEPARATOR

__all__ = ["LEAST", "Pool", "Strangers", "make_pool"]

LEAST = 19  # strangers without which nothing can be said

KINDS = (
    "the same object in other recordings",
    "the same recording at other times",
    "objects of other recordings",
)


@dataclass(frozen=True)
class Strangers:
    """Who may stand in for one sender.

    places (P,): in a pool. groups (P,): those of one group depend on each other, such as stretches
    of one recording of one object. kind: one of `KINDS`.
    """

    places: np.ndarray
    groups: np.ndarray
    kind: str

    @property
    def enough(self) -> bool:
        """Whether anything can be said with them."""
        return len(self.places) >= LEAST and len(np.unique(self.groups)) > 2


@dataclass(frozen=True)
class Pool:
    """P trajectories of single objects, all of F frames.

    x (P, F, D); of each the `recording`, the `name` of its object, and the `start` in s.
    duration: of F frames, in s.
    """

    x: np.ndarray
    recording: np.ndarray
    name: np.ndarray
    start: np.ndarray
    duration: float

    def strangers(
        self, recording: str, start: float, objects: Sequence[str], sender: str
    ) -> Strangers:
        """Those of a sender among the `objects` of a sample that begins at `start`.

        From the same recording only what is a whole window or more before or after the sample.
        """
        elsewhere = self.recording != recording
        apart = ~elsewhere & (np.abs(self.start - start) > 1.999 * self.duration)
        same, partner = self.name == sender, np.isin(self.name, objects)
        itself = apart & same
        kinds = (
            elsewhere & same,
            itself if itself.sum() >= LEAST else apart & ~partner,
            elsewhere,
        )
        found = [
            self._grouped(np.flatnonzero(which), kind)
            for which, kind in zip(kinds, KINDS, strict=True)
        ]
        largest = max(found, key=lambda each: len(each.places))
        return next((each for each in found if each.enough), largest)

    def _grouped(self, places: np.ndarray, kind: str) -> Strangers:
        if kind == KINDS[1]:
            return Strangers(places, np.arange(len(places)), kind)
        labels = pd.MultiIndex.from_arrays([self.recording[places], self.name[places]])
        return Strangers(places, pd.factorize(labels)[0], kind)


def make_pool(
    trajectories: Sequence[np.ndarray],
    windows: Sequence[pd.DataFrame],
    frames: int,
    frame_interval: float,
) -> Pool:
    """All stretches of `frames` frames of the samples, one after the other, without overlap.

    trajectories: (S, N, T, D) of each split. windows: their rows of `WINDOW_COLUMNS`, in order.
    """
    pieces, recordings, names, starts = [], [], [], []
    for x, rows in zip(trajectories, windows, strict=True):
        objects = np.array([row.split(SEPARATOR) for row in rows["objects"]])
        count = objects.shape[1]
        for first in range(0, x.shape[2] - frames + 1, frames):
            pieces.append(x[:, :, first : first + frames].reshape(-1, frames, x.shape[-1]))
            recordings.append(np.repeat(rows["recording"].to_numpy(str), count))
            starts.append(np.repeat(rows["start"].to_numpy() + first * frame_interval, count))
            names.append(objects.ravel())
    return Pool(
        x=np.concatenate(pieces),
        recording=np.concatenate(recordings),
        name=np.concatenate(names),
        start=np.concatenate(starts),
        duration=frames * frame_interval,
    )
