"""Train, if there is something to train, and evaluate one baseline with one seed."""

import argparse
import json
from typing import Any

import torch

from nri.config.training import TrainingSettings
from nri.data.format import SPLITS, read_metadata
from nri.data.samples import Samples, load_samples
from nri.device import choose_device
from nri.evaluation.correlation import correlation_rows, hidden_vectors, path_vectors
from nri.evaluation.examples import examples, write_examples
from nri.evaluation.metrics_file import write_metrics
from nri.evaluation.protocol import evaluate_model
from nri.evaluation.static import static_mse
from nri.logs import start_log
from nri.model.build import build_model
from nri.model.nri import NRI
from nri.model.objectives import make_objective
from nri.training.runs import parse_job, run_identity, train_model, write_run
from nri.training.trainer import Progress


def main() -> None:
    """Read the arguments, train and evaluate, write the baseline's directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluation", required=True, type=json.loads, help="horizon, examples")
    job = parse_job(parser)
    start_log()
    run_baseline(job)


def run_baseline(job: argparse.Namespace) -> None:
    """The trained ones continue from their last checkpoint, if there is one."""
    metadata, device = read_metadata(job.data), choose_device()
    samples = {split: load_samples(job.data, split, device) for split in SPLITS}
    model, progress = None, Progress()
    if "training" in job.settings:
        settings = TrainingSettings.from_dict(job.settings["training"])
        torch.manual_seed(job.seed)
        joint = job.settings["baseline"] == "lstm-joint"
        model = build_model(
            encoder="full",  # which an LSTM ignores
            decoder="lstm-joint" if joint else "lstm-single",
            edge_types=2,
            settings=settings,
            metadata=metadata,
            frames=samples["train"].x.shape[2],
            objects=samples["train"].x.shape[1],
        ).to(device)
        progress = train_model(job, model, metadata, samples["train"], samples["valid"])

    frames, horizon = metadata.config["frames"]["train"], job.evaluation["horizon"]
    rows = evaluate(job.settings, model, samples, frames, horizon)
    write_run(job, metadata, progress, model)
    identity = run_identity(job) | {"model": job.settings["baseline"].replace("-", "_")}
    identity["trained_on"] = identity["dataset"]
    write_metrics([identity | row for row in rows], job.output / "metrics.csv")
    if model is not None:
        few = samples["test"].take(slice(0, job.evaluation["examples"]))
        arrays = examples(model, few, frames, metadata, None)
        write_examples(arrays, job.output / "examples.npz")


def evaluate(
    settings: dict[str, Any],
    model: NRI | None,
    samples: dict[str, Samples],
    frames: int,
    horizon: int,
) -> list[dict[str, Any]]:
    """Metrics on the test split, whose first `frames` frames are known."""
    baseline, train, test = settings["baseline"], samples["train"], samples["test"]
    if baseline == "static":
        errors = enumerate(static_mse(test, frames, horizon), start=1)
        return [{"metric": "mse", "step": step, "value": value} for step, value in errors]
    if baseline == "corr-path":
        vectors = [path_vectors(split, frames) for split in (train, test)]
        return correlation_rows((vectors[0], train.edges), (vectors[1], test.edges))
    if baseline == "corr-lstm":
        vectors = [hidden_vectors(model.decoder, split, frames) for split in (train, test)]
        return correlation_rows((vectors[0], train.edges), (vectors[1], test.edges))
    stage = TrainingSettings.from_dict(settings["training"]).resolved_stages()[-1]
    return evaluate_model(make_objective(model, stage, 0), test, frames, horizon).rows


if __name__ == "__main__":
    main()
