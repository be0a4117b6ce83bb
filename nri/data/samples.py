"""A split of a data set as tensors, ready to train on or to evaluate."""

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from nri import graph
from nri.data.format import DataFormatError, Dataset
from nri.data.normalisation import Normalisation
from nri.data.reading import check_size

__all__ = ["AnySamples", "Samples", "load_samples"]


class AnySamples(ABC):
    """Samples of a split, wherever they are kept: what a training asks of them."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """(S, N, T, D) of all trajectories."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """The device of what `take` gives."""

    @abstractmethod
    def take(self, index: Tensor | slice) -> "Samples":
        """The samples at `index`."""

    @abstractmethod
    def typical(self) -> "Samples":
        """Samples that a memory holds, to measure scales on: all, or many at equal distances."""

    def __len__(self) -> int:
        return self.shape[0]

    def batches(self, size: int) -> "Iterator[Samples]":
        """All samples in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))


@dataclass(frozen=True)
class Samples(AnySamples):
    """Normalised trajectories `x` (S, N, T, D) and edge types `edges` (S, E) or None.

    Edges that change in time are (S, T, E).
    """

    x: Tensor
    edges: Tensor | None

    @property
    def shape(self) -> tuple[int, ...]:
        """(S, N, T, D)."""
        return self.x.shape

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return self.x.device

    def typical(self) -> "Samples":
        """All of them."""
        return self

    def take(self, index: Tensor | slice) -> "Samples":
        """The samples at `index`."""
        return Samples(self.x[index], None if self.edges is None else self.edges[index])

    def first_frames(self, frames: int) -> "Samples":
        """The same samples, cut after `frames` frames."""
        edges = self.edges
        if edges is not None and edges.dim() == 3:
            edges = edges[:, :frames]
        return Samples(self.x[:, :, :frames], edges)

    @property
    def known_edges(self) -> Tensor:
        """`edges` of samples that have them; raises ValueError for others."""
        if self.edges is None:
            raise ValueError("no true edges are known of these samples")
        return self.edges

    def usual_edges(self) -> Tensor | None:
        """The most frequent type of each edge, (S, E), over the frames of edges that change.

        Of two that are as frequent, the lower number.
        """
        if self.edges is None or self.edges.dim() == 2:
            return self.edges
        return self.edges.mode(dim=1).values


def load_samples(
    data: Dataset | str | os.PathLike,
    split: str,
    device: torch.device,
    normalisation: Normalisation | None = None,
) -> Samples:
    """Read, normalise and move a whole split to the device, piece by piece.

    data: a path, or a dataset file that is open already for other splits.
    normalisation: the file's own, unless another data set's is given.
    Raises DataFormatError if the file is not a data set, has no such split or one that is too
    large.
    """
    if not isinstance(data, Dataset):
        with Dataset(data) as opened:
            return load_samples(opened, split, device, normalisation)
    normalisation, shape = normalisation or data.metadata.normalisation, data.shape(split)
    check_size(4 * math.prod(shape), f"{data.path}: {split}/trajectories", DataFormatError)
    x, edges = torch.empty(shape, device=device), None
    for place in data.pieces(split):
        stored = data.split(split, place)
        x[place] = torch.from_numpy(normalisation.apply(stored.trajectories))
        if stored.edges is not None:
            types = torch.from_numpy(graph.matrix_to_edges(stored.edges))
            if edges is None:
                whole = (len(x), *types.shape[1:])
                check_size(8 * math.prod(whole), f"{data.path}: {split}/edges", DataFormatError)
                edges = torch.empty(whole, dtype=torch.long, device=device)
            edges[place] = types
    return Samples(x, edges)
