"""Own data: tables, arrays or dataset files, cut into the samples of a dataset file.

The settings of such a dataset are those of docs/own_data.md. What holds for all of them:

- A recording is split by time into consecutive parts, or goes to one split as a whole; windows lie
  within a part.
- A window holds objects that are there in each of its frames: all of the recording, or with
  `objects: n` any n. Of more than n the first n to appear make a sample, the next n another, and a
  rest is left out.
- Windows follow each other without overlap, but for those of training where `stride` is given.
  Where no window can begin, the next frame is tried.
"""

import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nri.data.format import SPLITS, DatasetWriter, Metadata, read_metadata, read_split
from nri.data.own_features import all_features
from nri.data.recordings import Recording, RecordingError, Rows, add_velocities
from nri.data.tables import TABLE_SUFFIXES, read_edges, read_table

__all__ = [
    "DATASET_SUFFIXES",
    "WINDOW_COLUMNS",
    "Windows",
    "find_windows",
    "prepare_own",
    "read_own",
    "regular_recordings",
]

WINDOW_COLUMNS = ["split", "sample", "recording", "start", "end", "objects"]
SEPARATOR = ";"  # between the names of objects in a table of windows

ARRAY_SUFFIXES = (".npz", ".npy")
DATASET_SUFFIXES = (".h5", ".hdf5")

log = logging.getLogger(__name__)

Parts = dict[str, list[Rows | Recording]]


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
            self.edges.append(recording.edges[np.ix_(chosen, chosen)])
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


def find_windows(
    recordings: Sequence[Recording], frames: int, objects: int | None, stride: int
) -> Windows:
    """Windows of complete objects, by the rules above."""
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


def read_own(settings: dict, paths: Sequence[Path]) -> list[list[Any]]:
    """The recordings of each file: `Rows` of tables, `Recording` of arrays.

    Of several files, recordings that are named in the file are called FILE:NAME.
    Raises RecordingError for what is wrong in a file.
    """
    found = [_read_file(settings, path) for path in paths]
    if len(paths) > 1:
        found = [
            [replace(recording, name=_full_name(path, recording.name)) for recording in recordings]
            for path, recordings in zip(paths, found, strict=True)
        ]
    counts = Counter(recording.name for recordings in found for recording in recordings)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise RecordingError(
            f"two files have a recording {twice[0]}; give the files different names"
        )
    _check_names([recording for recordings in found for recording in recordings])
    return found


def _full_name(path: Path, name: str) -> str:
    return name if name == path.stem else f"{path.stem}:{name}"


def _read_file(settings: dict, path: Path) -> list[Any]:
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        recordings: list[Any] = read_table(path, settings)
    elif suffix in ARRAY_SUFFIXES:
        recordings = list(_arrays(path, settings))
    else:
        kinds = ", ".join((*TABLE_SUFFIXES, *ARRAY_SUFFIXES, *DATASET_SUFFIXES))
        raise RecordingError(f"{path}: no reader for {suffix or 'no suffix'}; known: {kinds}")
    log.info("%s: %d recordings", path, len(recordings))
    return recordings


def _check_names(recordings: Sequence[Any]) -> None:
    for recording in recordings:
        objects = (
            recording.objects if isinstance(recording, Recording) else recording.table["object"]
        )
        if wrong := [name for name in set(objects) if SEPARATOR in name]:
            raise RecordingError(
                f"recording {recording.name}: object {wrong[0]!r} has a {SEPARATOR!r} in its name, "
                "which separates names in what is written; rename it"
            )


def _arrays(path: Path, settings: dict) -> Iterator[Recording]:
    """Recordings of an array `trajectories` (S, N, T, D), NaN where a value is missing."""
    try:
        stored = np.load(path)
        arrays = {"trajectories": stored} if isinstance(stored, np.ndarray) else dict(stored)
    except (OSError, ValueError) as error:
        raise RecordingError(
            f"{path}: not a readable NumPy file without pickled objects ({error}); save plain "
            "arrays with numpy.savez"
        ) from error
    if "trajectories" not in arrays:
        raise RecordingError(f"{path}: no array 'trajectories'; the file has {', '.join(arrays)}")
    trajectories, edges = arrays["trajectories"], arrays.get("edges")
    _check_arrays(path, trajectories, edges, settings)
    names = arrays.get("objects", np.arange(trajectories.shape[1]))
    yield from _samples(trajectories, edges, tuple(map(str, names)), settings["frame_interval"])


def _check_arrays(
    path: Path, trajectories: np.ndarray, edges: np.ndarray | None, settings: dict
) -> None:
    features, types = len(settings["features"]), len(settings["edge_types"])
    if trajectories.ndim != 4 or trajectories.shape[-1] != features:
        raise RecordingError(
            f"{path}: trajectories has shape {trajectories.shape}, expected (samples, objects, "
            f"frames, features) with the {features} of `features`"
        )
    if trajectories.dtype.kind not in "fiu" or np.isinf(trajectories).any():
        raise RecordingError(f"{path}: trajectories must be finite numbers, or NaN where missing")
    if not settings["frame_interval"]:
        raise RecordingError(f"{path}: an array has no times; set `frame_interval` in seconds")
    if (edges is not None) != (types > 0):
        remedy = "name the types in `edge_types`" if types == 0 else "add them, or set it to []"
        raise RecordingError(f"{path}: edges and `edge_types` belong together; {remedy}")
    if edges is None:
        return
    samples, objects = trajectories.shape[:2]
    if edges.shape != (samples, objects, objects) or edges.dtype.kind not in "iu":
        raise RecordingError(
            f"{path}: edges of {edges.dtype} has shape {edges.shape}, expected whole numbers "
            f"{(samples, objects, objects)} (samples, receiver, sender)"
        )
    if not 0 <= edges.min() <= edges.max() < types:
        raise RecordingError(
            f"{path}: edges from {edges.min()} to {edges.max()} must be indices into the {types} "
            "`edge_types`"
        )


def _samples(
    trajectories: np.ndarray, edges: np.ndarray | None, names: tuple[str, ...], interval: float
) -> Iterator[Recording]:
    for number, values in enumerate(trajectories):
        own = None if edges is None else edges[number].astype(np.int8)
        yield Recording(str(number), 0.0, interval, names, values.astype(float), own)


def _dataset_file(path: Path, settings: dict) -> Parts:
    """The splits of a file in our own format."""
    metadata, parts = read_metadata(path), {}
    for key in ("features", "edge_types"):
        if getattr(metadata, key) != tuple(settings[key]):
            found = ", ".join(getattr(metadata, key)) or "none"
            raise RecordingError(
                f"{path}: the file's {key} are {found}, the config says "
                f"{', '.join(settings[key]) or 'none'}; correct the config"
            )
    for split in SPLITS:
        data = read_split(path, split)
        names = metadata.objects or tuple(map(str, range(data.trajectories.shape[1])))
        interval = metadata.frame_interval
        parts[split] = list(_samples(data.trajectories, data.edges, names, interval))
    return parts


def _split(recordings: list[Any], rule: dict) -> Parts:
    """Parts of recordings by time, or whole ones drawn for each split."""
    ends = np.cumsum([rule[split] for split in SPLITS])
    ends = np.minimum(ends / ends[-1], 1.0)
    starts = [0.0, *ends[:-1]]
    if rule["by"] == "time":
        return {
            split: [recording.between(low, high) for recording in recordings]
            for split, low, high in zip(SPLITS, starts, ends, strict=True)
        }
    if len(recordings) < len(SPLITS):
        raise RecordingError(
            f"{len(recordings)} recordings are too few to split by sample; "
            "set `split: {by: time}`"
        )
    order = np.random.default_rng(rule["seed"]).permutation(len(recordings))
    cuts = [0, *(round(end * len(order)) for end in ends)]
    # Each split has one at least.
    cuts[1] = min(max(cuts[1], 1), len(order) - 2)
    cuts[2] = min(max(cuts[2], cuts[1] + 1), len(order) - 1)
    return {
        split: [recordings[number] for number in sorted(order[low:high])]
        for split, low, high in zip(SPLITS, cuts[:-1], cuts[1:], strict=True)
    }


def _parts(settings: dict, files: dict[str, list[Path]], edges: Path | None) -> Parts:
    """What each split is made of: its own files, or a part of all."""
    _check_disjoint(files)
    paths = [path for split in files for path in files[split]]
    if paths[0].suffix in DATASET_SUFFIXES:
        return _dataset_file(paths[0], settings)
    recordings = read_own(settings, paths)
    if edges is not None:
        flat = read_edges(edges, [r for each in recordings for r in each], settings["edge_types"])
        rest = iter(flat)
        recordings = [[next(rest) for _ in each] for each in recordings]
    if "" in files:
        return _split([r for each in recordings for r in each], settings["split"])
    of = dict(zip(paths, recordings, strict=True))
    return {split: [r for path in files[split] for r in of[path]] for split in SPLITS}


def prepare_own(
    settings: dict,
    files: dict[str, list[Path]],
    edges: Path | None,
    output: str | os.PathLike,
) -> pd.DataFrame:
    """Make the dataset file `output`; returns where each sample is from (`WINDOW_COLUMNS`).

    files: of each split, or of all under the key "" where `split` of the settings says which part
    goes where. Raises RecordingError or DataFormatError before anything is written.
    """
    parts = _parts(settings, files, edges)
    regular = {split: regular_recordings(parts[split], settings) for split in SPLITS}
    sizes = {len(r.objects) for split in SPLITS for r in regular[split] if r.values.size}
    if settings["objects"] is None and len(sizes) > 1:
        raise RecordingError(
            f"recordings have from {min(sizes)} to {max(sizes)} objects; set `objects` to how many "
            "a sample is to have"
        )
    found = {}
    for split in SPLITS:
        frames = settings["frames"][split]
        stride = (settings["stride"] if split == "train" else None) or frames
        found[split] = find_windows(regular[split], frames, settings["objects"], stride)
        log.info("%s: %d samples of %d frames", split, len(found[split]), frames)
        if not len(found[split]):
            raise RecordingError(_nothing(split, frames, regular[split], settings))
    interval = next(r.interval for r in regular["train"])
    _write(settings, found, interval, output)
    rows = [{"split": split, **row} for split in SPLITS for row in found[split].rows]
    return pd.DataFrame(rows, columns=WINDOW_COLUMNS)


def regular_recordings(parts: Sequence[Rows | Recording], settings: dict) -> list[Recording]:
    """Recordings at equal steps, gaps as the settings say, with the velocities.

    Raises RecordingError for what is to be refused, and for intervals that differ.
    """
    index = [settings["features"].index(name) for name in settings["velocities"]]
    intervals = [part.interval for part in parts]
    if intervals and max(intervals) > 1.01 * min(intervals):
        raise RecordingError(
            f"frame intervals from {min(intervals):.6g} to {max(intervals):.6g} s in different "
            "files; set `frame_interval` and `gaps: interpolate`"
        )
    return [add_velocities(part.regular(settings), index) for part in parts]


def _check_disjoint(files: dict[str, list[Path]]) -> None:
    seen: dict[Path, str] = {}
    for split, paths in files.items():
        for path in map(Path.resolve, paths):
            if path in seen:
                raise RecordingError(f"{path} is in {seen[path]} and in {split}; leave one out")
            seen[path] = split


def _nothing(split: str, frames: int, recordings: list[Recording], settings: dict) -> str:
    wanted = settings["objects"]
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


def _write(
    settings: dict, found: dict[str, Windows], interval: float, output: str | os.PathLike
) -> None:
    names = {row["objects"] for windows in found.values() for row in windows.rows}
    units = settings["units"] or [""] * len(settings["features"])
    index = [settings["features"].index(name) for name in settings["velocities"]]
    metadata = Metadata(
        features=all_features(settings),
        units=(*units, *(f"{units[i]}/s" if units[i] else "" for i in index)),
        frame_interval=interval,
        edge_types=tuple(settings["edge_types"]),
        config=settings,
        shared_ranges=tuple(map(tuple, settings["shared_ranges"])),
        objects=tuple(names.pop().split(SEPARATOR)) if len(names) == 1 else (),
    )
    with DatasetWriter(output, metadata) as writer:
        for split, windows in found.items():
            trajectories = np.stack(windows.trajectories)
            edges = np.stack(windows.edges) if windows.edges else None
            count, objects, frames, _ = trajectories.shape
            writer.create_split(split, count, objects, frames, with_edges=edges is not None)
            writer.write(split, 0, trajectories, edges)
