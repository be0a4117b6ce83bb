"""Evaluate one trained model on test splits: metrics, example predictions, the posterior."""

import argparse
import json
from functools import partial
from pathlib import Path

from nri.arguments import thread_count
from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.device import choose_device, take_processor
from nri.evaluation.errors import own_units
from nri.evaluation.evaluation import Evaluation, on_own_data
from nri.evaluation.make_examples import make_examples
from nri.evaluation.measure import measure
from nri.evaluation.metrics_file import write_metrics
from nri.evaluation.posterior_file import StoredPosterior
from nri.evaluation.refine import posterior_temperature, refined_posterior, refines
from nri.evaluation.transfer import on_other_data
from nri.logs import start_log
from nri.model.build import load_model
from nri.model.make_objective import scoring_objective
from nri.records import read_record


def main() -> None:
    """Read the arguments, evaluate, write metrics.csv, examples.npz and posterior.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="directory of the trained run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument(
        "--test-on", nargs="*", default=[], type=Path, help="other data sets, named by their files"
    )
    parser.add_argument(
        "--settings", required=True, type=json.loads, help="horizon, examples, refine"
    )
    parser.add_argument("--threads", default=1, type=thread_count)
    parser.add_argument("--output", required=True, type=Path, help="directory to write to")
    arguments = parser.parse_args()
    start_log()
    take_processor(arguments.threads)
    evaluate(arguments)


def evaluate(arguments: argparse.Namespace) -> None:
    """Score the model by the paper's protocol, on its own data set and on the others."""
    identity = read_record(arguments.run / "config.json", "run")["run"]
    device = choose_device()
    metadata = read_metadata(arguments.data)
    samples = load_samples(arguments.data, "test", device)
    frames, horizon = metadata.config["frames"]["train"], arguments.settings["horizon"]
    types = len(metadata.edge_types)
    model, settings = load_model(arguments.run, metadata, device, objects=samples.x.shape[1])
    objective = scoring_objective(model, settings.resolved_stages()[-1], types)

    refine = temperature = None
    if arguments.settings["refine"] and refines(model):
        validation = load_samples(arguments.data, "valid", device)
        temperature = posterior_temperature(model, settings, validation, frames)
        refine = partial(refined_posterior, model, settings, temperature=temperature)
    units = own_units(metadata)
    own = on_own_data(model, objective, types, samples, frames, horizon, refine, units)
    rows = [identity | row for row in measure(own)]
    matching = None if own.inferred is None else own.inferred.matching
    for path in arguments.test_on:
        other = on_other_data(
            model,
            metadata,
            path,
            matching=matching,
            horizon=horizon,
            device=device,
            refine=refine,
            refined_matching=None if own.refined is None else own.refined.matching,
        )
        rows += [identity | {"dataset": path.stem} | row for row in measure(other)]
    write_metrics(rows, arguments.output / "metrics.csv")

    examples = make_examples(own, metadata, arguments.settings["examples"])
    examples.save(arguments.output / "examples.npz")
    stored_posterior(own, metadata.edge_types, temperature).save(arguments.output / "posterior.npz")


def stored_posterior(
    own: Evaluation, edge_types: tuple[str, ...], temperature: float | None
) -> StoredPosterior:
    """The graphs of the test split, to be kept."""
    inferred, refined, tempered = own.inferred, own.refined, own.tempered
    return StoredPosterior(
        edge_types=edge_types,
        inferred=None if inferred is None else inferred.posterior.numpy(),
        matching=None if inferred is None else inferred.matching,
        refined=None if refined is None else refined.posterior.numpy(),
        refined_matching=None if refined is None else refined.matching,
        tempered=None if tempered is None else tempered.posterior.numpy(),
        temperature=temperature,
    )


if __name__ == "__main__":
    main()
