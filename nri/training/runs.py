"""A run as a program carries it out: trained from its last checkpoint on, and written down."""

import csv
import logging
from dataclasses import dataclass
from pathlib import Path

import torch

from nri.config.runs import Run
from nri.data.format import StoredMetadata, read_metadata
from nri.data.on_disk import open_samples
from nri.data.samples import AnySamples
from nri.device import choose_device, rounded_products, take_processor
from nri.files import atomic_path, fingerprint, sha256
from nri.model.build import build_model
from nri.model.nri import NRI
from nri.model.weights import WEIGHTS, save_weights
from nri.training.checkpoints import Checkpoint
from nri.training.record import Work, write_record
from nri.training.start import start_from
from nri.training.trainer import Progress, Trainer

__all__ = ["Job", "carry_out"]


@dataclass(frozen=True)
class Job:
    """One training. `output` is the directory of the run, `code` a fingerprint of the program.

    `start` and `start_data` are the directory and the data set of the run that it starts from.
    """

    run: Run
    seed: int
    data: Path
    checkpoints: Path
    checkpoint_seconds: float
    code: str
    threads: int
    output: Path
    start: Path | None = None
    start_data: Path | None = None


def carry_out(job: Job) -> None:
    """Train from the last checkpoint on, if there is one, and write the run's directory."""
    take_processor(job.threads)
    metadata, device = read_metadata(job.data), choose_device()
    train, valid = (
        open_samples(job.data, split, device, job.checkpoints) for split in ("train", "valid")
    )
    torch.manual_seed(job.seed)
    code = job.run.own_code()  # read once: an edit while the training runs is not of this one
    model = build_model(
        encoder=job.run.encoder,
        decoder=job.run.decoder,
        edge_types=job.run.edge_types,
        settings=job.run.training,
        metadata=metadata,
        frames=train.shape[2],
        objects=train.shape[1],
        code=code,
    ).to(device)
    progress = _train(job, model, metadata, train, valid)
    _write(job, model, metadata, progress, code)


def _train(
    job: Job, model: NRI, metadata: StoredMetadata, train: AnySamples, valid: AnySamples
) -> Progress:
    """Train the model, which is left with its best weights."""
    settings = job.run.training
    model.fit_scales(train.typical().x, settings.standardise)
    if job.start is not None and job.start_data is not None:
        start_from(model, metadata.normalisation, job.start, job.start_data)
    trainer = Trainer(
        model=model,
        settings=settings,
        train=train,
        valid=valid,
        true_type_count=len(metadata.edge_types),
        seed=job.seed,
        checkpoints=_checkpoints(job),
        checkpoint_seconds=job.checkpoint_seconds,
    )
    with rounded_products(trainer.device):
        return trainer.run()


def _checkpoints(job: Job) -> list[Checkpoint]:
    """One for each stage, named by all that its state depends on."""
    run, data = job.run.identity(), [sha256(job.data)]
    if job.start is not None:
        data.append(sha256(job.start / WEIGHTS))
    keys = job.run.training.checkpoint_keys(job.run.encoder, job.run.decoder)
    names = [fingerprint(run, key, job.seed, data, job.threads, job.code) for key in keys]
    return [Checkpoint(job.checkpoints / f"{name}.pt") for name in names]


def _write(
    job: Job, model: NRI, metadata: StoredMetadata, progress: Progress, code: dict[str, str]
) -> None:
    """Write model.safetensors, curve.csv and config.json."""
    weights = save_weights(model.state_dict(), job.output)
    with (
        atomic_path(job.output / "curve.csv") as path,
        open(path, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, progress.curve[0])
        writer.writeheader()
        writer.writerows(progress.curve)
    work = Work(
        updates=progress.total_updates,
        epochs=sum(stage.epochs for stage in job.run.training.resolved_stages()),
        parameters=sum(each.numel() for each in model.parameters() if each.requires_grad),
        wall_seconds=progress.wall_seconds,
        process_seconds=progress.process_seconds,
    )
    record = job.output / "config.json"
    write_record(record, job.run, job.seed, metadata, work, job.threads, weights, code)
    logging.info("%d updates, written to %s", progress.total_updates, job.output)
