"""What captions and legends say about the runs that a figure shows."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nri.results.catalogue import DATASETS, dataset_entry
from nri.results.comparison import describe_scale
from nri.results.naming import row_names
from nri.results.rows import in_order, read_config, run_key, run_record

__all__ = ["ShownRun", "if_of_paper", "shown_run", "shown_runs"]


def if_of_paper(datasets: Iterable[str], words: str, otherwise: str = "") -> str:
    """The words, which speak of the paper, where one of the data sets is the paper's."""
    return words if set(datasets) & set(DATASETS) else otherwise


def shown_runs(configs: Iterable[str | os.PathLike], labels: Mapping[str, str]) -> pd.DataFrame:
    """Read a row for each config.json, of runs and of baselines, sorted in the paper's order.

    labels: what runs are called, {"DATASET/RUN": label}. Columns: the `path` of the config.json,
    those of `nri.results.rows.run_record`, the `label`, and the `name` that legends show.
    """
    rows = [
        {"path": path, "label": labels.get(run_key(path), ""), **run_record(read_config(path))}
        for path in configs
    ]
    runs = in_order(pd.DataFrame(rows))
    return runs.assign(name=row_names(runs, within=[]))


@dataclass(frozen=True)
class ShownRun:
    """The only run that a figure shows.

    dataset: the title of its data set, whose name is `key`. name: data set, model and seed.
    model: its key in `nri.results.catalogue`. scale: the sentence that compares its scale with the
    paper's. training: its training settings.
    """

    dataset: str
    key: str
    name: str
    model: str
    scale: str
    training: dict[str, Any]


def shown_run(config: Path, labels: Mapping[str, str]) -> ShownRun:
    """Read the config.json of the only run that a figure shows; labels as in `shown_runs`."""
    runs = shown_runs([config], labels)
    run = runs.iloc[0]
    dataset = dataset_entry(run["dataset"]).title
    return ShownRun(
        dataset=dataset,
        key=str(run["dataset"]),
        name=f"{dataset}, {run['name']}, seed {run['seed']}",
        model=run["model"],
        scale=describe_scale(runs),
        training=read_config(config).get("training", {}),
    )
