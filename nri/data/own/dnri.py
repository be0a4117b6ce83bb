"""The layout in which dynamic NRI (Graber and Schwing 2020) publishes its particles.

A directory with the torch files train_feats, train_edges, val_feats, … : features (samples, frames,
objects, features), and edges (samples, frames, pairs) of every frame, pairs of sender and receiver
in the order (0, 1), (0, 2), …, (1, 0), …
"""

from pathlib import Path

import numpy as np
import torch

from nri.data.own.arrays import array_recordings, check_arrays
from nri.data.own.recordings import Recording, RecordingError
from nri.data.own.settings import OwnSettings
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
    try:
        tensor = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the unpickler stumbles over in damaged bytes
        raise RecordingError(
            f"{path}: not a readable torch file ({type(error).__name__}: {error}); fetch it again"
        ) from error
    if not isinstance(tensor, torch.Tensor):
        raise RecordingError(f"{path}: holds a {type(tensor).__name__}, expected a tensor")
    return tensor.numpy()
