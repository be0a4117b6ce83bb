"""What the directories of runs hold beside their numbers: settings, costs and learning curves."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from nri.config.runs import Identity
from nri.results.rows import read_config, read_curve

__all__ = ["RunRecord", "identity_of", "read_records"]


@dataclass(frozen=True)
class RunRecord:
    """One training or baseline: its directory, what config.json says, and its learning curve,
    None for what is not trained.
    """

    directory: str
    seed: int
    config: dict[str, Any] = field(default_factory=dict)
    curve: pd.DataFrame | None = None


def read_records(configs: Iterable[str | os.PathLike]) -> list[RunRecord]:
    """The runs of these config.json files, each with the curve.csv that lies beside it.

    Raises ResultsError if a file is damaged.
    """
    records = []
    for path in sorted(map(Path, configs)):
        config, curve = read_config(path), path.with_name("curve.csv")
        identity = identity_of(config["run"])
        directory = f"{identity.group}/{identity.dataset}/{identity.name}"
        records.append(RunRecord(directory, int(config["run"]["seed"]), config, _curve(curve)))
    return records


def identity_of(row: Any) -> Identity:
    """Which run a row of metrics.csv or of runs.csv was measured with."""
    names = {"dataset": row["trained_on"], "recipe": row["recipe"]}
    if not row["encoder"]:
        return Identity(**names, baseline=row["model"].replace("_", "-"))
    networks = {name: row[name] for name in ("encoder", "decoder")}
    return Identity(**names, **networks, edge_types=int(row["edge_types"]))


def _curve(path: Path) -> pd.DataFrame | None:
    return read_curve(path) if path.exists() else None
