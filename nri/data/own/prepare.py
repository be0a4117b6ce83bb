"""Own data: tables, arrays or dataset files, cut into the samples of a dataset file.

A recording is split by time into consecutive parts, or goes to one split as a whole; windows lie
within a part, by the rules of `nri.data.own.windows`.
"""

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nri.data.format import Metadata
from nri.data.glitches import Glitches, note_glitches, treat_glitches
from nri.data.names import wrong_name
from nri.data.own.arrays import read_arrays, read_dataset
from nri.data.own.dnri import read_dnri
from nri.data.own.edge_tables import read_edges
from nri.data.own.recordings import Recording, RecordingError, Rows, add_velocities
from nri.data.own.settings import (
    ARRAY_SUFFIXES,
    DATASET_SUFFIXES,
    TABLE_SUFFIXES,
    OwnSettings,
    SplitRule,
    all_features,
    all_units,
)
from nri.data.own.tables import read_table
from nri.data.own.windows import SEPARATOR, WINDOW_COLUMNS, Windows, explain_nothing, find_windows
from nri.data.splits import SPLITS
from nri.data.writer import DatasetWriter
from nri.files import atomic_path

__all__ = ["prepare_own", "read_own", "regular_recordings", "split_recordings"]

log = logging.getLogger(__name__)

Parts = Mapping[str, Sequence[Rows | Recording]]


def read_own(settings: OwnSettings, paths: Sequence[Path]) -> list[list[Any]]:
    """The recordings of each file: `Rows` of tables, `Recording` of arrays.

    Of several files, recordings that are named in the file are called FILE:NAME.
    Raises RecordingError for what is wrong in a file.
    """
    found = [_read_file(settings, path) for path in paths]
    for path, recordings in zip(paths, found, strict=True):
        _check_names(path, recordings)
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
    return found


def _full_name(path: Path, name: str) -> str:
    return name if name == path.stem else f"{path.stem}:{name}"


def _read_file(settings: OwnSettings, path: Path) -> list[Any]:
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        recordings: list[Any] = read_table(path, settings)
    elif suffix in ARRAY_SUFFIXES:
        recordings = read_arrays(path, settings)
    else:
        kinds = ", ".join((*TABLE_SUFFIXES, *ARRAY_SUFFIXES, *DATASET_SUFFIXES))
        raise RecordingError(f"{path}: no reader for {suffix or 'no suffix'}; known: {kinds}")
    log.info("%s: %d recording%s", path, len(recordings), "" if len(recordings) == 1 else "s")
    return recordings


def _check_names(path: Path, recordings: Sequence[Rows | Recording]) -> None:
    """Raise RecordingError for names that what is written cannot hold or tell apart."""
    for recording in recordings:
        place = f"{path}: recording {recording.name!r}"
        if problem := wrong_name([recording.name]):
            raise RecordingError(f"{place}: {problem}")
        if problem := wrong_name(recording.objects):
            raise RecordingError(f"{place}: object {problem}")
        if wrong := [name for name in recording.objects if SEPARATOR in name]:
            raise RecordingError(
                f"{place}: object {wrong[0]!r} has a {SEPARATOR!r} in its name, which separates "
                "names in what is written; rename it"
            )


def split_recordings(recordings: list[Any], rule: SplitRule) -> Parts:
    """Parts of recordings by time, or whole ones drawn for each split."""
    ends = np.cumsum([getattr(rule, split) for split in SPLITS])
    ends = np.minimum(ends / ends[-1], 1.0)
    starts = [0.0, *ends[:-1]]
    if rule.by == "time":
        return {
            split: [recording.between(low, high) for recording in recordings]
            for split, low, high in zip(SPLITS, starts, ends, strict=True)
        }
    if len(recordings) < len(SPLITS):
        raise RecordingError(
            f"{len(recordings)} recordings are too few to split by sample; "
            "set `split: {by: time}`"
        )
    order = np.random.default_rng(rule.seed).permutation(len(recordings))
    cuts = [0, *(round(end * len(order)) for end in ends)]
    # Each split has one at least.
    cuts[1] = min(max(cuts[1], 1), len(order) - 2)
    cuts[2] = min(max(cuts[2], cuts[1] + 1), len(order) - 1)
    return {
        split: [recordings[number] for number in sorted(order[low:high])]
        for split, low, high in zip(SPLITS, cuts[:-1], cuts[1:], strict=True)
    }


def _parts(settings: OwnSettings, files: Mapping[str, Sequence[Path]], edges: Path | None) -> Parts:
    """What each split is made of: its own files, or a part of all."""
    _check_disjoint(files)
    paths = [path for split in files for path in files[split]]
    if paths[0].is_dir():
        return read_dnri(paths[0], settings)
    if paths[0].suffix in DATASET_SUFFIXES:
        parts = read_dataset(paths[0], settings)
        for split in SPLITS:
            _check_names(paths[0], parts[split])
        return parts
    recordings = read_own(settings, paths)
    if edges is not None:
        flat = read_edges(edges, [r for each in recordings for r in each], settings)
        rest = iter(flat)
        recordings = [[next(rest) for _ in each] for each in recordings]
    if "files" in files:
        return split_recordings([r for each in recordings for r in each], settings.split)
    of = dict(zip(paths, recordings, strict=True))
    return {split: [r for path in files[split] for r in of[path]] for split in SPLITS}


def prepare_own(
    settings: OwnSettings,
    files: Mapping[str, Sequence[Path]],
    edges: Path | None,
    output: str | os.PathLike,
) -> pd.DataFrame:
    """Make the dataset file `output`; returns where each sample is from (`WINDOW_COLUMNS`).

    files: those of each split, or under the key "files" all, which `settings.split` divides.
    Raises RecordingError or DataFormatError before anything is written.
    """
    parts = _parts(settings, files, edges)
    regular = {split: regular_recordings(parts[split], settings) for split in SPLITS}
    sizes = {len(r.objects) for split in SPLITS for r in regular[split] if r.values.size}
    if settings.objects is None and len(sizes) > 1:
        raise RecordingError(
            f"recordings have from {min(sizes)} to {max(sizes)} objects; set `objects` to how many "
            "a sample is to have"
        )
    found = {}
    for split in SPLITS:
        frames = settings.frames[split]
        stride = (settings.stride if split == "train" else None) or frames
        found[split] = find_windows(regular[split], frames, settings.objects, stride)
        log.info("%s: %d samples of %d frames", split, len(found[split]), frames)
        if not len(found[split]):
            reason = explain_nothing(split, frames, regular[split], settings.objects)
            raise RecordingError(reason)
    interval = next(r.interval for r in regular["train"])
    if settings.glitches == "keep":
        _write(settings, found, interval, output)
    else:
        treated = _treat(settings, found)
        with atomic_path(output) as temporary:
            _write(settings, found, interval, temporary)
            note_glitches(temporary, treated)
    rows = [{"split": split, **row} for split in SPLITS for row in found[split].rows]
    return pd.DataFrame(rows, columns=WINDOW_COLUMNS)


def _treat(settings: OwnSettings, found: Mapping[str, Windows]) -> Glitches:
    """Clip or drop what lies far beyond all other values, in the windows themselves."""
    stacked = {split: np.stack(found[split].trajectories) for split in SPLITS}
    treated = treat_glitches(
        stacked, all_features(settings), settings.shared_ranges, settings.glitches
    )
    for split, windows in found.items():
        windows.replace(treated.samples[split], treated.kept[split])
    return treated


def regular_recordings(parts: Sequence[Rows | Recording], settings: OwnSettings) -> list[Recording]:
    """Recordings at equal steps, gaps as the settings say, with the velocities.

    Raises RecordingError for what is to be refused, and for intervals that differ.
    """
    index = [settings.features.index(name) for name in settings.velocities]
    intervals = [part.interval for part in parts]
    if intervals and max(intervals) > 1.01 * min(intervals):
        raise RecordingError(
            f"frame intervals from {min(intervals):.6g} to {max(intervals):.6g} s in different "
            "files; set `frame_interval` and `gaps: interpolate`"
        )
    return [add_velocities(part.regular(settings), index) for part in parts]


def _check_disjoint(files: Mapping[str, Sequence[Path]]) -> None:
    seen: dict[Path, str] = {}
    for split, paths in files.items():
        for path in map(Path.resolve, paths):
            if path in seen:
                raise RecordingError(f"{path} is in {seen[path]} and in {split}; leave one out")
            seen[path] = split


def _write(
    settings: OwnSettings, found: dict[str, Windows], interval: float, output: str | os.PathLike
) -> None:
    names = {row["objects"] for windows in found.values() for row in windows.rows}
    metadata = Metadata(
        features=all_features(settings),
        units=all_units(settings),
        frame_interval=interval,
        edge_types=tuple(settings.edge_types),
        config=settings.model_dump(mode="json"),
        shared_ranges=tuple(map(tuple, settings.shared_ranges)),
        objects=tuple(names.pop().split(SEPARATOR)) if len(names) == 1 else (),
        edges_change=settings.edges_change,
    )
    with DatasetWriter(output, metadata) as writer:
        for split, windows in found.items():
            trajectories = np.stack(windows.trajectories)
            edges = np.stack(windows.edges) if windows.edges else None
            count, objects, frames, _ = trajectories.shape
            writer.create_split(split, count, objects, frames, with_edges=edges is not None)
            writer.write(split, 0, trajectories, edges)
