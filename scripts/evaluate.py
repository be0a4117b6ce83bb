"""Evaluate one trained model on test splits: metrics and example predictions."""

import argparse
import json
from pathlib import Path

import torch

from nri.config.identity import graph_key, model_key
from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.device import choose_device
from nri.evaluation.examples import examples, write_examples
from nri.evaluation.metrics_file import write_metrics
from nri.evaluation.protocol import evaluate_model
from nri.evaluation.transfer import evaluate_transfer
from nri.logs import start_log
from nri.model.build import load_model
from nri.model.objectives import make_objective


def main() -> None:
    """Read the arguments, evaluate, write metrics.csv and examples.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="directory of the trained run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument(
        "--test-on", nargs="*", default=[], type=Path, help="other data sets, named by their files"
    )
    parser.add_argument("--settings", required=True, type=json.loads, help="horizon, examples")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--metrics", required=True, type=Path, help="where the metrics go")
    parser.add_argument("--examples", required=True, type=Path, help="where the examples go")
    arguments = parser.parse_args()
    start_log()
    torch.set_num_threads(arguments.threads)
    evaluate(arguments)


def evaluate(arguments: argparse.Namespace) -> None:
    """Score the model by the paper's protocol, on its own data set and on the others."""
    run = json.loads((arguments.run / "config.json").read_text())["run"]
    device = choose_device()
    metadata = read_metadata(arguments.data)
    samples = load_samples(arguments.data, "test", device)
    frames = metadata.config["frames"]["train"]
    model, settings = load_model(arguments.run, metadata, device, objects=samples.x.shape[1])

    objective = make_objective(model, settings.resolved_stages()[-1], len(metadata.edge_types))
    horizon = arguments.settings["horizon"]
    evaluation = evaluate_model(objective, samples, frames, horizon)
    identity = {
        **run,
        "trained_on": run["dataset"],
        "model": model_key(run["encoder"], run["decoder"]),
        "graph": graph_key(run["encoder"]),
    }
    rows = [identity | row for row in evaluation.rows]
    for path in arguments.test_on:
        other = evaluate_transfer(model, metadata, path, evaluation.matching, horizon, device)
        rows += [identity | {"dataset": path.stem} | row for row in other]
    write_metrics(rows, arguments.metrics)
    few = samples.take(slice(0, arguments.settings["examples"]))
    arrays = examples(model, few, frames, metadata, evaluation.matching)
    write_examples(arrays, arguments.examples)


if __name__ == "__main__":
    main()
