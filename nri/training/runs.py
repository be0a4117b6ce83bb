"""A run as a program carries it out: trained from its last checkpoint on, and written down."""

import argparse
import csv
import json
import logging
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from nri.config.training import TrainingSettings
from nri.data.format import Metadata
from nri.data.samples import Samples
from nri.device import choose_device, rounded_products
from nri.files import atomic_path, fingerprint, sha256
from nri.model.nri import NRI
from nri.provenance import provenance
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Progress, Trainer

__all__ = ["parse_job", "run_identity", "train_model", "write_run"]


def parse_job(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Add what every program that trains is told, the `job` below, and parse the command line."""
    parser.add_argument("--settings", required=True, type=json.loads, help="the run, as JSON")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--checkpoints", required=True, type=Path, help="directory to keep them in")
    parser.add_argument("--checkpoint-seconds", default=30.0, type=float, help="between two")
    parser.add_argument("--code", default="", help="fingerprint of the program's code")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--output", required=True, type=Path, help="directory of the run")
    job = parser.parse_args()
    torch.set_num_threads(job.threads)
    return job


def run_identity(job: argparse.Namespace) -> dict[str, Any]:
    """What a run is, without how it is trained."""
    run = {key: value for key, value in job.settings.items() if key not in ("training", "seeds")}
    return {**run, "seed": job.seed}


def train_model(
    job: argparse.Namespace, model: NRI, metadata: Metadata, train: Samples, valid: Samples
) -> Progress:
    """Train from the job's last checkpoint, if there is one; leaves the best weights in `model`."""
    settings = TrainingSettings.from_dict(job.settings["training"])
    model.fit_scales(train.x, settings.standardise)
    data = sha256(job.data)
    names = [
        fingerprint(run_identity(job), stages, data, job.threads, job.code)
        for stages in settings.continuable()
    ]
    trainer = Trainer(
        model=model,
        settings=settings,
        train=train,
        valid=valid,
        true_type_count=len(metadata.edge_types),
        seed=job.seed,
        checkpoints=[Checkpoint(job.checkpoints / f"{name}.pt") for name in names],
        checkpoint_seconds=job.checkpoint_seconds,
    )
    with rounded_products(trainer.device):
        return trainer.run()


def write_run(
    job: argparse.Namespace, metadata: Metadata, progress: Progress, model: NRI | None
) -> None:
    """Write config.json and, of a model that was trained, model.safetensors and curve.csv."""
    if model is not None:
        with atomic_path(job.output / "model.safetensors") as path:
            save_file(model.state_dict(), path)
        with atomic_path(job.output / "curve.csv") as path, open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, progress.curve[0])
            writer.writeheader()
            writer.writerows(progress.curve)
    record = {
        "run": run_identity(job),
        "dataset": metadata.config,
        "data": _data(metadata),
        "training": job.settings.get("training"),
        "updates": progress.total_updates,
        "epochs": _epochs(job),
        "parameters": 0 if model is None else sum(p.numel() for p in model.parameters()),
        "seconds": {"wall": progress.wall_seconds, "process": progress.process_seconds},
        "device": torch.cuda.get_device_name() if choose_device().type == "cuda" else "cpu",
        "threads": job.threads,
        "provenance": provenance(),
    }
    with atomic_path(job.output / "config.json") as path:
        path.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
    logging.info("%d updates, written to %s", progress.total_updates, job.output)


def _data(metadata: Metadata) -> dict[str, Any]:
    """What has to be known of the training data to use the model without them."""
    return {
        "features": metadata.features,
        "units": metadata.units,
        "frame_interval": metadata.frame_interval,
        "edge_types": metadata.edge_types,
        "minimum": metadata.normalisation.minimum.tolist(),
        "maximum": metadata.normalisation.maximum.tolist(),
    }


def _epochs(job: argparse.Namespace) -> float:
    """Passes over the training split, in all stages; 0 where nothing is trained."""
    if "training" not in job.settings:
        return 0
    settings = TrainingSettings.from_dict(job.settings["training"])
    return sum(stage.epochs for stage in settings.resolved_stages())
