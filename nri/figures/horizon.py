"""Figure 6: error of the predicted states over the prediction horizon, on every data set."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.evaluation.metrics_file import ROW
from nri.figures.captions import if_of_paper
from nri.figures.program import read_paths
from nri.figures.style import (
    PAGE,
    legend_below,
    line_style,
    mean_over_steps,
    panel_title,
    plain,
    save,
    styled,
)
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale
from nri.results.external import elsewhere_name, read_external
from nri.results.naming import labelled, row_names
from nri.results.rows import (
    read_metrics,
    read_runs,
    summarise,
    without_studies,
    without_transfers,
)

__all__ = ["plot_horizon"]

ELSEWHERE = ("#222222", "#888888", "#5B6C2F")
"""Colours of methods that were measured elsewhere."""


@styled
def plot_horizon(
    metrics: pd.DataFrame, runs: pd.DataFrame, external: pd.DataFrame | None = None
) -> Figure:
    """Draw mean squared error against the step: a panel for each data set, a curve for each model.

    metrics, runs: as `nri.results.rows` reads them. Lines are means over seeds, bands their
    standard errors. external: as `nri.results.external.read_external`; drawn as crosses, dotted.
    Raises ValueError if there is no `mse` among the metrics.
    """
    summary = labelled(summarise(metrics[metrics["metric"] == "mse"]), runs)
    datasets = summary["dataset"].unique()
    if not len(datasets):
        raise ValueError("no run has the metric mse; evaluate a model with a decoder first")
    summary["name"] = row_names(summary, within=["dataset", "step"])
    columns = min(3, len(datasets))
    rows = math.ceil(len(datasets) / columns)
    figure = Figure(figsize=(PAGE * max(columns, 2) / 3, 0.5 + 2.0 * rows))
    grid = figure.subplots(rows, columns, squeeze=False)
    legend: dict[str, dict] = {}
    for axes, dataset in zip(grid.flat, datasets, strict=False):
        places: dict[tuple[str, str, str], int] = {}
        part = summary[summary["dataset"] == dataset]
        for row, curve in part.groupby(ROW, dropna=False, sort=False):
            values = dict(zip(ROW, row, strict=True))
            kind = (values["model"], values["graph"], values["recipe"])
            places[kind] = places.get(kind, -1) + 1
            style = line_style(*kind, places[kind])
            mean_over_steps(axes, curve, style)
            legend.setdefault(curve["name"].iloc[0], style)
        axes.set_yscale("log")
        axes.set_xlabel("prediction step (frames)")
        axes.xaxis.get_major_locator().set_params(integer=True)
        panel_title(axes, dataset_entry(dataset).title)
        if external is not None:
            _draw_elsewhere(axes, external[external["dataset"] == dataset], legend)
    for axes in grid.flat[len(datasets) :]:
        axes.remove()
    for axes in grid[:, 0]:
        axes.set_ylabel("MSE (normalised units)")
    handles = [Line2D([], [], **style, label=name) for name, style in legend.items()]
    legend_below(figure, handles)
    return figure


def _draw_elsewhere(axes: Axes, external: pd.DataFrame, legend: dict[str, dict[str, Any]]) -> None:
    """Draw what was measured elsewhere on one data set, and add it to the legend."""
    for label, curve in external[external["metric"] == "mse"].groupby("label", sort=False):
        name = plain(elsewhere_name(str(label)))
        number = sum(style.get("marker") == "x" for style in legend.values())
        colour = ELSEWHERE[number % len(ELSEWHERE)]
        look = {"color": colour, "linestyle": ":", "linewidth": 1.0, "marker": "x"}
        style = legend.setdefault(name, {**look, "markersize": 4})
        curve = curve.sort_values("step")
        axes.plot(curve["step"].astype(int), curve["value"], **style)


def caption(scale: str, datasets: Iterable[str], elsewhere: bool = False) -> str:
    """Say what `plot_horizon` shows of runs on these data sets at this scale."""
    names = list(datasets)
    others = "Crosses: measured elsewhere, not by this pipeline. " if elsewhere else ""
    counterpart = if_of_paper(names, "As the paper's Figure 6, for all data sets. ")
    dashed = if_of_paper(names, "not the paper's recipe", "a recipe with a name")
    return (
        f"{counterpart}Mean squared error of the predicted test "
        "states, in normalised units, from the last true frame on. Lines: mean over seeds; bands: "
        f"standard error, where there are several; dashed: "
        f"{dashed}. {others}{scale}"
    )


def main() -> None:
    """Draw all runs that predict motion, but for studies and models trained elsewhere."""
    paths = read_paths(__doc__, one=["metrics", "runs"], optional=["external"])
    runs = read_runs(paths.runs)
    metrics, shown = (
        without_transfers(without_studies(frame, runs))
        for frame in (read_metrics(paths.metrics), runs)
    )
    external = read_external(paths.external) if paths.external else None
    figure = plot_horizon(metrics, runs, external)
    words = caption(describe_scale(shown), metrics["dataset"], external is not None)
    save(figure, paths.output, "Error over the horizon", words)


if __name__ == "__main__":
    main()
