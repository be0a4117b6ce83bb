"""What the data sets are: how many samples each split has, of what."""

import os
from dataclasses import dataclass
from pathlib import Path

import h5py

from nri.data.format import DataFormatError, read_metadata
from nri.data.splits import SPLITS
from nri.files import ResultsError
from nri.results.catalogue import dataset_entry

__all__ = ["DataSet", "read_data_set"]


@dataclass(frozen=True)
class DataSet:
    """A data set in words: `samples` by split; `edge_types` names them, where they have names."""

    name: str
    title: str
    samples: dict[str, int]
    objects: int
    frames: dict[str, int]
    features: tuple[str, ...]
    edge_types: tuple[str, ...]
    edges_known: bool = False


def read_data_set(path: str | os.PathLike) -> DataSet:
    """The shapes in a dataset file; its trajectories are not read.

    Raises ResultsError if the file is damaged.
    """
    path = Path(path)
    try:
        metadata = read_metadata(path)
        with h5py.File(path, "r") as file:
            splits = [split for split in SPLITS if split in file]
            shapes = {split: file[split]["trajectories"].shape for split in splits}
            known = "edges" in file["test"]
    except (DataFormatError, OSError, KeyError) as error:
        raise ResultsError(f"{path}: {error}") from error
    return DataSet(
        name=path.stem,
        title=dataset_entry(path.stem).title,
        samples={split: shape[0] for split, shape in shapes.items()},
        objects=shapes["test"][1],
        frames={split: shape[2] for split, shape in shapes.items()},
        features=metadata.features,
        edge_types=metadata.edge_types,
        edges_known=known,
    )
