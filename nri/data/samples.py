"""A split of a data set as tensors, ready to train on or to evaluate."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from nri import graph
from nri.data.format import Dataset
from nri.data.normalisation import Normalisation

__all__ = ["Samples", "load_samples"]


@dataclass(frozen=True)
class Samples:
    """Normalised trajectories `x` (S, N, T, D) and edge types `edges` (S, E) or None.

    Edges that change in time are (S, T, E).
    """

    x: Tensor
    edges: Tensor | None

    def __len__(self) -> int:
        return len(self.x)

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

    def batches(self, size: int) -> "Iterator[Samples]":
        """All samples in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))


def load_samples(
    data: Dataset | str | os.PathLike,
    split: str,
    device: torch.device,
    normalisation: Normalisation | None = None,
) -> Samples:
    """Read, normalise and move a whole split to the device, piece by piece.

    data: a path, or a dataset file that is open already for other splits.
    normalisation: the file's own, unless another data set's is given.
    Raises DataFormatError if the file is not a data set or has no such split.
    """
    if not isinstance(data, Dataset):
        with Dataset(data) as opened:
            return load_samples(opened, split, device, normalisation)
    normalisation, shape = normalisation or data.metadata.normalisation, data.shape(split)
    x, edges = torch.empty(shape, device=device), None
    for place in data.pieces(split):
        stored = data.split(split, place)
        x[place] = torch.from_numpy(normalisation.apply(stored.trajectories))
        if stored.edges is not None:
            types = torch.from_numpy(graph.matrix_to_edges(stored.edges))
            if edges is None:
                whole = (len(x), *types.shape[1:])
                edges = torch.empty(whole, dtype=torch.long, device=device)
            edges[place] = types
    return Samples(x, edges)
