"""Score a baseline that trains nothing: static, constant velocity, or correlations."""

import argparse
from pathlib import Path

from nri.arguments import thread_count
from nri.config.runs import Identity
from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.device import choose_device, take_processor
from nri.evaluation.correlation import correlation_rows, hidden_vectors, path_vectors
from nri.evaluation.errors import error_rows, own_units
from nri.evaluation.metrics_file import write_metrics
from nri.evaluation.static import constant_velocity_errors, static_errors
from nri.logs import start_log
from nri.model.build import load_model
from nri.model.decoders.lstm import SingleLSTM
from nri.training.record import Work, write_record


def main() -> None:
    """Read the arguments, evaluate, write metrics.csv and, where no training has, config.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--baseline",
        required=True,
        type=Identity.model_validate_json,
        help="nri.config.runs.Identity, as JSON",
    )
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--horizon", required=True, type=int, help="steps that are scored")
    parser.add_argument("--lstm", type=Path, help="directory of the trained LSTM of corr-lstm")
    parser.add_argument("--threads", default=1, type=thread_count)
    parser.add_argument("--output", required=True, type=Path, help="directory to write to")
    arguments = parser.parse_args()
    start_log()
    take_processor(arguments.threads)
    evaluate(arguments)


def evaluate(arguments: argparse.Namespace) -> None:
    """Score the baseline on the test split, whose first frames are known."""
    metadata, device = read_metadata(arguments.data), choose_device()
    frames = metadata.config["frames"]["train"]
    test = load_samples(arguments.data, "test", device)
    kind, horizon = arguments.baseline.baseline, arguments.horizon
    if kind in ("static", "constant-velocity"):
        units = own_units(metadata)
        if kind == "static":
            errors = static_errors(test, frames, horizon, units)
        else:
            errors = constant_velocity_errors(test, frames, horizon, metadata.features, units)
        rows = list(error_rows(errors, units))
    else:
        train = load_samples(arguments.data, "train", device)
        if arguments.lstm is None:
            vectors = [path_vectors(split, frames) for split in (train, test)]
        else:
            model, _ = load_model(arguments.lstm, metadata, device)
            lstm = model.decoder
            if not isinstance(lstm, SingleLSTM):
                raise ValueError(f"{arguments.lstm}: holds no LSTM of single objects")
            vectors = [hidden_vectors(lstm, split, frames) for split in (train, test)]
        rows = correlation_rows((vectors[0], train.known_edges), (vectors[1], test.known_edges))
    identity = {**arguments.baseline.columns(), "seed": arguments.seed}
    write_metrics([identity | row for row in rows], arguments.output / "metrics.csv")
    if arguments.lstm is None:
        write_record(
            path=arguments.output / "config.json",
            run=arguments.baseline,
            seed=arguments.seed,
            metadata=metadata,
            work=Work(),
            threads=arguments.threads,
        )


if __name__ == "__main__":
    main()
