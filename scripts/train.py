"""Train one model on one data set with one seed."""

import argparse

import torch

from nri.config.training import TrainingSettings
from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.device import choose_device
from nri.logs import start_log
from nri.model.build import build_model
from nri.training.runs import parse_job, train_model, write_run


def main() -> None:
    """Read the arguments, train, write the run's directory."""
    job = parse_job(argparse.ArgumentParser(description=__doc__))
    start_log()
    train(job)


def train(job: argparse.Namespace) -> None:
    """Train from the last checkpoint, if there is one, and write the results."""
    run, metadata, device = job.settings, read_metadata(job.data), choose_device()
    settings = TrainingSettings.from_dict(run["training"])
    samples = {split: load_samples(job.data, split, device) for split in ("train", "valid")}
    torch.manual_seed(job.seed)
    model = build_model(
        encoder=run["encoder"],
        decoder=run["decoder"],
        edge_types=run["edge_types"],
        settings=settings,
        metadata=metadata,
        frames=samples["train"].x.shape[2],
        objects=samples["train"].x.shape[1],
    ).to(device)
    progress = train_model(job, model, metadata, samples["train"], samples["valid"])
    write_run(job, metadata, progress, model)


if __name__ == "__main__":
    main()
