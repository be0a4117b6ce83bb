"""The best published numbers of others, for the first picture of the page."""

import os

import pandas as pd

from nri.csv_table import read_table, refuse
from nri.results.catalogue import DATASETS
from nri.results.comparison import PROVENANCES
from nri.results.metrics import METRICS

__all__ = ["read_best_published"]

COLUMNS = ["dataset", "metric", "value", "standard_error", "value_provenance"]
COLUMNS += ["model", "source", "note"]


def read_best_published(path: str | os.PathLike) -> pd.DataFrame:
    """One row for each data set and metric, in the units of tables; methods that use no labels.

    `model` names the method; `value_provenance` is as that of the paper's numbers. A `note` says
    what keeps a number from being compared as it is. Raises ResultsError if a row names nothing
    known, has no provenance or no source, or is there twice.
    """
    frame = read_table(path, COLUMNS, remedy := "mend it by hand")
    checks = {
        "an unknown data set": ~frame["dataset"].isin(DATASETS),
        "an unknown metric": ~frame["metric"].isin(METRICS),
        "no number": frame["value"].isna(),
        f"a provenance that is none of {', '.join(PROVENANCES)}": ~frame["value_provenance"].isin(
            PROVENANCES
        ),
        "no method or no source": frame[["model", "source"]].eq("").any(axis=1),
        "a cell that was there before": frame.duplicated(["dataset", "metric"]),
    }
    for problem, wrong in checks.items():
        refuse(path, wrong, dict.fromkeys(range(len(frame)), problem).__getitem__, remedy)
    return frame
