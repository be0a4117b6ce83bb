"""Infer graphs with trained models, without training, from new data.

python scripts/infer.py --runs results/runs/mine/mlp-mlp-k2/seed* --data new.csv --output inferred

Writes OUTPUT/edges.csv, OUTPUT/verdict.json and a GraphML file for each sample into
OUTPUT/graphml. Tables and arrays
are read with the settings of the training data (--settings changes single keys) and cut into
windows as long as the encoder sees; of a dataset file, which may hold that split alone, the first
frames of each sample are taken. For a model of a simulated system a table has the columns time,
object and the features of the system. Graphs are the encoder's and, beside them, refined by the
decoder's likelihood; types have their names where evaluation knew the true ones.
"""

import argparse
import json
import logging
from pathlib import Path

import numpy as np

from nri.arguments import thread_count
from nri.data.own.settings import DATASET_SUFFIXES
from nri.device import choose_device, take_processor
from nri.evaluation.inference import write_edges
from nri.evaluation.new_data import (
    InferenceError,
    features_beyond_range,
    known_types,
    read_dataset,
    read_recordings,
    trained_metadata,
)
from nri.evaluation.protocol import posterior
from nri.evaluation.refine import refined_posterior, refines
from nri.evaluation.strangers import make_pool
from nri.evaluation.verdict import judge
from nri.logs import start_log
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
    parser.add_argument(
        "--no-refine",
        dest="refine",
        action="store_false",
        help="the encoder's graphs alone, faster with many objects or a decoder with memory",
    )
    parser.add_argument("--threads", default=1, type=thread_count)
    parser.add_argument("--output", required=True, type=Path, help="directory to write to")
    arguments = parser.parse_args()
    start_log()
    take_processor(arguments.threads)
    infer(arguments)


def infer(arguments: argparse.Namespace) -> None:
    """Read the data in the units of the training, infer with each model, write."""
    data, device = arguments.data, choose_device()
    trained = trained_metadata(arguments.runs[0])
    for run in arguments.runs[1:]:
        if trained_metadata(run).config != trained.config:
            raise InferenceError(f"{run}: trained on other data than {arguments.runs[0]}")
    loaded = [load_model(run, trained, device) for run in arguments.runs]
    models, settings = zip(*loaded, strict=True)
    counts = {model.graph.edge_types for model in models}
    if len(counts) > 1:
        raise InferenceError("the runs have different numbers of edge types; give one run's seeds")

    if data.suffix in DATASET_SUFFIXES:
        samples, windows = read_dataset(data, arguments.split, trained, device)
    else:
        samples, windows = read_recordings(data, arguments.settings, trained, device)
    if far := features_beyond_range(samples.x, trained.features):
        logging.warning(
            "%s: %s far beyond the range of the training data, where the model knows nothing; "
            "are the units the same?",
            data,
            ", ".join(far),
        )
    frames = trained.config["frames"]["train"]
    truth = samples.first_frames(frames).usual_edges()
    found = [posterior(model, samples, frames) for model in models]
    refined = None
    if arguments.refine and all(map(refines, models)):
        each = [
            refined_posterior(model, its, samples, frames, inferred)[0].numpy()
            for model, its, inferred in zip(models, settings, found, strict=True)
        ]
        refined = np.stack(each)
    apart = windows
    if data.suffix in DATASET_SUFFIXES:  # its samples are recordings of their own
        apart = windows.assign(recording=windows["sample"].astype(str))
    judgement = judge(
        models=loaded,
        samples=samples.first_frames(frames),
        windows=apart,
        pool=make_pool([samples.x.cpu().numpy()], [apart], frames, trained.frame_interval),
        posteriors=np.stack(found) if refined is None else refined,
        refine=refined is not None,
    )
    logging.info(judgement.verdict.sentence)
    table = write_edges(
        posteriors=np.stack(found),
        refined=refined,
        windows=windows,
        truth=None if truth is None else truth.cpu().numpy(),
        without_first=all(each.skip_first for each in settings),
        directory=arguments.output,
        known=known_types(arguments.runs, counts.pop()),
        judgement=judgement,
    )
    counts_of = {"sample": len(windows), "edge": len(table), "model": len(models)}
    said = [f"{count} {what}{'s' if count != 1 else ''}" for what, count in counts_of.items()]
    logging.info(", ".join(said))


if __name__ == "__main__":
    main()
