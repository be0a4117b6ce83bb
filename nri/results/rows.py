"""All runs in two tidy tables: what was measured, and what each run was and cost."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nri.csv_table import read_table, refuse, typed
from nri.evaluation.metrics_file import METRIC_COLUMNS, ROW, RUN
from nri.files import ResultsError, make_again
from nri.records import read_record
from nri.results.catalogue import dataset_order, model_order
from nri.results.metrics import Metric, metric_entry

__all__ = [
    "RUN_COLUMNS",
    "ResultsError",
    "collect_metrics",
    "collect_runs",
    "in_order",
    "read_config",
    "read_curve",
    "read_metrics",
    "read_runs",
    "run_key",
    "run_record",
    "summarise",
    "without_studies",
    "without_transfers",
]

RUN_COLUMNS = [
    *RUN,
    "label",
    "study",
    "simulations",
    "updates",
    "epochs",
    "parameters",
    "wall_seconds",
    "process_seconds",
    "commit",
    "machine",
    "versions",
]

CURVE_COLUMNS = ("stage", "step", "process_seconds")
"""What every row of a curve.csv has: where in the training it was measured."""

DIVERGES = (
    "if it is there again after that, the predictions of the model diverge: lower its "
    "`learning_rate`, or take the run out of the configuration"
)


def read_metrics(path: str | os.PathLike) -> pd.DataFrame:
    """A metrics.csv with the columns `METRIC_COLUMNS`, checked.

    Text that is absent is "", whole numbers that are absent are NA.
    Raises ResultsError if columns are missing or unknown, a value is not a finite number,
    a row does not keep to the entry of its metric in `nri.results.metrics` (a step is missing or
    out of place, a fraction is none), or a row appears twice.
    """
    frame = read_table(path, METRIC_COLUMNS, make_again(path))
    _refuse(path, frame, frame[["dataset", "model", "metric"]].eq("").any(axis=1), "without a name")
    _refuse(path, frame, frame["seed"].isna(), "without a seed")
    refuse(
        path,
        ~np.isfinite(frame["value"]),
        lambda row: f"a value that is not finite ({_describe(frame.iloc[row])})",
        f"{make_again(path)}; {DIVERGES}",
    )
    for name in frame["metric"].unique():
        _check_metric(path, frame, metric_entry(name))
    _refuse(path, frame, frame.duplicated([*RUN, "metric", "step"]), "that was there before")
    return frame


def read_curve(path: str | os.PathLike, columns: Sequence[str] = ()) -> pd.DataFrame:
    """The curve.csv of a training: `CURVE_COLUMNS`, with a value in every row, and others.

    columns: others that it must have. Raises ResultsError if the file is damaged or lacks one.
    """
    remedy = make_again(path)
    curve = read_table(path, [*CURVE_COLUMNS, *columns], remedy, more=True)
    absent = curve[list(CURVE_COLUMNS)].isna().any(axis=1)
    refuse(path, absent, lambda _: "no stage, step or time", remedy)
    return curve


def collect_metrics(
    paths: Iterable[str | os.PathLike], read: Callable[[str], pd.DataFrame] = read_metrics
) -> pd.DataFrame:
    """All metrics.csv files in one tidy frame, sorted, whatever the order of `paths`.

    read: `read_metrics`, or what remembers its results for `collect_runs`.
    Raises ResultsError as `read_metrics`, for all files at once, and if two hold the same
    measurement. A table without a run that failed would look complete, so there is none then.
    """
    paths, frames, problems = sorted(map(str, paths)), [], []
    if not paths:
        raise ResultsError("no metrics.csv given; there is nothing to collect")
    for path in paths:
        try:
            frames.append(read(path).assign(path=path))
        except ResultsError as error:
            problems.append(str(error))
    if problems:
        raise ResultsError("\n".join(problems))
    frame = pd.concat(frames, ignore_index=True)
    key = [*RUN, "metric", "step"]
    twice = frame[frame.duplicated(key, keep=False)].sort_values("path")
    if len(twice):
        row = twice.iloc[0]
        same = twice[[_describe(other) == _describe(row) for _, other in twice.iterrows()]]
        raise ResultsError(
            f"{' and '.join(same['path'])}: both hold {_describe(row)}; remove one of the runs"
        )
    return in_order(frame[METRIC_COLUMNS])


def collect_runs(
    paths: Iterable[str | os.PathLike],
    studies: Mapping[str, Mapping[str, str]] | None = None,
    labels: Mapping[str, str] | None = None,
    read: Callable[[str], pd.DataFrame] = read_metrics,
) -> pd.DataFrame:
    """What each run was and cost: a row for each run, graph and data set it is tested on, sorted.

    paths: the config.json files of the runs. The metrics.csv beside each holds the rows that
    were measured with the run, and must agree on what it is. studies: as
    `nri.config.resolve.resolve_studies`, by the directories DATASET/RUN that the files lie in;
    labels likewise, as `resolve_labels` there. read: as in `collect_metrics`.
    Raises ResultsError if a file is absent, lacks a key or contradicts its neighbour.
    """
    records, files = [], []
    for path in sorted(map(str, paths)):
        config = read_config(path)
        study = (studies or {}).get(run_key(path), {})
        label = (labels or {}).get(run_key(path), "")
        measured = read(str(Path(path).with_name("metrics.csv")))[RUN].drop_duplicates()
        for _, run in measured.iterrows():
            trained = {**run, "dataset": run["trained_on"]}
            for key in RUN:
                # The graph of a row may be another than the run's own.
                if key != "graph" and _text(trained[key]) != _text(config["run"][key]):
                    raise ResultsError(
                        f"{path}: run.{key} is {config['run'][key]!r}, but the metrics.csv "
                        f"beside it says {_text(trained[key])!r}; evaluate the run again"
                    )
            named = {**run, "label": label, "study": study.get(run["dataset"], "")}
            records.append({**run_record(config), **named})
            files.append(path)
    frame = pd.DataFrame(records, columns=RUN_COLUMNS)
    return in_order(typed(frame, files.__getitem__, "train again"))


def run_key(path: str | os.PathLike) -> str:
    """What the configuration calls the run that a file of a seed is of: DATASET/RUN."""
    return "/".join(Path(path).parts[-4:-2])


def read_config(path: str | os.PathLike) -> dict:
    """The config.json of a run.

    Raises ResultsError if it is damaged, or lacks what tables and figures need.
    """
    return read_record(path, "run", "dataset", "updates", "epochs", "seconds", "provenance")


def run_record(config: dict) -> dict:
    """The columns of `RUN_COLUMNS` that a run's config.json holds: all but its label and study."""
    samples = config["dataset"].get("samples")
    provenance = config["provenance"]
    return {
        **{name: config["run"][name] for name in RUN},
        "simulations": (samples or {}).get("train"),
        "updates": config["updates"],
        "epochs": config["epochs"],
        "parameters": config.get("parameters"),
        "wall_seconds": config["seconds"]["wall"],
        "process_seconds": config["seconds"]["process"],
        "commit": provenance.get("commit"),
        "machine": _where(config),
        "versions": _one_line(provenance.get("versions", "")),
    }


def read_runs(path: str | os.PathLike) -> pd.DataFrame:
    """The table that `collect_runs` made, read back.

    Raises ResultsError if columns are missing or unknown.
    """
    return read_table(path, RUN_COLUMNS, make_again(path))


def summarise(metrics: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds with its standard error (sd / √n, NaN for one seed) and n, in order."""
    groups = metrics.groupby([*ROW, "metric", "step"], dropna=False, sort=False)["value"]
    summary = groups.agg(n="count", mean="mean", standard_error="sem").reset_index()
    return in_order(summary.astype({"n": "Int64"}))


def without_studies(frame: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of `frame`, which has the columns `RUN`, that belong to no study."""
    known = frame[RUN].merge(runs[[*RUN, "study"]], on=RUN, how="left", validate="many_to_one")
    none = known["study"].isna() | (known["study"] == "")
    return frame[none.to_numpy()].reset_index(drop=True)


def without_transfers(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of models that are tested on the data set that they were trained on."""
    return frame[frame["trained_on"] == frame["dataset"]].reset_index(drop=True)


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in the paper's order of datasets and models, then by everything else that names them."""
    orders = {"dataset": dataset_order, "model": model_order}

    def key(column: pd.Series) -> pd.Series:
        if column.name not in orders:
            return column
        names = sorted(set(column), key=orders[column.name])
        return column.map({name: place for place, name in enumerate(names)})

    by = [name for name in [*RUN, "metric", "step"] if name in frame]
    return frame.sort_values(by, key=key, na_position="first", ignore_index=True)


def _where(config: dict) -> str:
    """The machine, the GPU if one was used, and the threads."""
    device, threads = config.get("device", "cpu"), config.get("threads")
    parts = [config["provenance"].get("machine", ""), "" if device == "cpu" else device]
    parts.append("" if threads is None else f"{threads} thread{'s' if threads > 1 else ''}")
    return ", ".join(filter(None, parts))


def _one_line(value: str | dict) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value


def _check_metric(path: str | os.PathLike, frame: pd.DataFrame, metric: Metric) -> None:
    """Raise ResultsError if a row of a metric is not as its entry says."""
    rows, stepped = frame["metric"] == metric.name, frame["step"].notna()
    if metric.steps is True:
        _refuse(path, frame, rows & ~stepped, f"of {metric.name} without a step")
    if metric.steps is False:
        _refuse(path, frame, rows & stepped, "with a step, which this metric has not")
    if metric.fraction:
        beyond = rows & ~frame["value"].between(0, 1)
        _refuse(path, frame, beyond, "whose value is not a fraction between 0 and 1")


def _refuse(path: str | os.PathLike, frame: pd.DataFrame, wrong: pd.Series, what: str) -> None:
    remedy = make_again(path)
    refuse(path, wrong, lambda row: f"a row {what} ({_describe(frame.iloc[row])})", remedy)


def _describe(row: pd.Series) -> str:
    named = {name: _text(row[name]) for name in [*RUN, "metric", "step"]}
    return ", ".join(f"{name} {value}" for name, value in named.items() if value)


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)
