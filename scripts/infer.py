"""Infer graphs with trained models, without training: on new data or on a test split.

python scripts/infer.py --runs results/runs/mine/mlp-mlp-k2/seed* --data new.csv --output inferred

Writes OUTPUT/edges.csv and a GraphML file for each sample into OUTPUT/graphml. Tables and arrays
are read as those that the model was trained on (--settings changes single keys) and cut into
windows as long as the encoder sees; of a dataset file the first frames of each sample are taken.
"""

import argparse
import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from nri.data.format import Metadata, read_metadata
from nri.data.own.prepare import read_own, regular_recordings
from nri.data.own.settings import DATASET_SUFFIXES, OwnSettings
from nri.data.own.windows import SEPARATOR, WINDOW_COLUMNS, find_windows
from nri.data.samples import Samples, load_samples
from nri.device import choose_device
from nri.evaluation.inference import (
    InferenceError,
    edge_table,
    trained_metadata,
    warn_beyond_range,
    write_graphs,
)
from nri.evaluation.protocol import posterior
from nri.files import write_table
from nri.logs import start_log
from nri.matching import match_types
from nri.model.build import load_model


def main() -> None:
    """Read the arguments, infer, write edges.csv and the graphs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--runs", required=True, nargs="+", type=Path, help="directories: the seeds of one run"
    )
    parser.add_argument("--data", required=True, type=Path, help="CSV, …, .npz, .npy or HDF5")
    parser.add_argument(
        "--settings", default={}, type=json.loads, help='what is read otherwise: {"objects": 4}'
    )
    parser.add_argument("--split", default="test", help="of a dataset file")
    parser.add_argument("--windows", type=Path, help="where the samples of a dataset file are from")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--output", required=True, type=Path, help="directory to write to")
    arguments = parser.parse_args()
    start_log()
    torch.set_num_threads(arguments.threads)
    infer(arguments)


def infer(arguments: argparse.Namespace) -> None:
    """Read the data in the units of the training, infer with each model, write."""
    device, trained = choose_device(), trained_metadata(arguments.runs[0])
    for run in arguments.runs[1:]:
        if trained_metadata(run).config != trained.config:
            raise InferenceError(f"{run}: trained on other data than {arguments.runs[0]}")
    loaded = [load_model(run, trained, device) for run in arguments.runs]
    models, settings = zip(*loaded, strict=True)
    if len({model.graph.edge_types for model in models}) > 1:
        raise InferenceError("the runs have different numbers of edge types; give one run's seeds")
    if arguments.data.suffix in DATASET_SUFFIXES:
        samples, windows = _stored(arguments, trained, device)
    else:
        samples, windows = _own(arguments, trained, device)
    if far := warn_beyond_range(samples.x, trained.features):
        logging.warning(
            "%s: %s far beyond the range of the training data, where the model knows nothing; "
            "are the units the same?",
            *(arguments.data, ", ".join(far)),
        )
    frames = trained.config["frames"]["train"]
    posteriors = np.stack([posterior(model, samples, frames).numpy() for model in models])
    truth = samples.first_frames(frames).usual_edges()
    truth = None if truth is None else truth.cpu().numpy()
    without_first = all(each.skip_first for each in settings)
    table = edge_table(match_types(posteriors, truth, without_first), windows)
    if truth is not None:
        table["true_type"] = truth.ravel()
    write_table(table, arguments.output / "edges.csv")
    shutil.rmtree(arguments.output / "graphml", ignore_errors=True)
    write_graphs(table, arguments.output / "graphml", without_first and truth is None)
    logging.info("%d samples, %d edges, %d models", len(windows), len(table), len(models))


def _stored(
    arguments: argparse.Namespace, trained: Metadata, device: torch.device
) -> tuple[Samples, pd.DataFrame]:
    """A split of a dataset file, and where its samples are from."""
    metadata, path = read_metadata(arguments.data), arguments.data
    if metadata.features != trained.features:
        raise InferenceError(
            f"{path}: features {', '.join(metadata.features)}, but the model was trained on "
            f"{', '.join(trained.features)}; store the same ones in the same order"
        )
    _check_interval(path, metadata.frame_interval, trained)
    samples = load_samples(path, arguments.split, device, trained.normalisation)
    count, objects, frames, _ = samples.x.shape
    wanted = trained.config["frames"]["train"]
    if frames < wanted:
        raise InferenceError(
            f"{path}: samples of {arguments.split} have {frames} frames, but the model sees "
            f"{wanted}; record longer ones"
        )
    if len(metadata.edge_types) != len(trained.edge_types):
        samples = Samples(samples.x, None)
    if arguments.windows is not None:
        windows = pd.read_csv(arguments.windows, dtype={"recording": str, "objects": str})
        windows = windows[windows["split"] == arguments.split]
        windows["end"] = windows["start"] + (wanted - 1) * trained.frame_interval
        return samples, windows
    names = metadata.objects or tuple(map(str, range(objects)))
    end = (wanted - 1) * trained.frame_interval
    who = SEPARATOR.join(names)
    rows = [(arguments.split, number, path.stem, 0.0, end, who) for number in range(count)]
    return samples, pd.DataFrame(rows, columns=WINDOW_COLUMNS)


def _own(
    arguments: argparse.Namespace, trained: Metadata, device: torch.device
) -> tuple[Samples, pd.DataFrame]:
    """Windows of recordings that are read as the training data were."""
    path = arguments.data
    if trained.config["source"] != "own":
        raise InferenceError(
            f"{path}: the model was trained on {trained.config['source']} data, which says nothing "
            "about the columns of a table; write a dataset file (docs/data_format.md)"
        )
    if unknown := arguments.settings.keys() - trained.config.keys():
        known = ", ".join(sorted(trained.config))
        raise InferenceError(f"--settings: no key {', '.join(unknown)}; known: {known}")
    settings = OwnSettings.model_validate(trained.config | arguments.settings)
    (recordings,) = read_own(settings, [path])
    for recording in recordings:
        _check_interval(path, recording.interval, trained)
    regular, frames = regular_recordings(recordings, settings), trained.config["frames"]["train"]
    found = find_windows(regular, frames, settings.objects, frames)
    sizes = sorted({len(window) for window in found.trajectories})
    if len(sizes) != 1:
        problem = f"samples of {sizes} objects" if sizes else f"no window of {frames} frames"
        remedy = "set the number of objects with --settings '{\"objects\": N}', or record longer"
        raise InferenceError(f"{path}: {problem} in which all objects are there; {remedy}")
    values = trained.normalisation.apply(np.stack(found.trajectories).astype(np.float32))
    windows = pd.DataFrame([{"split": "", **row} for row in found.rows], columns=WINDOW_COLUMNS)
    return Samples(torch.from_numpy(values).to(device), None), windows


def _check_interval(path: Path, interval: float, trained: Metadata) -> None:
    if abs(interval / trained.frame_interval - 1) > 0.01:
        raise InferenceError(
            f"{path}: frames every {interval:.6g} s, but the model was trained on frames every "
            f"{trained.frame_interval:.6g} s; resample the data to that, or set "
            f"`frame_interval` and `gaps: interpolate`"
        )


if __name__ == "__main__":
    main()
