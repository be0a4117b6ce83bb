"""Writing a dataset file piece by piece (docs/data_format.md)."""

import errno
import json
import logging
import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import h5py
import numpy as np

from nri import __version__
from nri.data.checks import (
    VERSIONS,
    DataFormatError,
    check_edges,
    check_finite,
    check_names,
    check_objects,
    check_precision,
)
from nri.data.format import FORMAT, Metadata
from nri.files import atomic_path

__all__ = ["DatasetWriter"]

log = logging.getLogger(__name__)

# Room for what HDF5 buffers but has not written: one 1 MiB chunk for each array, and metadata.
UNWRITTEN_BYTES = 8 * 2**20


class DatasetWriter:
    """Writes a dataset file piece by piece, in bounded memory; a context manager.

    The file appears under its name only when the block ends without an error. The
    normalisation is computed from the pieces of the training split on the way.

    Raises DataFormatError for names that no file may have; and at the end of the block if samples
    of a split have not been written, if there is no training split, or if float32 is too coarse
    for a feature.
    """

    def __init__(self, path: str | os.PathLike, metadata: Metadata):
        check_names(metadata, str(path))
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
        attributes["version"] = VERSIONS[self.metadata.edges_change]
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
        """Reserve a split of samples with two or more objects; its pieces follow by `write`."""
        check_objects(objects, f"{self.path}: {split}/trajectories")
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
            time = (frames,) if self.metadata.edges_change else ()
            group.create_dataset(
                "edges",
                (samples, *time, objects, objects),
                dtype="int8",
                chunks=(chunk, *time, objects, objects),
                **compression,
            )

    def write(
        self, split: str, start: int, trajectories: np.ndarray, edges: np.ndarray | None = None
    ) -> None:
        """Store samples [start, start + len) of a split, each of them once.

        Raises DataFormatError if a value is not finite, an edge is of no known type, edges
        have the wrong shape, are missing or come unannounced.
        """
        group = self._file[split]
        place = f"{self.path}: {split}"
        with np.errstate(over="ignore"):
            stored = trajectories.astype(np.float32, copy=False)
        check_finite(stored, f"{place}/trajectories", start)
        if (edges is not None) != ("edges" in group):
            raise DataFormatError(f"{place}: edges in all pieces or none, as create_split was told")
        if edges is not None:
            check_edges(edges, trajectories.shape, self.metadata, f"{place}/edges")
        stop = start + len(trajectories)
        self._require_room(4 * trajectories.size + (0 if edges is None else edges.size))
        group["trajectories"][start:stop] = stored
        if edges is not None:
            group["edges"][start:stop] = edges
        self._missing[split] -= len(trajectories)
        if split == "train":
            self._minimum = np.minimum(self._minimum, trajectories.min((0, 1, 2)))
            self._maximum = np.maximum(self._maximum, trajectories.max((0, 1, 2)))

    def _require_room(self, size: int) -> None:
        """Ask before it is too late: HDF5 crashes on a disk that is full."""
        needed, free = size + UNWRITTEN_BYTES, shutil.disk_usage(self.path.parent).free
        if free < needed:
            problem = f"{needed / 1e6:.1f} MB are needed to go on, {free / 1e6:.1f} MB are free"
            problem = f"{os.strerror(errno.ENOSPC)}: {problem}"
            raise OSError(errno.ENOSPC, problem, str(self.path))

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

    def _warn_of_constants(self) -> None:
        constant = self._minimum == self._maximum
        for name in np.array(self.metadata.features)[constant]:
            log.warning(
                "%s: feature %s is the same in all of the training split, so that nothing is "
                "learned from it; leave it out",
                self.path,
                name,
            )

    def _finish(self) -> None:
        if "train" not in self._missing:
            raise DataFormatError(f"{self.path}: no training split, hence no normalisation")
        if incomplete := [split for split, missing in self._missing.items() if missing != 0]:
            raise DataFormatError(
                f"{self.path}: not all samples written of {', '.join(incomplete)}"
            )
        check_precision(self._minimum, self._maximum, self.metadata.features, str(self.path))
        self._warn_of_constants()
        # The range of what is stored.
        self._minimum, self._maximum = (
            bound.astype(np.float32).astype(float) for bound in (self._minimum, self._maximum)
        )
        for names in self.metadata.shared_ranges:
            index = [self.metadata.features.index(name) for name in names]
            self._minimum[index] = self._minimum[index].min()
            self._maximum[index] = self._maximum[index].max()
        group = self._file.create_group("normalisation")
        group["minimum"] = self._minimum
        group["maximum"] = self._maximum
        group.attrs["shared_ranges"] = json.dumps(self.metadata.shared_ranges)
