"""Figure 6: error of the predicted states over the prediction horizon, on every data set."""

import math
from collections.abc import Iterable

import pandas as pd
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
    save,
    styled,
)
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale
from nri.results.naming import row_names
from nri.results.rows import (
    read_metrics,
    read_runs,
    summarise,
    without_studies,
    without_transfers,
)

__all__ = ["plot_horizon"]


@styled
def plot_horizon(metrics: pd.DataFrame) -> Figure:
    """Draw mean squared error against the step: a panel for each data set, a curve for each model.

    metrics: as `nri.results.rows.read_metrics`. Lines are means over seeds, bands their standard
    errors. Raises ValueError if there is no `mse` among the metrics.
    """
    summary = summarise(metrics[metrics["metric"] == "mse"])
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
    for axes in grid.flat[len(datasets) :]:
        axes.remove()
    for axes in grid[:, 0]:
        axes.set_ylabel("MSE (normalised units)")
    handles = [Line2D([], [], **style, label=name) for name, style in legend.items()]
    legend_below(figure, handles)
    return figure


def caption(scale: str, datasets: Iterable[str]) -> str:
    """Say what `plot_horizon` shows of runs on these data sets at this scale."""
    names = list(datasets)
    counterpart = if_of_paper(names, "As the paper's Figure 6, for all data sets. ")
    dashed = if_of_paper(names, "not the paper's recipe", "a recipe with a name")
    return (
        f"{counterpart}Mean squared error of the predicted test "
        "states, in normalised units, from the last true frame on. Lines: mean over seeds; bands: "
        f"standard error, where there are several; dashed: "
        f"{dashed}. {scale}"
    )


def main() -> None:
    """Draw all runs that predict motion, but for studies and models trained elsewhere."""
    paths = read_paths(__doc__, one=["metrics", "runs"])
    runs = read_runs(paths.runs)
    metrics, shown = (
        without_transfers(without_studies(frame, runs))
        for frame in (read_metrics(paths.metrics), runs)
    )
    title = "Error over the horizon"
    words = caption(describe_scale(shown), metrics["dataset"])
    save(plot_horizon(metrics), paths.output, title, words)


if __name__ == "__main__":
    main()
