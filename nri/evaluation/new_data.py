"""New data for trained models: read, cut and scaled as the data of their training were."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from nri.config.identity import GIVEN_GRAPHS
from nri.data.format import Dataset, StoredMetadata
from nri.data.normalisation import Normalisation
from nri.data.own.arrays import has_edges
from nri.data.own.prepare import read_own, regular_recordings
from nri.data.own.recordings import RecordingError
from nri.data.own.settings import ARRAY_SUFFIXES, OwnSettings, all_features, of_other_source
from nri.data.own.windows import SEPARATOR, WINDOW_COLUMNS, Windows, find_windows
from nri.data.samples import Samples, load_samples
from nri.evaluation.posterior_file import StoredPosterior
from nri.graph import matrix_to_edges
from nri.matching import true_order
from nri.records import read_record

__all__ = [
    "InferenceError",
    "features_beyond_range",
    "known_types",
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


def known_types(runs: Sequence[Path], count: int) -> tuple[np.ndarray, list[str]] | None:
    """The `count` types of each of R runs in the order of the true ones, (R, K), and their names.

    As evaluation matched them on the test split of the training data, which posterior.npz beside
    the weights says. None where it does not, of one of the runs, or where no true types are known.
    """
    paths = [run / "posterior.npz" for run in runs]
    stored = [StoredPosterior.load(path) for path in paths if path.exists()]
    matchings = [each.matching for each in stored if each.matching is not None]
    if len(matchings) < len(runs):
        return None
    names = [*stored[0].edge_types]
    names += [f"type {number}" for number in range(len(names), count)]
    return np.stack([true_order(matching) for matching in matchings]), names[:count]


def read_dataset(
    path: Path, split: str, trained: StoredMetadata, device: torch.device
) -> tuple[Samples, pd.DataFrame]:
    """The samples of a split of a dataset file, and a row of `WINDOW_COLUMNS` for each.

    The file may hold that split alone. True edges are left out where it has another number of edge
    types than the training data. Raises InferenceError if the features, the frame interval or the
    length do not fit.
    """
    with Dataset(path, needs_range=False) as dataset:
        metadata = dataset.metadata
        if metadata.features != trained.features:
            raise InferenceError(
                f"{path}: features {', '.join(metadata.features)}, but the model was trained on "
                f"{', '.join(trained.features)}; store the same ones in the same order"
            )
        _check_interval(path, metadata.frame_interval, trained)
        samples = load_samples(dataset, split, device, trained.normalisation)
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

    The file is read with the settings of the training data, where those are own data, else with
    columns `time` and `object` and the features of the training data; `changes` replaces some.
    Raises InferenceError if the settings, the frame interval or the length do not fit.
    """
    settings = _settings(path, changes, trained)
    frames = trained.config["frames"]["train"]
    try:
        (recordings,) = read_own(settings, [path])
    except RecordingError as error:
        raise InferenceError(f"{error} (--settings changes how the file is read)") from error
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
    return Samples(torch.from_numpy(values).to(device), _edges(found, device)), windows


def _settings(path: Path, changes: dict[str, Any], trained: StoredMetadata) -> OwnSettings:
    """The settings that new data are read with."""
    if unknown := changes.keys() - OwnSettings.model_fields.keys():
        known = ", ".join(sorted(OwnSettings.model_fields))
        raise InferenceError(f"--settings: no key {', '.join(sorted(unknown))}; known: {known}")
    base = trained.config
    if base["source"] != "own":
        base = of_other_source(str(path), trained.features, base["frames"])
    # Edges of the training data are not those of the new ones; an array does not say its times.
    types = list(trained.edge_types) if has_edges(path) else []
    base = {**base, "edges": None, "edge_types": types}
    if path.suffix.lower() in ARRAY_SUFFIXES:
        base["frame_interval"] = trained.frame_interval
    settings = OwnSettings.model_validate(base | changes)
    if all_features(settings) != trained.features:
        raise InferenceError(
            f"--settings: features and velocities make {', '.join(all_features(settings))}, but "
            f"the model was trained on {', '.join(trained.features)}"
        )
    return settings


def _edges(found: Windows, device: torch.device) -> Tensor | None:
    """Known edges of windows, (S, E) or (S, T, E) if they change in time."""
    if not found.edges:
        return None
    return torch.from_numpy(matrix_to_edges(np.stack(found.edges))).long().to(device)


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
