"""The graphs that the seeds of a run found in the test split of own data, for other tools.

Reads the posteriors that evaluation stored of each seed; writes OUTPUT/edges.csv and a GraphML
file for each sample into OUTPUT/graphml.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from nri.csv_table import read_table
from nri.data.format import read_metadata
from nri.data.own.windows import SEPARATOR, WINDOW_COLUMNS
from nri.data.samples import load_samples
from nri.evaluation.archive import needed
from nri.evaluation.inference import write_edges
from nri.evaluation.posterior_file import StoredPosterior
from nri.files import ResultsError, make_again
from nri.records import read_record


def main() -> None:
    """Read the arguments and the posteriors, write edges.csv and the graphs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", required=True, nargs="+", type=Path, help="directories: the seeds of one run"
    )
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--windows", required=True, type=Path, help="where samples are from, CSV")
    parser.add_argument("--output", required=True, type=Path, help="directory to write to")
    arguments = parser.parse_args()

    metadata = read_metadata(arguments.data)
    frames = metadata.config["frames"]["train"]
    samples = load_samples(arguments.data, "test", torch.device("cpu"))
    windows = read_windows(arguments.windows, *samples.x.shape[:2])
    windows["end"] = windows["start"] + (frames - 1) * metadata.frame_interval

    truth = samples.first_frames(frames).usual_edges()
    records = [read_record(run / "config.json", "training") for run in arguments.runs]
    stored = [StoredPosterior.load(run / "posterior.npz") for run in arguments.runs]
    refined = [posterior.refined for posterior in stored if posterior.refined is not None]
    write_edges(
        posteriors=np.stack([needed(posterior.inferred) for posterior in stored]),
        refined=np.stack(refined) if len(refined) == len(stored) else None,
        windows=windows,
        truth=None if truth is None else truth.numpy(),
        without_first=all(record["training"]["skip_first"] for record in records),
        directory=arguments.output,
    )


def read_windows(path: Path, samples: int, objects: int) -> pd.DataFrame:
    """The rows of the test split; raises ResultsError unless one of each sample is there."""
    remedy = make_again(path)
    windows = read_table(path, WINDOW_COLUMNS, remedy)
    windows = windows[windows["split"] == "test"].reset_index(drop=True)
    names = windows["objects"].str.count(SEPARATOR) + 1
    if list(windows["sample"]) != list(range(samples)) or windows["start"].isna().any():
        raise ResultsError(f"{path}: not a row of each of {samples} test samples; {remedy}")
    if (names != objects).any():
        raise ResultsError(f"{path}: not the names of {objects} objects in every row; {remedy}")
    return windows


if __name__ == "__main__":
    main()
