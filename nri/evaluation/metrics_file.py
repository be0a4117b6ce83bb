"""metrics.csv: one measurement a row, and the columns that say of what (docs/results.md)."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from nri.files import write_table

__all__ = ["ADE", "FDE", "METRIC_COLUMNS", "MSE", "RMSE", "ROW", "RUN", "write_metrics"]

ROW = ["dataset", "trained_on", "model", "encoder", "decoder", "edge_types", "recipe", "graph"]
"""What makes a row of a table; measurements that differ in the seed alone are one row."""

RUN = [*ROW, "seed"]
METRIC_COLUMNS = [*RUN, "metric", "step", "value"]

MSE, ADE, FDE = "mse", "ade", "fde"
"""Names of the errors of predicted frames: squares, and mean distances."""

RMSE = "rmse_"
"""Begins the name of the error of one feature in the units of the data; the feature ends it."""


def write_metrics(rows: Iterable[Mapping[str, Any]], path: str | os.PathLike) -> None:
    """The metrics.csv of a run: `METRIC_COLUMNS` of each row, those that it lacks left empty."""
    write_table(pd.DataFrame(rows, columns=METRIC_COLUMNS).astype({"step": "Int64"}), path)
