"""The layout in which dynamic NRI (Graber and Schwing 2020) publishes its particles.

A directory with the torch files train_feats, train_edges, val_feats, … : features (samples, frames,
objects, features), and edges (samples, frames, pairs) of every frame, pairs of sender and receiver
in the order (0, 1), (0, 2), …, (1, 0), …
"""

from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

import numpy as np
import torch

from nri.data.own.arrays import array_recordings, check_arrays
from nri.data.own.recordings import Recording, RecordingError
from nri.data.own.settings import OwnSettings
from nri.data.reading import check_size, reading
from nri.graph import edges_to_matrix

__all__ = ["read_dnri"]

SPLITS = {"train": "train", "valid": "val", "test": "test"}


def read_dnri(directory: Path, settings: OwnSettings) -> dict[str, list[Recording]]:
    """The recordings of each split, edges (frames, objects, objects)[receiver, sender].

    Raises RecordingError for a file that is absent, damaged or not as the settings say.
    """
    if not settings.edges_change:
        raise RecordingError(f"{directory}: the edges have a time axis; set `edges_change: true`")
    parts = {}
    for split, name in SPLITS.items():
        features, pairs = (_tensor(directory / f"{name}_{kind}") for kind in ("feats", "edges"))
        place = f"{directory / name}_*"
        if features.ndim != 4 or pairs.shape != (*features.shape[:2], _pairs(features.shape[2])):
            raise RecordingError(
                f"{place}: features {features.shape} and edges {pairs.shape}, expected (samples, "
                "frames, objects, features) and, for each ordered pair, (samples, frames, pairs)"
            )
        if (pairs != np.rint(pairs)).any():
            raise RecordingError(f"{place}: an edge is no whole number; store indices of types")
        # Sender-major pairs are the transposed matrix, row by row.
        edges = edges_to_matrix(pairs.astype(int), features.shape[2]).swapaxes(-1, -2)
        trajectories = features.swapaxes(1, 2)
        check_arrays(place, trajectories, edges, settings)
        names = tuple(map(str, range(features.shape[2])))
        assert settings.frame_interval is not None  # else check_arrays raises
        recordings = array_recordings(trajectories, edges, names, settings.frame_interval)
        parts[split] = list(recordings)
    return parts


def _pairs(objects: int) -> int:
    return objects * (objects - 1)


def _tensor(path: Path) -> np.ndarray:
    """The numbers of a file, as float64."""
    with reading(path, "not a readable torch file", "fetch it again", RecordingError):
        # torch does not look at the checksums in its files. Those of before 2020 have none.
        if is_zipfile(path) and (member := ZipFile(path).testzip()):
            raise BadZipFile(f"bad checksum of {member}")
        tensor = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(tensor, torch.Tensor) or tensor.is_complex():
            kind = getattr(tensor, "dtype", type(tensor).__name__)
            raise RecordingError(f"{path}: holds a {kind}, expected a tensor of real numbers")
        # A sparse tensor, or one that repeats itself, may be much larger than its file.
        check_size(8 * tensor.numel(), str(path), RecordingError)
        return tensor.detach().to_dense().double().numpy()
