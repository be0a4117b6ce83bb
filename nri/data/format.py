"""The dataset file: trajectories, edges and normalisation in one HDF5 (docs/data_format.md)."""

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from nri import __version__
from nri.data.normalisation import Normalisation
from nri.files import atomic_path

__all__ = [
    "SPLITS",
    "DataFormatError",
    "DatasetWriter",
    "Metadata",
    "Split",
    "read_metadata",
    "read_split",
]

FORMAT = "nri-trajectories"
VERSION = 1
SPLITS = ("train", "valid", "test")


class DataFormatError(ValueError):
    """A file that is not a valid dataset; the message names the file, the place and the remedy."""


@dataclass(frozen=True)
class Metadata:
    """What the root attributes and the `normalisation` group of a dataset file say.

    `shared_ranges` lists the groups of features that are scaled by one common range.
    `skeleton`, where the objects are joints, is their bone graph: (objects, objects),
    1 where two joints share a bone. `objects` names the objects, where they have names.
    `normalisation` is None until the training split has been written.
    """

    features: tuple[str, ...]
    units: tuple[str, ...]
    frame_interval: float
    edge_types: tuple[str, ...] = ()
    config: dict | None = None
    shared_ranges: tuple[tuple[str, ...], ...] = ()
    objects: tuple[str, ...] = ()
    skeleton: np.ndarray | None = None
    normalisation: Normalisation | None = None


@dataclass(frozen=True)
class Split:
    """`trajectories` (samples, objects, frames, features) float32 in the system's units;
    `edges` (samples, objects, objects) int8, `edges[s, receiver, sender]`, or None.
    """

    trajectories: np.ndarray
    edges: np.ndarray | None


class DatasetWriter:
    """Writes a dataset file piece by piece, in bounded memory; a context manager.

    The file appears under its name only when the block ends without an error. The
    normalisation is computed from the pieces of the training split on the way.

    The end of the block raises DataFormatError if samples of a split have not been
    written, or if there is no training split.
    """

    def __init__(self, path: str | os.PathLike, metadata: Metadata):
        self.path = Path(path)
        self.metadata = metadata
        self._missing: dict[str, int] = {}
        count = len(metadata.features)
        self._minimum = np.full(count, np.inf)
        self._maximum = np.full(count, -np.inf)

    def __enter__(self) -> "DatasetWriter":
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self.path))
            self._file = stack.enter_context(h5py.File(temporary, "w"))
            self._write_attributes()
            self._stack = stack.pop_all()
        return self

    def _write_attributes(self) -> None:
        attributes = self._file.attrs
        attributes["format"] = FORMAT
        attributes["version"] = VERSION
        attributes["features"] = list(self.metadata.features)
        attributes["units"] = list(self.metadata.units)
        attributes["frame_interval"] = float(self.metadata.frame_interval)
        attributes["edge_types"] = np.array(self.metadata.edge_types, dtype=h5py.string_dtype())
        attributes["config"] = json.dumps(self.metadata.config, sort_keys=True)
        attributes["created_by"] = f"nri {__version__}"
        if self.metadata.objects:
            attributes["objects"] = list(self.metadata.objects)
        if self.metadata.skeleton is not None:
            self._file["skeleton"] = self.metadata.skeleton.astype(np.int8)

    def create_split(
        self, split: str, samples: int, objects: int, frames: int, with_edges: bool
    ) -> None:
        """Reserve a split; its pieces follow by `write`."""
        features = len(self.metadata.features)
        group = self._file.create_group(split)
        self._missing[split] = samples
        sample_bytes = 4 * objects * frames * features
        chunk = max(1, min(samples, 2**20 // sample_bytes))
        # Shuffling bytes before deflate is what makes floats compress; both are in every h5py.
        compression = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        group.create_dataset(
            "trajectories",
            (samples, objects, frames, features),
            dtype="float32",
            chunks=(chunk, objects, frames, features),
            **compression,
        )
        if with_edges:
            group.create_dataset(
                "edges",
                (samples, objects, objects),
                dtype="int8",
                chunks=(chunk, objects, objects),
                **compression,
            )

    def write(
        self, split: str, start: int, trajectories: np.ndarray, edges: np.ndarray | None = None
    ) -> None:
        """Store samples [start, start + len) of a split, each of them once.

        Raises DataFormatError if a value is not finite, an edge is of no known type, or
        edges are missing or come unannounced.
        """
        group = self._file[split]
        place = f"{self.path}: {split}"
        _check_finite(trajectories, f"{place}/trajectories", start)
        if (edges is not None) != ("edges" in group):
            raise DataFormatError(f"{place}: edges in all pieces or none, as create_split was told")
        if edges is not None:
            _check_edge_types(edges, self.metadata.edge_types, f"{place}/edges")
        stop = start + len(trajectories)
        trajectories = trajectories.astype(np.float32, copy=False)
        group["trajectories"][start:stop] = trajectories
        if edges is not None:
            group["edges"][start:stop] = edges
        self._missing[split] -= len(trajectories)
        if split == "train":
            self._minimum = np.minimum(self._minimum, trajectories.min((0, 1, 2)))
            self._maximum = np.maximum(self._maximum, trajectories.max((0, 1, 2)))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._finish()

    def _finish(self) -> None:
        if "train" not in self._missing:
            raise DataFormatError(f"{self.path}: no training split, hence no normalisation")
        if incomplete := [split for split, missing in self._missing.items() if missing != 0]:
            raise DataFormatError(
                f"{self.path}: not all samples written of {', '.join(incomplete)}"
            )
        for names in self.metadata.shared_ranges:
            index = [self.metadata.features.index(name) for name in names]
            self._minimum[index] = self._minimum[index].min()
            self._maximum[index] = self._maximum[index].max()
        group = self._file.create_group("normalisation")
        group["minimum"] = self._minimum
        group["maximum"] = self._maximum
        group.attrs["shared_ranges"] = json.dumps(self.metadata.shared_ranges)


def _check_finite(trajectories: np.ndarray, place: str, start: int = 0) -> None:
    """Raise DataFormatError naming the first sample with a value that is not finite."""
    finite = np.isfinite(trajectories).all((1, 2, 3))
    if not finite.all():
        raise DataFormatError(
            f"{place}: sample {start + int(finite.argmin())} is not finite; "
            "correct it or leave it out"
        )


def _check_edge_types(edges: np.ndarray, edge_types: Sequence[str], place: str) -> None:
    """Raise DataFormatError if an edge is not an index into `edge_types`."""
    if edges.size and not 0 <= edges.min() <= edges.max() < len(edge_types):
        raise DataFormatError(
            f"{place}: values from {edges.min()} to {edges.max()} must be indices into the "
            f"{len(edge_types)} names of root attribute 'edge_types'"
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
    if file.attrs.get("format") != FORMAT or file.attrs.get("version") != VERSION:
        found = f"format={file.attrs.get('format')}, version={file.attrs.get('version')}"
        file.close()
        raise DataFormatError(
            f"{path}: root attributes say {found}, expected format={FORMAT}, "
            f"version={VERSION}; see docs/data_format.md"
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


def read_metadata(path: str | os.PathLike) -> Metadata:
    """Attributes, skeleton and normalisation of a dataset file.

    Raises DataFormatError if the file is absent, unreadable, of another format or incomplete.
    """
    with _open(path) as file:
        attributes = file.attrs
        features = _names(_required(file, "features"))
        normalisation = _read_normalisation(file, len(features))
        shared_ranges = json.loads(file["normalisation"].attrs.get("shared_ranges", "[]"))
        return Metadata(
            features=features,
            units=_names(attributes.get("units", [""] * len(features))),
            frame_interval=float(_required(file, "frame_interval")),
            edge_types=_names(attributes.get("edge_types", ())),
            config=json.loads(attributes.get("config", "null")),
            shared_ranges=tuple(map(tuple, shared_ranges)),
            objects=_names(attributes.get("objects", ())),
            skeleton=file["skeleton"][:] if "skeleton" in file else None,
            normalisation=normalisation,
        )


def read_split(
    path: str | os.PathLike, split: str, samples: slice | Sequence[int] = slice(None)
) -> Split:
    """One split of a dataset file, or some of its samples.

    Raises DataFormatError if the file or the split is absent, shapes disagree, a value is
    not finite or an edge is of no known type.
    """
    with _open(path) as file:
        if f"{split}/trajectories" not in file:
            have = ", ".join(name for name in SPLITS if name in file)
            raise DataFormatError(f"{path}: no {split}/trajectories; the file has: {have}")
        group = file[split]
        features = len(_required(file, "features"))
        edge_types = file.attrs.get("edge_types", ())
        shape = group["trajectories"].shape
        trajectories = group["trajectories"][samples].astype(np.float32, copy=False)
        edges = group["edges"][samples] if "edges" in group else None
    place = f"{path}: {split}"
    if len(shape) != 4 or shape[-1] != features:
        raise DataFormatError(
            f"{place}/trajectories has shape {shape}, expected (samples, objects, frames, "
            f"features) with the {features} features of the root attribute"
        )
    _check_finite(trajectories, f"{place}/trajectories")
    if edges is not None:
        count, objects, _, _ = trajectories.shape
        if edges.shape != (count, objects, objects):
            raise DataFormatError(
                f"{place}/edges has shape {edges.shape}, expected {(count, objects, objects)} "
                "(samples, receiver, sender)"
            )
        _check_edge_types(edges, edge_types, f"{place}/edges")
    return Split(trajectories, edges)
