"""The dataset file: trajectories, edges and normalisation in one HDF5 (docs/data_format.md)."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import h5py
import numpy as np

from nri import __version__
from nri.data.normalisation import Normalisation
from nri.files import atomic_path

__all__ = ["DataFormatError", "DatasetWriter", "Metadata", "Split", "read_metadata", "read_split"]

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
    `edges` (samples, objects, objects) int8, `edges[s, receiver, sender]`, or None."""

    trajectories: np.ndarray
    edges: np.ndarray | None


class DatasetWriter:
    """Writes a dataset file piece by piece, in bounded memory; a context manager.

    The file appears under its name only when the block ends without an error. The
    normalisation is computed from the pieces of the training split on the way.
    """

    def __init__(self, path: str | os.PathLike, metadata: Metadata):
        self.metadata = metadata
        self._atomic = atomic_path(path)
        count = len(metadata.features)
        self._minimum = np.full(count, np.inf)
        self._maximum = np.full(count, -np.inf)

    def __enter__(self) -> "DatasetWriter":
        self._file = h5py.File(self._atomic.__enter__(), "w")
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
        return self

    def create_split(
        self, split: str, samples: int, objects: int, frames: int, with_edges: bool
    ) -> None:
        """Reserve a split; its pieces follow by `write`."""
        features = len(self.metadata.features)
        group = self._file.create_group(split)
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
        """Store samples [start, start + len) of a split.

        Raises ValueError if a value is not finite.
        """
        if not np.isfinite(trajectories).all():
            sample = start + int(np.nonzero(~np.isfinite(trajectories).all((1, 2, 3)))[0][0])
            raise ValueError(f"split '{split}', sample {sample}: a trajectory is not finite")
        stop = start + len(trajectories)
        trajectories = trajectories.astype(np.float32, copy=False)
        self._file[split]["trajectories"][start:stop] = trajectories
        if edges is not None:
            self._file[split]["edges"][start:stop] = edges
        if split == "train":
            self._minimum = np.minimum(self._minimum, trajectories.min((0, 1, 2)))
            self._maximum = np.maximum(self._maximum, trajectories.max((0, 1, 2)))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            for names in self.metadata.shared_ranges:
                index = [self.metadata.features.index(name) for name in names]
                self._minimum[index] = self._minimum[index].min()
                self._maximum[index] = self._maximum[index].max()
            group = self._file.create_group("normalisation")
            group["minimum"] = self._minimum
            group["maximum"] = self._maximum
            group.attrs["shared_ranges"] = json.dumps(self.metadata.shared_ranges)
        self._file.close()
        self._atomic.__exit__(kind, error, trace)


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
        found = f"format={file.attrs.get('format')!r}, version={file.attrs.get('version')!r}"
        file.close()
        raise DataFormatError(
            f"{path}: root attributes say {found}, expected format={FORMAT!r}, "
            f"version={VERSION}; see docs/data_format.md"
        )
    return file


def read_metadata(path: str | os.PathLike) -> Metadata:
    """Attributes, skeleton and normalisation of a dataset file.

    Raises DataFormatError if the file is absent, unreadable or of another format.
    """
    with _open(path) as file:
        attributes = file.attrs
        return Metadata(
            features=tuple(attributes["features"]),
            units=tuple(attributes["units"]),
            frame_interval=float(attributes["frame_interval"]),
            edge_types=tuple(attributes["edge_types"]),
            config=json.loads(attributes["config"]),
            shared_ranges=tuple(
                map(tuple, json.loads(file["normalisation"].attrs["shared_ranges"]))
            ),
            objects=tuple(attributes.get("objects", ())),
            skeleton=file["skeleton"][:] if "skeleton" in file else None,
            normalisation=Normalisation(
                file["normalisation/minimum"][:], file["normalisation/maximum"][:]
            ),
        )


def read_split(
    path: str | os.PathLike, split: str, samples: slice | Sequence[int] = slice(None)
) -> Split:
    """One split of a dataset file, or some of its samples.

    Raises DataFormatError if the file or the split is absent, or shapes disagree.
    """
    with _open(path) as file:
        if split not in file:
            have = ", ".join(name for name in SPLITS if name in file)
            raise DataFormatError(f"{path}: no split '{split}'; the file has: {have}")
        group = file[split]
        trajectories = group["trajectories"][samples]
        edges = group["edges"][samples] if "edges" in group else None
    if trajectories.ndim != 4:
        raise DataFormatError(
            f"{path}: {split}/trajectories has shape {trajectories.shape}, "
            "expected (samples, objects, frames, features)"
        )
    expected = (len(trajectories), trajectories.shape[1], trajectories.shape[1])
    if edges is not None and edges.shape != expected:
        raise DataFormatError(
            f"{path}: {split}/edges has shape {edges.shape}, expected {expected} "
            "(samples, receiver, sender)"
        )
    return Split(trajectories, edges)
