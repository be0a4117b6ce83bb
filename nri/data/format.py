"""The dataset file: trajectories, edges and normalisation in one HDF5 (docs/data_format.md).

`nri.data.writer` writes it.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from nri.data.normalisation import Normalisation
from nri.data.splits import SPLITS

__all__ = [
    "FORMAT",
    "SPLITS",
    "VERSIONS",
    "DataFormatError",
    "Dataset",
    "Metadata",
    "Split",
    "StoredMetadata",
    "check_edges",
    "check_finite",
    "check_objects",
    "read_metadata",
    "read_split",
]

FORMAT = "nri-trajectories"
VERSIONS = {False: 1, True: 2}
"""The version of a file by whether its edges change in time."""


class DataFormatError(ValueError):
    """A file that is not a valid dataset; the message names the file, the place and the remedy."""


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


def check_finite(trajectories: np.ndarray, place: str, start: int = 0) -> None:
    """Raise DataFormatError naming the first sample with a value that is not finite."""
    finite = np.isfinite(trajectories).all((1, 2, 3))
    if not finite.all():
        raise DataFormatError(
            f"{place}: sample {start + int(finite.argmin())} is not finite; "
            "correct it or leave it out"
        )


def check_objects(objects: int, place: str) -> None:
    """Raise DataFormatError if there is no pair of objects."""
    if objects < 2:
        raise DataFormatError(
            f"{place} has {objects} object; a graph joins two or more. Check that the second axis "
            "is that of the objects, and record the objects that act on each other together"
        )


def check_edges(edges: np.ndarray, shape: Sequence[int], metadata: Metadata, place: str) -> None:
    """Raise DataFormatError if edges do not fit trajectories of a shape or are of no known type."""
    count, objects, frames, _ = shape
    time, axis = ((frames,), "frame, ") if metadata.edges_change else ((), "")
    if edges.shape != (count, *time, objects, objects):
        raise DataFormatError(
            f"{place} has shape {edges.shape}, expected {(count, *time, objects, objects)} "
            f"(samples, {axis}receiver, sender) of version {VERSIONS[metadata.edges_change]}; "
            f"edges with a time axis are version {VERSIONS[True]}"
        )
    types = len(metadata.edge_types)
    if edges.size and not 0 <= edges.min() <= edges.max() < types:
        raise DataFormatError(
            f"{place}: values from {edges.min()} to {edges.max()} must be indices into the "
            f"{types} names of root attribute 'edge_types'"
        )


def _open(path: str | os.PathLike) -> h5py.File:
    if not Path(path).is_file():
        raise DataFormatError(f"{path}: no such file; run the pipeline's data target first")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataFormatError(
            f"{path}: not a readable HDF5 file ({error}); delete it and make it again"
        ) from error
    known = file.attrs.get("version") in VERSIONS.values()
    if file.attrs.get("format") != FORMAT or not known:
        found = f"format={file.attrs.get('format')}, version={file.attrs.get('version')}"
        file.close()
        raise DataFormatError(
            f"{path}: root attributes say {found}, expected format={FORMAT}, "
            f"version={' or '.join(map(str, VERSIONS.values()))}; see docs/data_format.md"
        )
    return file


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


def _read_normalisation(file: h5py.File, features: int) -> Normalisation:
    nothing = np.full(0, np.nan)
    minimum = file.get("normalisation/minimum", nothing)[()]
    maximum = file.get("normalisation/maximum", nothing)[()]
    # NaN fails the comparison as well.
    if not (minimum.shape == maximum.shape == (features,) and (minimum <= maximum).all()):
        raise DataFormatError(
            f"{file.filename}: normalisation/minimum and normalisation/maximum must hold the range "
            f"of each of the {features} features in the training split; see docs/data_format.md"
        )
    return Normalisation(minimum, maximum)


class Dataset:
    """A dataset file, opened once for its `metadata` and its splits; a context manager.

    Raises DataFormatError if the file is absent, unreadable, of another format or incomplete.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = path
        self._file = _open(path)
        try:
            self.metadata = _read_metadata(self._file)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Dataset":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def split(self, split: str, samples: slice | Sequence[int] = slice(None)) -> Split:
        """One split, or some of its samples.

        Raises DataFormatError if the split is absent, shapes disagree, there is one object only,
        a value is not finite or an edge is of no known type.
        """
        file, features = self._file, len(self.metadata.features)
        if f"{split}/trajectories" not in file:
            have = ", ".join(name for name in SPLITS if name in file)
            raise DataFormatError(f"{self.path}: no {split}/trajectories; the file has: {have}")
        group, place = file[split], f"{self.path}: {split}"
        shape = group["trajectories"].shape
        trajectories = group["trajectories"][samples].astype(np.float32, copy=False)
        edges = group["edges"][samples] if "edges" in group else None
        if len(shape) != 4 or shape[-1] != features:
            raise DataFormatError(
                f"{place}/trajectories has shape {shape}, expected (samples, objects, frames, "
                f"features) with the {features} features of the root attribute"
            )
        check_objects(shape[1], f"{place}/trajectories")
        check_finite(trajectories, f"{place}/trajectories")
        if edges is not None:
            check_edges(edges, trajectories.shape, self.metadata, f"{place}/edges")
        return Split(trajectories, edges)


def _read_metadata(file: h5py.File) -> StoredMetadata:
    attributes = file.attrs
    features = _names(_required(file, "features"))
    normalisation = _read_normalisation(file, len(features))
    shared_ranges = json.loads(file["normalisation"].attrs.get("shared_ranges", "[]"))
    trained = file.get("train/trajectories")
    return StoredMetadata(
        features=features,
        units=_names(attributes.get("units", [""] * len(features))),
        frame_interval=float(_required(file, "frame_interval")),
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
