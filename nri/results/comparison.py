"""Our numbers beside the paper's: which cell is which, at what scale, how far apart."""

import os

import numpy as np
import pandas as pd

from nri.config.identity import PAPER
from nri.csv_table import read_table, refuse
from nri.evaluation.metrics_file import ROW, RUN
from nri.results.catalogue import DATASETS, MODELS, dataset_entry, model_entry
from nri.results.metrics import METRICS, STEPS, Metric, metric_entry
from nri.results.naming import origin, trained_elsewhere
from nri.results.rows import (
    in_order,
    summarise,
    without_studies,
    without_transfers,
)

__all__ = [
    "all_cells",
    "cells_of_table",
    "describe_scale",
    "describe_work",
    "every_seed",
    "over_seeds",
    "read_paper_numbers",
    "scale",
]

CELL = ["dataset", "trained_on", "model", "graph", "metric", "step"]
"""The columns that name a cell of the paper; our runs with different recipes share a cell."""

PAPER_COLUMNS = ["table", "dataset", "model", "graph", "metric", "step", "value"]
PAPER_COLUMNS += ["standard_error", "value_provenance", "standard_error_provenance"]
PAPER_COLUMNS += ["source", "note"]
PROVENANCES = ("quoted", "recalled")


def read_paper_numbers(path: str | os.PathLike) -> pd.DataFrame:
    """The paper's numbers in the units of its tables, one row for each cell.

    A cell that the paper leaves empty has a `note` that says why instead of a value.
    `value_provenance` and `standard_error_provenance` are "quoted" (seen in a text that quotes
    the paper; `source` says which) or "recalled" (not checked against the paper itself).
    Raises ResultsError if a column is missing, a cell appears twice, has no provenance or is of an
    unknown data set, model or metric, or a number cannot be one of the paper's.
    """
    frame = read_table(path, PAPER_COLUMNS, "mend it by hand")
    for name, known in (("dataset", DATASETS), ("model", MODELS), ("metric", METRICS)):
        _refuse(path, ~frame[name].isin(known), f"{name} is none of {', '.join(known)}")
    for number in ("value", "standard_error"):
        there = frame[number].notna()
        most = frame["metric"].map(lambda name: _largest(METRICS[name]))
        beyond = there & ~(frame[number].between(0, most) & np.isfinite(frame[number]))
        _refuse(path, beyond, f"{number} is negative or too large")
        tagged = frame[f"{number}_provenance"].isin(PROVENANCES)
        needs = f"{number} needs a provenance, one of: {', '.join(PROVENANCES)}"
        _refuse(path, there & ~tagged, needs)
    twice = frame.duplicated(["dataset", "model", "graph", "metric", "step"])
    _refuse(path, twice, "this cell was there before")
    return frame


def _largest(metric: Metric) -> float:
    """The largest value of a metric in the units of tables."""
    return metric.scale if metric.fraction else np.inf


def _refuse(path: str | os.PathLike, wrong: pd.Series, what: str) -> None:
    refuse(path, wrong, lambda _: what, "mend it by hand")


def every_seed(metrics: pd.DataFrame, runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A metric of each seed, in the units of tables, with what the run was and cost.

    Of a metric that is only measured step by step, the steps `STEPS`; of others the rows without
    a step. Tempered posteriors are left out of all metrics but those of confidence. A run without
    a row in `runs` takes the number of training simulations from the other runs on its data set,
    where they agree; what else it cost is then not known.
    """
    cost = [*RUN, "label", "simulations", "updates", "epochs", "process_seconds", "commit"]
    frame = metrics[metrics["metric"] == metric]
    if not metric_entry(metric).confidence:
        frame = frame[frame["graph"] != "tempered"]
    whole = frame["step"].isna()
    frame = frame[whole if whole.any() else frame["step"].isin(STEPS)]
    frame = frame.merge(runs[cost], on=RUN, how="left", validate="many_to_one")
    frame["value"] *= metric_entry(metric).scale
    frame["label"] = frame["label"].astype(object).fillna("").astype("str")
    known = without_transfers(runs).dropna(subset="simulations")
    known = known.groupby("dataset")["simulations"].unique()
    agreed = {dataset: values[0] for dataset, values in known.items() if len(values) == 1}
    assumed = frame["dataset"].map(agreed).astype("Int64")
    frame["simulations"] = frame["simulations"].astype("Int64").fillna(assumed)
    return frame


def cells_of_table(
    metrics: pd.DataFrame, runs: pd.DataFrame, paper: pd.DataFrame, metric: str
) -> pd.DataFrame:
    """Cells for one table: data sets that were run, and empty cells only of models that were not
    run on that data set at all. Columns as in `all_cells`.
    """
    frame = all_cells(metrics, runs, paper, metric)
    ran = frame["n"] > 0
    models = pd.MultiIndex.from_frame(frame[["dataset", "trained_on", "model", "graph"]])
    empty = frame["dataset"].isin(frame["dataset"][ran]) & ~models.isin(models[ran])
    return frame[ran | empty].reset_index(drop=True)


def all_cells(
    metrics: pd.DataFrame, runs: pd.DataFrame, paper: pd.DataFrame, metric: str
) -> pd.DataFrame:
    """One row for each cell of a metric: our runs without studies, and all of the paper's cells.

    Columns: those of `over_seeds` and of the paper's table, and those of `judge`. `mean` and
    `standard_error` are ours, `paper` and `paper_standard_error` the paper's, all in the paper's
    units. A cell that was not run has `n` = 0.
    """
    ours = over_seeds(every_seed(without_studies(metrics, runs), runs, metric))
    return judge(join_cells(ours, _published(paper, metric)), metric_entry(metric))


def join_cells(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Our rows beside the paper's cells, which they share if trained on the same data, in order.

    Cells that only one of the two has are kept.
    """
    frame = ours.merge(theirs, on=CELL, how="outer")
    absent = {"n": 0, **dict.fromkeys(frame.select_dtypes("str"), ""), "recipe": PAPER}
    return in_order(frame.fillna(absent))


def judge(frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Add a judgement to each joined cell.

    `scale` as in `scale`; `elsewhere`: the data set of the training if it is another one.
    `difference`: ours minus the paper's, at its data and epochs and with its recipe. `within_two`:
    whether that is within two combined standard errors, where both are known, with half of the
    paper's last printed digit granted on top. `verdict`: all of it in words.
    """
    frame = frame.assign(scale=scale(frame), elsewhere=trained_elsewhere(frame))
    comparable = (frame["scale"] == "paper") & (frame["recipe"] == PAPER)
    frame["difference"] = (frame["mean"] - frame["paper"]).where(comparable)
    combined = np.hypot(frame["standard_error"], frame["paper_standard_error"])
    within = frame["difference"].abs() <= 2 * combined + metric.rounding
    known = frame["difference"].notna() & combined.notna()
    frame["within_two"] = within.astype("boolean").where(known)
    frame["verdict"] = [_verdict(row, metric) for _, row in frame.iterrows()]
    return frame


def _published(paper: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The paper's cells of a metric, with the data set that its models were trained on."""
    theirs = paper[paper["metric"] == metric]
    theirs = theirs.rename(columns={"value": "paper", "standard_error": "paper_standard_error"})
    trained_on = [dataset_entry(name).trained_on or name for name in theirs["dataset"]]
    return theirs.assign(trained_on=pd.Series(trained_on, theirs.index, str))


def over_seeds(seeds: pd.DataFrame) -> pd.DataFrame:
    """`nri.results.rows.summarise` of `every_seed`, with the least that any of the seeds cost and
    the label that they share.
    """
    row = [*ROW, "metric", "step"]
    shared = ["label", "simulations", "updates", "epochs"]
    least = seeds.groupby(row, dropna=False)[shared].min()
    return summarise(seeds).merge(least.reset_index(), on=row)


DATA_AND_EPOCHS = "the paper's data and epochs"
"""What the scale "paper" is called; nothing is said of the widths of networks."""


def scale(frame: pd.DataFrame) -> pd.Series:
    """The scale of each row's training data and epochs: "paper", "reduced", or "" where the
    paper has no such dataset. Needs `dataset`, `model`, `simulations`, `epochs`; what is not
    known counts as reduced.
    """

    def judge(row: pd.Series) -> str:
        dataset, model = dataset_entry(row["dataset"]), model_entry(row["model"])
        if dataset.epochs is None:
            return ""
        epochs = dataset.epochs if model.epochs is None else model.epochs
        simulated = dataset.simulations is None or (
            pd.notna(row["simulations"]) and row["simulations"] >= dataset.simulations
        )
        trained = epochs == 0 or (pd.notna(row["epochs"]) and row["epochs"] >= epochs)
        return "paper" if simulated and trained else "reduced"

    return pd.Series([judge(row) for _, row in frame.iterrows()], frame.index, dtype=str)


def describe_scale(runs: pd.DataFrame) -> str:
    """One sentence on what the trainings used and how that compares with the paper's.

    runs: as `nri.results.rows.read_runs`, of all runs that a figure or a page shows.
    """
    work = []
    for name, unit in (("simulations", "training simulations"), ("updates", "updates")):
        known = runs[name].dropna()
        if (known > 0).any():  # what learns nothing takes no updates, which is no scale
            known = known[known > 0]
        if len(known):
            low, high = known.min(), known.max()
            work.append(f"{low:,} {unit}" if low == high else f"{low:,} to {high:,} {unit}")
    used = " and ".join(work) or "cost not recorded"
    judged = scale(runs)
    reduced = judged == "reduced"
    if not reduced.any():
        as_paper = (judged == "paper").any()
        return f"{DATA_AND_EPOCHS.capitalize() if as_paper else 'Scale'}: {used} a run."
    theirs = {dataset_entry(name) for name in runs["dataset"][reduced]}
    full = {(d.simulations, d.epochs) for d in theirs if d.simulations}
    aside = "".join(f" (the paper: {n:,} and {epochs} epochs)" for n, epochs in sorted(full))
    some = "" if reduced.all() else f" for {reduced.sum()} of {len(runs)} runs"
    return f"Reduced scale{some}: {used} a run{aside}."


def describe_work(row: pd.Series) -> str:
    """What a row's models were trained with: "50,000 train, 12,000 updates"."""
    work = [
        f"{row[name]:,} {unit}"
        for name, unit in (("simulations", "train"), ("updates", "updates"))
        if pd.notna(row[name]) and row[name]
    ]
    return ", ".join(work) or "cost not recorded"


def _verdict(row: pd.Series, metric: Metric) -> str:
    if not row["n"]:
        return "not run" if pd.notna(row["paper"]) else row["note"]
    work = describe_work(row)
    if row["recipe"] != PAPER:
        return f"{origin(row['recipe'], row['elsewhere'])}: {work}"
    if row["scale"] != "paper":
        return f"reduced: {work}" if row["scale"] == "reduced" else work
    if pd.isna(row["difference"]):
        return f"{DATA_AND_EPOCHS}: {work}; not in the paper's table"
    apart = metric.apart(row["mean"], row["paper"]).replace("×", "times the paper's")
    if pd.isna(row["within_two"]):
        judged = "no two standard errors to judge by"
    else:
        judged = f"{'within' if row['within_two'] else 'beyond'} two combined standard errors"
    return f"{DATA_AND_EPOCHS}: {apart}, {judged}"
