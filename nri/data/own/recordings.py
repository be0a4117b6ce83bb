"""Recordings of moving objects, and how they come to equal steps of time.

A recording is read as `Rows` (any times) or as `Recording` (equal steps). Both are cut by
`between` before anything is computed across frames, so that no number of one split depends on
another's.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from nri.data.interpolation import interpolate
from nri.data.own.settings import OwnSettings
from nri.data.velocities import with_velocities

__all__ = [
    "Recording",
    "RecordingError",
    "Rows",
    "add_velocities",
    "check_length",
    "common_interval",
]

LARGEST = 2**30  # bytes of a recording at equal steps; a table of as many numbers has 10 GB
TOLERANCE = 0.1  # of a frame interval that a time may lie off the regular ones


class RecordingError(ValueError):
    """Data that cannot be used as they are; the message names the place and the remedy."""


@dataclass(frozen=True)
class Recording:
    """Objects at equal steps of time: `values` (objects, frames, features), NaN where an object is
    absent; `start` the time of the first frame and `interval` the step, in s; `edges` (objects,
    objects)[receiver, sender], where they are known, or (frames, objects, objects) if they change.
    """

    name: str
    start: float
    interval: float
    objects: tuple[str, ...]
    values: np.ndarray
    edges: np.ndarray | None = None

    @property
    def present(self) -> np.ndarray:
        """Whether an object has all its features in a frame, (objects, frames)."""
        return np.isfinite(self.values).all(-1)

    def between(self, low: float, high: float) -> "Recording":
        """The frames from share `low` of them to share `high`."""
        first, last = (round(share * self.values.shape[1]) for share in (low, high))
        start = self.start + first * self.interval
        edges = _cut_edges(self.edges, first, last)
        return replace(self, start=start, values=self.values[:, first:last], edges=edges)

    def regular(self, settings: OwnSettings) -> "Recording":
        """Gaps refused, left or filled as `gaps`, `max_gap` and `objects` of the settings say.

        Raises RecordingError for a gap that is to be refused.
        """
        if settings.gaps == "refuse":
            _refuse_gaps(self, may_come_and_go=settings.objects is not None)
            return self
        if settings.gaps == "cut":
            return self
        times = self.interval * np.arange(self.values.shape[1])
        values = np.full_like(self.values, np.nan)
        for row, present in enumerate(self.present):
            known = self.values[row, present]
            values[row] = interpolate(times, times[present], known, settings.longest_gap)
        return replace(self, values=values)


@dataclass(frozen=True)
class Rows:
    """A recording as a table: columns `line` of the file, `time` in s, `object`, then the features.

    Features are called by their numbers 0, 1, …, whatever names they have, so that none is taken
    for another column. Sorted by time; `interval` in s is the step that it is to have. `edges`: as
    `edge_matrix`.
    """

    name: str
    place: str
    table: pd.DataFrame
    interval: float
    edges: pd.DataFrame | None = None

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the objects, in the order in which they appear."""
        return tuple(self.table["object"].unique())

    def between(self, low: float, high: float) -> "Rows":
        """The rows from share `low` of the duration to share `high`."""
        time = self.table["time"]
        first, frames = time.min(), (time.max() - time.min()) / self.interval + 1
        # Half a step before a frame, so that rounded times fall on the right side.
        cuts = [round(share * frames) - 0.5 for share in (low, high)]
        begin, end = (first + cut * self.interval for cut in cuts)
        return replace(self, table=self.table[(time >= begin) & (time < end)])

    def regular(self, settings: OwnSettings) -> Recording:
        """At equal steps; times between them and gaps as `gaps` of the settings says.

        Raises RecordingError for what is to be refused.
        """
        features = list(range(len(settings.features)))
        objects = self.objects
        start = float(self.table["time"].min()) if len(self.table) else 0.0
        offset = (self.table["time"] - start) / self.interval
        frames = round(offset.max()) + 1 if len(offset) else 0
        values = np.full((len(objects), frames, len(features)), np.nan)
        index = pd.Index(objects).get_indexer(self.table["object"])
        times = start + self.interval * (np.arange(frames) + TOLERANCE)
        edges = None if self.edges is None else edge_matrix(self.edges, objects, times)
        recording = Recording(self.name, start, self.interval, objects, values, edges)
        if settings.gaps == "interpolate":
            grid = start + self.interval * np.arange(frames)
            for number in range(len(objects)):
                rows = self.table[index == number]
                time, known = rows["time"].to_numpy(), rows[features].to_numpy(float)
                values[number] = interpolate(grid, time, known, settings.longest_gap)
            return recording
        frame = np.rint(offset).astype(int)
        self._check_times(offset - frame)
        self._check_duplicates(frame)
        values[index, frame] = self.table[features].to_numpy(float)
        return recording.regular(settings)

    def _check_times(self, deviation: pd.Series) -> None:
        off = deviation.abs() > TOLERANCE
        if off.any():
            row = self.table[off].iloc[0]
            raise RecordingError(
                f"{self.place}, line {row['line']}: time {row['time']:.6g} s is not a multiple of "
                f"the frame interval {self.interval:.6g} s after the first of the recording; "
                "correct frame_interval, or set `gaps: interpolate`"
            )

    def _check_duplicates(self, frame: pd.Series) -> None:
        twice = self.table.assign(frame=frame).duplicated(["object", "frame"], keep=False)
        if twice.any():
            first = self.table[twice].iloc[0]
            same = twice & (self.table["object"] == first["object"])
            lines = " and ".join(map(str, self.table[same]["line"].iloc[:2]))
            raise RecordingError(
                f"{self.place}, lines {lines}: object {first['object']} is there twice at time "
                f"{first['time']:.6g} s; remove one of the lines, or name the column that tells "
                "the recordings apart as columns.sample"
            )


def check_length(recording: Rows, features: int, edges_change: bool) -> None:
    """Raise RecordingError, before there is an array, if times lie too far apart for one."""
    time, count = recording.table["time"].to_numpy(), len(recording.objects)
    with np.errstate(over="ignore"):
        frames = np.ptp(time) / recording.interval + 1  # a float, as it may be infinite
        size = frames * count * (8 * features + (count if edges_change else 0))
    if size > LARGEST:
        jump = int(np.diff(time).argmax())
        before, after = recording.table.iloc[jump], recording.table.iloc[jump + 1]
        raise RecordingError(
            f"{recording.place}, lines {before['line']} and {after['line']}: recording "
            f"{recording.name} goes from time {before['time']:.9g} s (object {before['object']}) "
            f"to {after['time']:.9g} s (object {after['object']}); in steps of "
            f"{recording.interval:.6g} s it takes {size / 2**30:.3g} GiB, more than the limit of "
            f"{LARGEST / 2**30:.3g} GiB. Correct the time, or name the column that tells the "
            "recordings apart as columns.sample"
        )


def _refuse_gaps(recording: Recording, may_come_and_go: bool) -> None:
    """Raise RecordingError at the first frame that an object lacks."""
    present = recording.present
    absent = ~present
    if may_come_and_go:  # nothing is missing before an object has come and after it has gone
        came = np.logical_or.accumulate(present, axis=1)
        stays = np.logical_or.accumulate(present[:, ::-1], axis=1)[:, ::-1]
        absent &= came & stays
    if absent.any():
        number, frame = np.argwhere(absent)[0]
        time = recording.start + frame * recording.interval
        hint = "" if may_come_and_go else ", or `objects` for objects that come and go"
        raise RecordingError(
            f"recording {recording.name}: object {recording.objects[number]} has no value at time "
            f"{time:.6g} s (frame {frame}); set `gaps: cut` or `gaps: interpolate`{hint}"
        )


def edge_matrix(edges: pd.DataFrame, objects: tuple[str, ...], times: np.ndarray) -> np.ndarray:
    """Rows of `receiver`, `sender`, `type` → (N, N)[receiver, sender]; unnamed pairs are type 0.

    With `time` in s → (T, N, N) at `times` (T,): a row holds from its time to the next of its pair.
    """
    index = pd.Index(objects)
    receiver, sender = (index.get_indexer(edges[name]) for name in ("receiver", "sender"))
    known = (receiver >= 0) & (sender >= 0)  # others may be in another part of the recording
    receiver, sender, types = receiver[known], sender[known], edges["type"].to_numpy()[known]
    if "time" not in edges:
        matrix = np.zeros((len(objects), len(objects)), dtype=np.int8)
        matrix[receiver, sender] = types
        return matrix
    matrix = np.zeros((len(times), len(objects), len(objects)), dtype=np.int8)
    begin = edges["time"].to_numpy()[known]
    for row in np.argsort(begin):
        matrix[times >= begin[row], receiver[row], sender[row]] = types[row]
    return matrix


def _cut_edges(edges: np.ndarray | None, first: int, last: int | None) -> np.ndarray | None:
    """The edges of some frames; those that do not change are the same."""
    return edges if edges is None or edges.ndim == 2 else edges[first:last]


def add_velocities(recording: Recording, index: list[int]) -> Recording:
    """The recording with the velocities of the features at `index`, from its second frame on."""
    if not index or recording.values.shape[1] == 0:
        return recording
    values = with_velocities(recording.values, index, axis=1, interval=recording.interval)
    start, edges = recording.start + recording.interval, _cut_edges(recording.edges, 1, None)
    return replace(recording, start=start, values=values, edges=edges)


def common_interval(table: pd.DataFrame, keys: list[str]) -> float:
    """The frame interval in s of rows with `keys` and `time`: the mean step between two frames.

    Steps over several frames count as so many; 0 if no object has two times.
    """
    times = table.sort_values([*keys, "time"], kind="stable")
    steps = times.groupby(keys, sort=False)["time"].diff()
    steps = steps[steps > 0]
    if steps.empty:
        return 0.0
    frames = (steps / steps.median()).round().clip(lower=1)
    return float(steps.sum() / frames.sum())
