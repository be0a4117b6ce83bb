"""config.json: what a run is, what it was made from, and what that took."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nri.config.runs import Identity, Run
from nri.data.format import StoredMetadata
from nri.device import choose_device
from nri.provenance import provenance
from nri.records import save_record

__all__ = ["Work", "write_record"]


@dataclass(frozen=True)
class Work:
    """What a training took; nothing where nothing is trained. epochs: passes, of all stages."""

    updates: int = 0
    epochs: float = 0
    parameters: int = 0
    wall_seconds: float = 0.0
    process_seconds: float = 0.0


def write_record(
    path: Path,
    run: Identity,
    seed: int,
    metadata: StoredMetadata,
    work: Work,
    threads: int,
    weights: str | None = None,
    code: dict[str, str] | None = None,
) -> None:
    """Write the config.json of a run, or of a baseline that trains nothing and has no weights.

    weights: the checksum that `nri.model.weights.save_weights` returned. code: the texts of
    networks of the user's own, {"encoder": text}; with them the directory is all that it takes to
    use the model.
    """
    training = start = None
    if isinstance(run, Run):
        training = run.training.model_dump()
        start = None if run.start_from is None else run.start_from.model_dump()
    record = {
        # The columns of metrics.csv; and what the model is built from, which they leave out of a
        # baseline (`Run.from_record`).
        "run": {**run.columns(), "seed": seed},
        "identity": run.identity(),
        "dataset": metadata.config,
        "data": _data(metadata),
        "training": training,
        "start_from": start,
        "weights": weights,
        "code": code or {},
        "updates": work.updates,
        "epochs": work.epochs,
        "parameters": work.parameters,
        "seconds": {"wall": work.wall_seconds, "process": work.process_seconds},
        "device": torch.cuda.get_device_name() if choose_device().type == "cuda" else "cpu",
        "threads": threads,
        "provenance": provenance(),
    }
    save_record(record, path)


def _data(metadata: StoredMetadata) -> dict[str, Any]:
    """What has to be known of the training data to use the model without them."""
    return {
        "features": metadata.features,
        "units": metadata.units,
        "frame_interval": metadata.frame_interval,
        "edge_types": metadata.edge_types,
        "minimum": metadata.normalisation.minimum.tolist(),
        "maximum": metadata.normalisation.maximum.tolist(),
    }
