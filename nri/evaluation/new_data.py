"""New data for trained models: read, cut and scaled as the data of their training were."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from nri.config.identity import GIVEN_GRAPHS
from nri.data.format import StoredMetadata, read_metadata
from nri.data.normalisation import Normalisation
from nri.data.own.prepare import read_own, regular_recordings
from nri.data.own.settings import OwnSettings
from nri.data.own.windows import SEPARATOR, WINDOW_COLUMNS, find_windows
from nri.data.samples import Samples, load_samples
from nri.records import read_record

__all__ = [
    "InferenceError",
    "features_beyond_range",
    "read_dataset",
    "read_recordings",
    "trained_metadata",
]


class InferenceError(ValueError):
    """A run or data that no graph can be inferred with; the message says why and what helps."""


def trained_metadata(directory: str | os.PathLike) -> StoredMetadata:
    """The data set that a run was trained on, as the run's config.json describes it.

    Raises ResultsError if the directory is no run or a damaged one, InferenceError if it is one
    that infers no graph.
    """
    path = Path(directory, "config.json")
    record = read_record(path, "data", "dataset", "identity", "checksum")
    data, encoder = record["data"], record["identity"]["encoder"]
    normalisation = Normalisation(np.array(data["minimum"]), np.array(data["maximum"]))
    if encoder in GIVEN_GRAPHS:
        raise InferenceError(
            f"{path}: encoder {encoder!r} is a given graph and infers none; "
            "give a run whose encoder is a network"
        )
    return StoredMetadata(
        features=tuple(data["features"]),
        units=tuple(data["units"]),
        frame_interval=data["frame_interval"],
        edge_types=tuple(data["edge_types"]),
        config=record["dataset"],
        normalisation=normalisation,
    )


def read_dataset(
    path: Path, split: str, trained: StoredMetadata, device: torch.device
) -> tuple[Samples, pd.DataFrame]:
    """The samples of a split of a dataset file, and a row of `WINDOW_COLUMNS` for each.

    True edges are left out where the file has another number of edge types than the training
    data. Raises InferenceError if the features, the frame interval or the length do not fit.
    """
    metadata = read_metadata(path)
    if metadata.features != trained.features:
        raise InferenceError(
            f"{path}: features {', '.join(metadata.features)}, but the model was trained on "
            f"{', '.join(trained.features)}; store the same ones in the same order"
        )
    _check_interval(path, metadata.frame_interval, trained)
    samples = load_samples(path, split, device, trained.normalisation)
    count, objects, frames, _ = samples.x.shape
    wanted = trained.config["frames"]["train"]
    if frames < wanted:
        raise InferenceError(
            f"{path}: samples of {split} have {frames} frames, but the model sees "
            f"{wanted}; record longer ones"
        )
    if len(metadata.edge_types) != len(trained.edge_types):
        samples = Samples(samples.x, None)
    names = SEPARATOR.join(metadata.objects or map(str, range(objects)))
    end = (wanted - 1) * trained.frame_interval
    rows = [(split, number, path.stem, 0.0, end, names) for number in range(count)]
    return samples, pd.DataFrame(rows, columns=WINDOW_COLUMNS)


def read_recordings(
    path: Path, changes: dict[str, Any], trained: StoredMetadata, device: torch.device
) -> tuple[Samples, pd.DataFrame]:
    """Windows of a table or of arrays, and a row of `WINDOW_COLUMNS` for each.

    The file is read with the settings of the training data, of which `changes` replaces some.
    Raises InferenceError if the settings, the frame interval or the length do not fit.
    """
    if trained.config["source"] != "own":
        raise InferenceError(
            f"{path}: the model was trained on {trained.config['source']} data, which says nothing "
            "about the columns of a table; write a dataset file (docs/data_format.md)"
        )
    if unknown := changes.keys() - trained.config.keys():
        known = ", ".join(sorted(trained.config))
        raise InferenceError(f"--settings: no key {', '.join(unknown)}; known: {known}")
    settings = OwnSettings.model_validate(trained.config | changes)
    frames = trained.config["frames"]["train"]
    (recordings,) = read_own(settings, [path])
    for recording in recordings:
        _check_interval(path, recording.interval, trained)
    regular = regular_recordings(recordings, settings)
    found = find_windows(regular, frames, settings.objects, stride=frames)
    sizes = sorted({len(window) for window in found.trajectories})
    if len(sizes) != 1:
        problem = f"samples of {sizes} objects" if sizes else f"no window of {frames} frames"
        remedy = "set the number of objects with --settings '{\"objects\": N}', or record longer"
        raise InferenceError(f"{path}: {problem} in which all objects are there; {remedy}")
    values = trained.normalisation.apply(np.stack(found.trajectories).astype(np.float32))
    windows = pd.DataFrame([{"split": "", **row} for row in found.rows], columns=WINDOW_COLUMNS)
    return Samples(torch.from_numpy(values).to(device), None), windows


def features_beyond_range(x: Tensor, features: tuple[str, ...]) -> list[str]:
    """Names of the features with a value more than half a training range outside it.

    x: normalised trajectories (..., D). A model knows nothing about such motion.
    """
    far = x.abs().flatten(0, -2).max(0).values > 2
    return [name for name, beyond in zip(features, far.tolist(), strict=True) if beyond]


def _check_interval(path: Path, interval: float, trained: StoredMetadata) -> None:
    if abs(interval / trained.frame_interval - 1) > 0.01:
        raise InferenceError(
            f"{path}: frames every {interval:.6g} s, but the model was trained on frames every "
            f"{trained.frame_interval:.6g} s; resample the data to that, or set "
            f"`frame_interval` and `gaps: interpolate`"
        )
