"""Samples that are more than the memory should hold: kept on the disk, read a batch at a time."""

import errno
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from nri import graph
from nri.data.format import Dataset, Split
from nri.data.samples import AnySamples, Samples, load_samples

__all__ = ["SamplesOnDisk", "open_samples"]

IN_MEMORY = 2**30
"""Bytes of a split that is loaded: 260,000 simulations of five objects."""

TYPICAL = 2**28
"""Bytes of the trajectories that the scales of a larger split are measured on."""


class Rows:
    """The rows of an array in a file without a name, which ends with the process in any case.

    `shape` is that of the whole array. Raises OSError where the directory's disk has no room.
    """

    def __init__(self, shape: Sequence[int], dtype: torch.dtype, directory: Path):
        self.row = torch.empty(tuple(shape[1:]), dtype=dtype)
        needed, free = shape[0] * self.row.nbytes, shutil.disk_usage(directory).free
        if free < needed:
            problem = f"{os.strerror(errno.ENOSPC)}: {needed / 1e6:.1f} MB are needed to train on "
            problem += f"data of this size, {free / 1e6:.1f} MB are free"
            raise OSError(errno.ENOSPC, problem, str(directory))
        self.file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115

    def write(self, start: int, rows: Tensor) -> None:
        """Store rows from number `start` on."""
        self.file.seek(start * self.row.nbytes)
        self.file.write(rows.to(self.row.dtype).contiguous().numpy().data)
        self.file.flush()

    def read(self, numbers: Sequence[int]) -> Tensor:
        """The rows of these numbers, in their order."""
        found = torch.empty((len(numbers), *self.row.shape), dtype=self.row.dtype)
        for number, place in zip(numbers, found.numpy(), strict=True):
            if os.preadv(self.file.fileno(), [place], number * place.nbytes) != place.nbytes:
                raise OSError(f"row {number} of a scratch file cannot be read")
        return found


class SamplesOnDisk(AnySamples):
    """A split whose normalised trajectories and edges are in scratch files.

    Rows are read one by one in whatever order, so that batches, and with them all results, are
    those of `Samples` in memory, bit for bit. The operating system keeps in its cache of files
    what the memory has room for.
    """

    def __init__(self, data: Dataset, split: str, device: torch.device, directory: Path):
        directory.mkdir(parents=True, exist_ok=True)
        self._shape, self._device = data.shape(split), device
        self._x = Rows(self.shape, torch.float32, directory)
        self._edges: Rows | None = None
        for place in data.pieces(split):
            self._write(data, data.split(split, place), place.start, directory)

    @property
    def shape(self) -> tuple[int, ...]:
        """(S, N, T, D)."""
        return self._shape

    @property
    def device(self) -> torch.device:
        """The device that samples are moved to."""
        return self._device

    def _write(self, data: Dataset, stored: Split, start: int, directory: Path) -> None:
        x = data.metadata.normalisation.apply(stored.trajectories)
        self._x.write(start, torch.from_numpy(x))
        if stored.edges is None:
            return
        types = torch.from_numpy(graph.matrix_to_edges(stored.edges))
        if self._edges is None:
            self._edges = Rows((len(self), *types.shape[1:]), torch.int8, directory)
        self._edges.write(start, types)

    def typical(self) -> Samples:
        """All samples, or as many at equal distances as `TYPICAL` has room for."""
        size = 4 * math.prod(self.shape[1:])
        return self.take(slice(None, None, math.ceil(len(self) * size / TYPICAL)))

    def take(self, index: Tensor | slice) -> Samples:
        """The samples at `index`, read from the disk and moved to the device."""
        numbers = range(len(self))[index] if isinstance(index, slice) else index.tolist()
        x = self._x.read(numbers).to(self.device)
        if self._edges is None:
            return Samples(x, None)
        return Samples(x, self._edges.read(numbers).to(self.device).long())


def open_samples(
    path: str | os.PathLike, split: str, device: torch.device, directory: Path
) -> AnySamples:
    """A split, normalised, to train on: loaded, or on the disk of `directory` if it is large.

    Raises as `load_samples`, and OSError where the disk has no room for it.
    """
    with Dataset(path) as data:
        if data.size(split) <= IN_MEMORY:
            return load_samples(data, split, device)
        return SamplesOnDisk(data, split, device, directory)
