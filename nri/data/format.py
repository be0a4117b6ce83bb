"""The dataset file: trajectories, edges and normalisation in one HDF5 (docs/data_format.md).

`nri.data.writer` writes it.
"""

import json
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from nri.data.checks import (
    VERSIONS,
    DataFormatError,
    check_edge_shape,
    check_edges,
    check_finite,
    check_names,
    check_objects,
)
from nri.data.normalisation import Normalisation
from nri.data.reading import check_size, crash, reading
from nri.data.splits import SPLITS
from nri.files import make_again

__all__ = [
    "FORMAT",
    "SPLITS",
    "VERSIONS",
    "DataFormatError",
    "Dataset",
    "Metadata",
    "Split",
    "StoredMetadata",
    "read_metadata",
    "read_split",
]

FORMAT = "nri-trajectories"
PIECE = 2**22  # bytes of a piece of a split


@dataclass(frozen=True)
class Metadata:
    """What the root attributes of a dataset file say.

    `config` is what its source's settings were, empty where the file does not say.
    `shared_ranges` lists the groups of features that are scaled by one common range.
    `skeleton`, where the objects are joints, is their bone graph: (objects, objects),
    1 where two joints share a bone. `objects` names the objects, where they have names.
    `edges_change`: edges, where there are any, have a time axis. `observed_frames`: frames of a
    training sample, which are the frames that an encoder sees; by default those of `config`.
    """

    features: tuple[str, ...]
    units: tuple[str, ...]
    frame_interval: float
    edge_types: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    shared_ranges: tuple[tuple[str, ...], ...] = ()
    objects: tuple[str, ...] = ()
    skeleton: np.ndarray | None = None
    edges_change: bool = False
    observed_frames: int | None = None

    def __post_init__(self) -> None:
        if self.observed_frames is None and "frames" in self.config:
            object.__setattr__(self, "observed_frames", self.config["frames"]["train"])


@dataclass(frozen=True)
class StoredMetadata(Metadata):
    """What a complete file says: its training split has been written and has a range."""

    normalisation: Normalisation = field(kw_only=True)


@dataclass(frozen=True)
class Split:
    """`trajectories` (samples, objects, frames, features) float32 in the system's units;
    `edges` (samples, objects, objects) int8, `edges[s, receiver, sender]`, or None. Edges that
    change are (samples, frames, objects, objects).
    """

    trajectories: np.ndarray
    edges: np.ndarray | None

    @property
    def known_edges(self) -> np.ndarray:
        """`edges` of a split that has them; raises ValueError for others."""
        if self.edges is None:
            raise ValueError("no true edges are known of these trajectories")
        return self.edges


def _reading(path: str | os.PathLike) -> AbstractContextManager[None]:
    """Turns what h5py raises in a block into DataFormatError."""
    return reading(path, "not a readable HDF5 file", make_again(path), DataFormatError)


def _open(path: str | os.PathLike) -> h5py.File:
    if not Path(path).is_file():
        raise DataFormatError(f"{path}: no such file; run the pipeline's data target first")
    return h5py.File(path, "r")


def _check_version(file: h5py.File) -> None:
    name, version = file.attrs.get("format"), file.attrs.get("version")
    if name != FORMAT or version not in VERSIONS.values():
        raise DataFormatError(
            f"{file.filename}: root attributes say format={name}, version={version}, expected "
            f"format={FORMAT}, version={' or '.join(map(str, VERSIONS.values()))}; "
            "see docs/data_format.md"
        )


def _names(value: Sequence) -> tuple[str, ...]:
    """Names in an attribute; those that were stored with a fixed length come as bytes."""
    return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in value)


def _required(file: h5py.File, name: str) -> Any:
    """A root attribute, or DataFormatError."""
    if name not in file.attrs:
        raise DataFormatError(
            f"{file.filename}: root attribute '{name}' is missing; see docs/data_format.md"
        )
    return file.attrs[name]


def _frame_interval(file: h5py.File) -> float:
    interval = float(_required(file, "frame_interval"))
    if not 0 < interval < math.inf:  # NaN fails as well
        raise DataFormatError(
            f"{file.filename}: root attribute 'frame_interval' is {interval}; set it to the "
            "seconds between two frames"
        )
    return interval


def _read_normalisation(file: h5py.File, features: int, needed: bool) -> Normalisation:
    if not needed and "normalisation" not in file:
        unknown = np.full(features, np.nan)
        return Normalisation(unknown, unknown)
    nothing = np.full(0, np.nan)
    minimum = file.get("normalisation/minimum", nothing)[()]
    maximum = file.get("normalisation/maximum", nothing)[()]
    shaped = minimum.shape == maximum.shape == (features,)
    if not (shaped and np.isfinite([minimum, maximum]).all() and (minimum <= maximum).all()):
        raise DataFormatError(
            f"{file.filename}: normalisation/minimum and normalisation/maximum must hold the range "
            f"of each of the {features} features in the training split; see docs/data_format.md"
        )
    return Normalisation(minimum, maximum)


def _check_stored(values: h5py.Dataset, place: str) -> None:
    """Raise DataFormatError for values that are not all in the file.

    HDF5 gives zeros, and no error, for what was never written and for a virtual data set whose
    source is gone.
    """
    if values.is_virtual or values.external:
        raise DataFormatError(f"{place} refers to values in other files; store them in this one")
    if values.chunks is None:
        whole = values.size == 0 or values.id.get_storage_size() > 0
    else:
        pairs = zip(values.shape, values.chunks, strict=True)
        chunks = math.prod(-(-length // chunk) for length, chunk in pairs)
        whole = values.id.get_num_chunks() == chunks
    if not whole:
        raise DataFormatError(f"{place} has values that were never written; write all of them")


def _check_trajectories(file: h5py.File, metadata: Metadata) -> None:
    """Raise DataFormatError for trajectories of a split that do not fit the features or the others.

    Nothing is read of them.
    """
    features = len(metadata.features)
    counts: dict[str, int] = {}
    for split in SPLITS:
        if f"{split}/trajectories" not in file:
            continue
        values, place = file[f"{split}/trajectories"], f"{file.filename}: {split}/trajectories"
        if len(values.shape) != 4 or values.shape[-1] != features:
            raise DataFormatError(
                f"{place} has shape {values.shape}, expected (samples, objects, frames, "
                f"features) with the {features} features of the root attribute"
            )
        if values.dtype.kind not in "fiu":
            raise DataFormatError(f"{place} holds {values.dtype}, expected numbers; store float32")
        check_objects(values.shape[1], place)
        _check_stored(values, place)
        counts[split] = values.shape[1]
    if metadata.objects:
        counts["root attribute 'objects'"] = len(metadata.objects)
    if metadata.skeleton is not None:
        counts["skeleton"] = len(metadata.skeleton)
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{count} in {place}" for place, count in counts.items())
        raise DataFormatError(
            f"{file.filename}: numbers of objects differ ({found}); all samples need the same "
            "objects, so make a file for each number"
        )


def _checked(file: h5py.File, needs_range: bool) -> StoredMetadata:
    """The metadata of a file of which all has been checked but the values of its splits."""
    _check_version(file)
    metadata = _read_metadata(file, needs_range)
    check_names(metadata, file.filename)
    _check_trajectories(file, metadata)
    return metadata


class Dataset:
    """A dataset file, opened once for its `metadata` and its splits; a context manager.

    Raises DataFormatError if the file is absent, unreadable, of another format or incomplete.
    needs_range: without it, a file may lack the range of its training split, which is then NaN.
    """

    def __init__(self, path: str | os.PathLike, needs_range: bool = True):
        self.path = path
        with _reading(path):
            if problem := crash(lambda: _checked(_open(path), needs_range)):
                raise DataFormatError(
                    f"{path}: damaged, so that libhdf5 cannot read it ({problem}); "
                    f"{make_again(path)}"
                )
            self._file = _open(path)
            try:
                self.metadata = _checked(self._file, needs_range)
            except BaseException:
                self._file.close()
                raise

    def __enter__(self) -> "Dataset":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def shape(self, split: str) -> tuple[int, int, int, int]:
        """(samples, objects, frames, features) of a split; raises DataFormatError if it is absent.

        Nothing is read of its values.
        """
        with _reading(self.path):
            return self._trajectories(split).shape

    def size(self, split: str) -> int:
        """Bytes in memory of a split, its edges as numbers that an index can be."""
        with _reading(self.path):
            values, edges = self._trajectories(split), self._file[split].get("edges")
            return 4 * values.size + (0 if edges is None else 8 * edges.size)

    def pieces(self, split: str) -> Iterator[slice]:
        """All samples of a split, some whole chunks of the file at a time: `PIECE` bytes or so."""
        with _reading(self.path):
            values = self._trajectories(split)
            count, chunk = len(values), (values.chunks or (1,))[0]
            wanted = PIECE * max(count, 1) // max(values.nbytes, 1)
        size = max(1, wanted // chunk) * chunk
        for start in range(0, count, size):
            yield slice(start, min(start + size, count))

    def _trajectories(self, split: str) -> h5py.Dataset:
        if f"{split}/trajectories" not in self._file:
            have = ", ".join(name for name in SPLITS if name in self._file)
            raise DataFormatError(f"{self.path}: no {split}/trajectories; the file has: {have}")
        return self._file[f"{split}/trajectories"]

    def split(self, split: str, samples: slice | Sequence[int] = slice(None)) -> Split:
        """One split, or some of its samples.

        Raises DataFormatError if the split is absent or damaged, shapes disagree, a value is not
        finite, an edge is of no known type, or so many samples are too many for the memory.
        """
        with _reading(self.path):
            return self._read_split(split, samples)

    def _read_split(self, split: str, samples: slice | Sequence[int]) -> Split:
        values = self._trajectories(split)
        place, first = f"{self.path}: {split}", samples.start if isinstance(samples, slice) else 0
        shape, stored_edges = values.shape, self._file[split].get("edges")
        if stored_edges is not None:
            check_edge_shape(stored_edges, shape, self.metadata, f"{place}/edges")
            _check_stored(stored_edges, f"{place}/edges")
        count = len(range(shape[0])[samples]) if isinstance(samples, slice) else len(samples)
        size = count * math.prod(shape[1:]) * values.dtype.itemsize
        check_size(size, f"{place}/trajectories", DataFormatError)
        trajectories = values[samples].astype(np.float32, copy=False)
        check_finite(trajectories, f"{place}/trajectories", first or 0)
        if stored_edges is None:
            return Split(trajectories, None)
        edges = stored_edges[samples]
        check_edges(edges, trajectories.shape, self.metadata, f"{place}/edges")
        return Split(trajectories, edges)


def _read_metadata(file: h5py.File, needs_range: bool) -> StoredMetadata:
    attributes = file.attrs
    features = _names(_required(file, "features"))
    normalisation = _read_normalisation(file, len(features), needs_range)
    group = file.get("normalisation")
    shared_ranges = [] if group is None else json.loads(group.attrs.get("shared_ranges", "[]"))
    trained = file.get("train/trajectories")
    return StoredMetadata(
        features=features,
        units=_names(attributes.get("units", [""] * len(features))),
        frame_interval=_frame_interval(file),
        edge_types=_names(attributes.get("edge_types", ())),
        config=json.loads(attributes.get("config", "null")) or {},
        shared_ranges=tuple(map(tuple, shared_ranges)),
        objects=_names(attributes.get("objects", ())),
        skeleton=file["skeleton"][:] if "skeleton" in file else None,
        edges_change=bool(attributes["version"] == VERSIONS[True]),
        normalisation=normalisation,
        observed_frames=trained.shape[2] if trained is not None and trained.ndim == 4 else None,
    )


def read_metadata(path: str | os.PathLike) -> StoredMetadata:
    """The metadata of a file of which nothing else is read; raises as `Dataset`."""
    with Dataset(path) as dataset:
        return dataset.metadata


def read_split(
    path: str | os.PathLike, split: str, samples: slice | Sequence[int] = slice(None)
) -> Split:
    """The split of a file of which nothing else is read; raises as `Dataset.split`."""
    with Dataset(path) as dataset:
        return dataset.split(split, samples)
