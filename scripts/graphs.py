"""The graphs that the seeds of a run found in the test split of own data, and what they are worth.

Reads the posteriors that evaluation stored of each seed, and judges them with the models; writes
OUTPUT/edges.csv, OUTPUT/verdict.json and a GraphML file for each sample into OUTPUT/graphml.
"""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from nri.arguments import thread_count
from nri.csv_table import read_table
from nri.data.format import Dataset
from nri.data.own.windows import SEPARATOR, WINDOW_COLUMNS
from nri.data.samples import load_samples
from nri.data.splits import SPLITS
from nri.device import choose_device, take_processor
from nri.evaluation.archive import needed
from nri.evaluation.inference import write_edges
from nri.evaluation.posterior_file import StoredPosterior
from nri.evaluation.strangers import make_pool
from nri.evaluation.verdict import Verdict, judge
from nri.files import ResultsError, make_again
from nri.logs import start_log
from nri.model.build import load_model


def main() -> None:
    """Read the arguments, judge the graphs, write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", required=True, nargs="+", type=Path, help="directories: the seeds of one run"
    )
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--windows", required=True, type=Path, help="where samples are from, CSV")
    parser.add_argument(
        "--gate", type=Path, help="verdict on as much simulated data (scripts/gate.py)"
    )
    parser.add_argument("--threads", default=1, type=thread_count)
    parser.add_argument("--output", required=True, type=Path, help="directory to write to")
    arguments = parser.parse_args()
    start_log()
    take_processor(arguments.threads)
    write_graphs(arguments)


def write_graphs(arguments: argparse.Namespace) -> None:
    """Compare the test samples with strangers from all splits, write what was found."""
    device = choose_device()
    with Dataset(arguments.data) as dataset:
        metadata = dataset.metadata
        splits = {split: load_samples(dataset, split, device) for split in SPLITS}
    frames = metadata.config["frames"]["train"]
    windows = {
        split: read_windows(arguments.windows, len(each), each.x.shape[1], split)
        for split, each in splits.items()
    }
    test = windows["test"].assign(
        end=windows["test"]["start"] + (frames - 1) * metadata.frame_interval
    )
    samples = splits["test"].first_frames(frames)
    truth = samples.usual_edges()

    models = [load_model(run, metadata, device) for run in arguments.runs]
    stored = [StoredPosterior.load(run / "posterior.npz") for run in arguments.runs]
    inferred = np.stack([needed(posterior.inferred) for posterior in stored])
    better = [posterior.refined for posterior in stored if posterior.refined is not None]
    refined = np.stack(better) if len(better) == len(stored) else None
    pool = make_pool(
        [each.x.cpu().numpy() for each in splits.values()],
        list(windows.values()),
        frames,
        metadata.frame_interval,
    )
    types = None if truth is None else truth.cpu().numpy()
    judgement = judge(
        models=models,
        samples=samples,
        windows=test,
        pool=pool,
        posteriors=inferred if refined is None else refined,
        refine=refined is not None,
        truth=types,
    )
    if arguments.gate is not None:
        verdict = judgement.verdict.after_gate(Verdict.load(arguments.gate))
        judgement = replace(judgement, verdict=verdict)
    logging.info(judgement.verdict.sentence)
    write_edges(
        posteriors=inferred,
        refined=refined,
        windows=test,
        truth=types,
        without_first=all(settings.skip_first for _, settings in models),
        directory=arguments.output,
        judgement=judgement,
    )


def read_windows(path: Path, samples: int, objects: int, split: str = "test") -> pd.DataFrame:
    """The rows of a split; raises ResultsError unless one of each sample is there."""
    remedy = make_again(path)
    windows = read_table(path, WINDOW_COLUMNS, remedy)
    windows = windows[windows["split"] == split].reset_index(drop=True)
    names = windows["objects"].str.count(SEPARATOR) + 1
    known = windows["sample"].fillna(-1).tolist() == list(range(samples))
    if not known or not np.isfinite(windows["start"]).all():
        raise ResultsError(f"{path}: not a row of each of {samples} {split} samples; {remedy}")
    if (names != objects).any():
        raise ResultsError(f"{path}: not the names of {objects} objects in every row; {remedy}")
    return windows


if __name__ == "__main__":
    main()
