"""Train one model on one data set with one seed."""

import argparse
import csv
import json
import logging
from pathlib import Path

import torch
from safetensors.torch import save_file

from nri.build import build_model
from nri.checkpoints import Checkpoint, fingerprint
from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.files import atomic_path
from nri.logs import start_log
from nri.provenance import provenance
from nri.settings import TrainingSettings
from nri.training import Trainer, choose_device


def main() -> None:
    """Read the arguments, train, write the run's directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, type=json.loads, help="the run, as JSON")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--checkpoints", required=True, type=Path, help="directory to keep them in")
    parser.add_argument("--code", default="", help="digest of the program's code")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--output", required=True, type=Path, help="directory of the run")
    arguments = parser.parse_args()
    start_log()
    torch.set_num_threads(arguments.threads)
    train(arguments)


def train(arguments: argparse.Namespace) -> None:
    """Train from the last checkpoint, if there is one, and write the results."""
    run, seed = arguments.settings, arguments.seed
    settings = TrainingSettings.from_dict(run["training"])
    device = choose_device()
    metadata = read_metadata(arguments.data)
    samples = {split: load_samples(arguments.data, split, device) for split in ("train", "valid")}
    torch.manual_seed(seed)
    model = build_model(
        *(run["encoder"], run["decoder"], run["edge_types"], settings, metadata),
        frames=samples["train"].x.shape[2],
    ).to(device)
    model.fit_scales(samples["train"].x, settings.standardise)
    identity = {key: value for key, value in run.items() if key not in ("training", "seeds")}
    name = fingerprint(
        *(identity, settings.continuable(), metadata.config),
        *(seed, arguments.threads, arguments.code),
    )
    trainer = Trainer(
        *(model, settings, samples["train"], samples["valid"]),
        true_types=len(metadata.edge_types),
        seed=seed,
        checkpoint=Checkpoint(arguments.checkpoints / f"{name}.pt"),
    )
    progress = trainer.run()

    output = arguments.output
    with atomic_path(output / "model.safetensors") as path:
        save_file(model.state_dict(), path)
    with atomic_path(output / "curve.csv") as path, open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, progress.curve[0])
        writer.writeheader()
        writer.writerows(progress.curve)
    record = {
        "run": {**identity, "seed": seed},
        "dataset": metadata.config,
        "training": run["training"],
        "updates": progress.total_updates,
        "epochs": len(progress.curve),
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": {"wall": progress.wall_seconds, "process": progress.process_seconds},
        "device": str(device),
        "threads": arguments.threads,
        "provenance": provenance(),
    }
    with atomic_path(output / "config.json") as path:
        path.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
    logging.info("%d updates, best weights in %s", progress.total_updates, output)


if __name__ == "__main__":
    main()
