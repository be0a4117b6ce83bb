"""Export what a trained run predicts and infers of all test samples: predictions.h5."""

import argparse
from pathlib import Path

from nri.arguments import thread_count
from nri.data.format import Dataset
from nri.data.samples import load_samples
from nri.device import choose_device, take_processor
from nri.evaluation.posterior_file import StoredPosterior
from nri.evaluation.predictions import write_predictions
from nri.logs import start_log
from nri.model.build import load_model
from nri.records import read_record


def main() -> None:
    """Read the arguments, predict, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="directory of the evaluated run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--threads", default=1, type=thread_count)
    parser.add_argument("--output", required=True, type=Path, help="the file to write, .h5")
    arguments = parser.parse_args()
    start_log()
    take_processor(arguments.threads)

    with Dataset(arguments.data) as data:
        metadata, split = data.metadata, data.split("test")
        samples = load_samples(data, "test", choose_device())
    device, objects = samples.x.device, samples.x.shape[1]
    model, _ = load_model(arguments.run, metadata, device, objects=objects)
    found = StoredPosterior.load(arguments.run / "posterior.npz") if model.infers_graph else None
    run = read_record(arguments.run / "config.json", "run")["run"]
    write_predictions(arguments.output, model, metadata, split, samples, run, found)


if __name__ == "__main__":
    main()
