"""How trainings went: accuracy of the graph and likelihood, over updates and time."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.config.identity import graph_key, model_key
from nri.evaluation.metrics_file import ROW
from nri.figures.style import FADED, KIND, PAGE, legend_below, line_style, panel_title, styled
from nri.results.catalogue import dataset_entry
from nri.results.naming import row_names
from nri.results.rows import ResultsError, in_order, read_config, run_record

__all__ = ["plot_curves", "read_curves"]

MEASURES = {
    "valid_edge_accuracy": "edge accuracy (validation)",
    "valid_nll": "negative log-likelihood (validation)",
}
AXES = {"step": "gradient updates", "process_seconds": "CPU time (s)"}


def read_curves(paths: Sequence[str | os.PathLike]) -> pd.DataFrame:
    """The curve.csv of several runs in one frame, each with what the config.json beside it says.

    Columns: those of `nri.results.rows.run_record` and the model, with the curve's own
    process_seconds, then the stage, the measures and the axes.
    Raises ResultsError if a file is unreadable or lacks a column.
    """
    columns = ["stage", *AXES, *MEASURES]
    frames = []
    for path in paths:
        run = run_record(read_config(Path(path).with_name("config.json")))
        try:
            curve = pd.read_csv(path, usecols=columns)
        except (OSError, ValueError) as error:
            raise ResultsError(f"{path}: not a training curve ({error}); train again") from error
        if run["decoder"] == "none":  # the loss of a supervised encoder is not of the motion
            curve["valid_nll"] = np.nan
        run["model"] = model_key(run["encoder"], run["decoder"])
        run["graph"] = graph_key(run["encoder"])
        of_run = {name: value for name, value in run.items() if name not in columns}
        frames.append(curve.assign(**of_run))
    return in_order(pd.concat(frames, ignore_index=True))


@styled
def plot_curves(curves: pd.DataFrame) -> Figure:
    """Accuracy and likelihood of one dataset's trainings, a thin line for each seed.

    curves: as `read_curves`. Where a training has stages, the likelihood is that of each stage
    and its line is broken between them. Raises ValueError if the curves are of several datasets.
    """
    datasets = curves["dataset"].unique()
    if len(datasets) != 1:
        raise ValueError(f"one dataset for each figure, not {', '.join(datasets)}")
    curves = curves.assign(name=row_names(curves, within=[]))
    measures = [name for name in MEASURES if curves[name].notna().any()]
    figure = Figure(figsize=(PAGE, 0.6 + 1.9 * len(measures)))
    grid = figure.subplots(len(measures), len(AXES), sharex="col", sharey="row", squeeze=False)
    styles = _styles(curves)
    for row, measure in zip(grid, measures, strict=True):
        for axes, along in zip(row, AXES, strict=True):
            for (name, *_), line in curves.groupby(["name", "seed", "stage"], sort=False):
                # A training that ends within its first epoch is a point.
                look = {**styles[name], "marker": "o" if len(line) == 1 else "", "markersize": 2.5}
                axes.plot(line[along], line[measure], **look, linewidth=0.8, alpha=0.85)
        row[0].set_ylabel(MEASURES[measure])
        if measure == "valid_edge_accuracy":
            _mark_chance(row, 1 / curves["edge_types"].min())
        elif (curves[measure].dropna() > 0).all():
            row[0].set_yscale("log")
    for axes, along in zip(grid[-1], AXES.values(), strict=True):
        axes.set_xlabel(along)
    panel_title(grid[0, 0], dataset_entry(datasets[0]).title)
    legend_below(figure, [Line2D([], [], **style, label=name) for name, style in styles.items()])
    return figure


def _styles(curves: pd.DataFrame) -> dict[str, dict]:
    styles: dict[str, dict] = {}
    places: dict[tuple[str, ...], int] = {}
    for _, run in curves.drop_duplicates(ROW).iterrows():
        row = tuple(run[KIND])
        places[row] = places.get(row, -1) + 1
        styles[run["name"]] = line_style(*row, places[row])
    return styles


def _mark_chance(row: Sequence[Axes], chance: float) -> None:
    for axes in row:
        axes.axhline(chance, color=FADED, linewidth=0.8, linestyle=":")
        axes.set_ylim(min(axes.get_ylim()[0], chance - 0.05), 1.005)
    row[0].annotate(
        f"chance ({chance:.2g})",
        (1, chance),
        xycoords=("axes fraction", "data"),
        xytext=(0, -2),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=6,
        color="#666666",
    )
