"""Numbers that were measured elsewhere, by others or by other programs: shown beside ours, marked.

They are in a file of the user's own (`external` of the configuration), in the units of metrics.csv,
and never become part of it.
"""

import os
from collections.abc import Collection

import numpy as np
import pandas as pd

from nri.csv_table import read_table, refuse
from nri.results.metrics import METRICS

__all__ = ["EXTERNAL_COLUMNS", "elsewhere_name", "read_external"]

EXTERNAL_COLUMNS = ["dataset", "label", "metric", "step", "value", "standard_error", "source"]
"""`step` and `standard_error` may be empty; `source` says where the number is from."""

REMEDY = "mend the file that `external` of the configuration names (docs/results.md)"


def read_external(path: str | os.PathLike, datasets: Collection[str] | None = None) -> pd.DataFrame:
    """The table with the columns `EXTERNAL_COLUMNS`, checked.

    datasets: the only ones that there may be. Raises ResultsError at the first line that is wrong.
    """
    frame = read_table(path, EXTERNAL_COLUMNS, REMEDY)

    def wrong(where: pd.Series, what: str) -> None:
        refuse(path, where, lambda _: what, REMEDY)

    for name in ("dataset", "label", "metric", "source"):
        wrong(frame[name] == "", f"no {name}")
    if datasets is not None:
        known = f"dataset is none of the configuration's: {', '.join(datasets)}"
        wrong(~frame["dataset"].isin(datasets), known)
    wrong(~np.isfinite(frame["value"]), "value is no finite number")
    error = frame["standard_error"]
    wrong(error.notna() & ~(error.ge(0) & np.isfinite(error)), "standard_error is below zero")
    for metric in METRICS.values():
        rows = frame["metric"] == metric.name
        if metric.fraction:
            beyond = rows & ~frame["value"].between(0, 1)
            wrong(beyond, f"{metric.name} is a fraction between 0 and 1, not per cent")
        if metric.steps is not None:
            needs = "needs a step" if metric.steps else "has no step"
            wrong(rows & (frame["step"].notna() != metric.steps), f"{metric.name} {needs}")
    cell = ["dataset", "label", "metric", "step"]
    wrong(frame.duplicated(cell), "this dataset, label, metric and step were there before")
    return frame


def elsewhere_name(label: str) -> str:
    """What tables and legends call a method that was measured elsewhere."""
    return f"{label} (measured elsewhere)"
