"""How large a data set is, before it is made and without loading it."""

import csv
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from nri.choices import SOURCES, load
from nri.data.own.settings import TABLE_SUFFIXES, OwnSettings
from nri.data.source import DatasetSettings
from nri.data.splits import SPLITS

__all__ = ["Shape", "shape_of"]

UNKNOWN_OBJECTS = {"mocap": 31, "basketball": 5}
"""Objects of recordings whose settings do not say how many there are: joints, and players."""
LOOKED_AT = 20_000
"""Rows of a table in which its objects are counted."""
BYTES_OF_VALUE = 8
"""What a number takes in an array or, at least, in a table."""


@dataclass(frozen=True)
class Shape:
    """Samples and frames of each split, objects N and features D; an upper bound of recordings."""

    samples: dict[str, int]
    frames: dict[str, int]
    objects: int
    features: int

    @property
    def edges(self) -> int:
        """Ordered pairs of objects, E."""
        return self.objects * (self.objects - 1)

    @property
    def values(self) -> int:
        """Numbers that the trajectories of all splits consist of."""
        frames = sum(self.samples[split] * self.frames[split] for split in SPLITS)
        return frames * self.objects * self.features


def shape_of(settings: DatasetSettings, files: Sequence[str | os.PathLike] = ()) -> Shape:
    """The shape that a data set will have. files: those of the user's that it is made of."""
    source = load(SOURCES[settings.source])
    features = len(source.features(settings))
    frames = {split: settings.frames[split] for split in SPLITS}
    if isinstance(settings, OwnSettings):
        objects, windows = _of_tables(settings, [Path(path) for path in files])
        objects, windows = objects or 10, windows or source.training_samples(settings)
        samples = {"train": windows, "valid": 1 + windows // 4, "test": 1 + windows // 4}
        return Shape(samples, frames, objects, features)
    simulated = getattr(settings, "samples", None)
    train = source.training_samples(settings)
    samples = {split: simulated[split] if simulated else train // 4 for split in SPLITS}
    objects = getattr(settings, "objects", None) or UNKNOWN_OBJECTS.get(settings.source, 10)
    return Shape(samples | {"train": train}, frames, objects, features)


def _of_tables(settings: OwnSettings, files: Sequence[Path]) -> tuple[int, int]:
    """Objects and training windows of files; 0 where they cannot be looked into."""
    columns, features = settings.columns, len(settings.features)
    tables = [file for file in files if PurePath(file).suffix.lower() in TABLE_SUFFIXES]
    try:
        size = sum(file.stat().st_size for file in files)
        rows = sum(map(_lines, tables)) or size // (BYTES_OF_VALUE * features)
        looks = [_look_into(settings, table) for table in tables]
    except (OSError, ValueError):
        return settings.objects or 0, 0
    found, recordings = (
        (max(each, default=1) for each in zip(*looks, strict=True)) if looks else (0, 1)
    )
    objects = settings.objects or len(columns.objects or ()) or found
    frames = rows if columns.objects else rows // max(1, objects)
    begun = frames - round(recordings * max(1, rows / LOOKED_AT)) * (settings.frames.train - 1)
    split = settings.split
    share = split.train / (split.train + split.valid + split.test)
    return objects, max(1, round(share * begun / (settings.stride or settings.frames.train)))


def _lines(path: Path) -> int:
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _look_into(settings: OwnSettings, table: Path) -> tuple[int, int]:
    """Most objects of a recording, and recordings, in the first rows of a table."""
    columns, found = settings.columns, defaultdict(set)
    with open(table, newline="", encoding="utf-8", errors="replace") as file:
        reader = csv.DictReader(file, settings.names, delimiter=settings.separator[:1])
        for _, row in zip(range(LOOKED_AT), reader, strict=False):
            found[row.get(columns.sample or "")].add(row.get(columns.object or ""))
    return max(map(len, found.values()), default=0), len(found)
