"""Evaluate one trained model on test splits: metrics and example predictions."""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.device import choose_device
from nri.evaluation.examples import examples, write_examples
from nri.evaluation.protocol import evaluate_model
from nri.evaluation.transfer import evaluate_transfer
from nri.logs import start_log
from nri.model.build import load_model
from nri.model.objectives import make_objective
from nri.results.catalogue import paper_row
from nri.results.naming import transferred
from nri.results.rows import write_metrics


def main() -> None:
    """Read the arguments, evaluate, write metrics.csv and examples.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="directory of the trained run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument(
        "--also-on", nargs="*", default=[], type=Path, help="other data sets, named by their files"
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
    model, settings = load_model(arguments.run, metadata, device)

    objective = make_objective(model, settings.resolved_stages()[-1], len(metadata.edge_types))
    horizon = arguments.settings["horizon"]
    evaluation = evaluate_model(objective, samples, frames, horizon)
    identity = {**run, "model": paper_row(run["encoder"], run["decoder"])}
    rows = [_of_run(identity, row) for row in evaluation.rows]
    for path in arguments.also_on:
        other = evaluate_transfer(model, metadata, path, evaluation.matching, horizon, device)
        rows += [_on(path.stem, _of_run(identity, row)) for row in other]
    write_metrics(rows, arguments.metrics)
    few = samples.take(slice(0, arguments.settings["examples"]))
    arrays = examples(model, few, frames, metadata, evaluation.matching)
    write_examples(arrays, arguments.examples)


def _of_run(identity: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """A measured row with what its run is; a variant of its own adds to that of the run."""
    variant = "_".join(filter(None, [identity["variant"], row.get("variant")]))
    return {**identity, **row, "variant": variant}


def _on(dataset: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row measured on another data set than the one its model was trained on."""
    variant = transferred(row["variant"], row["dataset"])
    return {**row, "dataset": dataset, "variant": variant}


if __name__ == "__main__":
    main()
