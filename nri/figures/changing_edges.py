"""Accuracy of the graph of each prediction step, where edges change in time."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.config.identity import OWN
from nri.data.format import read_metadata, read_split
from nri.figures.colours import model_colour
from nri.figures.program import read_paths
from nri.figures.style import FADED, PAGE, legend_below, mean_over_steps, panel_title, save, styled
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale
from nri.results.naming import configuration, recipe_words
from nri.results.rows import (
    read_metrics,
    read_runs,
    summarise,
    without_studies,
    without_transfers,
)

__all__ = ["constant_accuracy", "plot_changing_edges"]

LEARNED, DYNAMIC = (model_colour("nri_learned", g) for g in ("inferred", "re-estimated"))
GRAPHS: dict[str, dict[str, Any]] = {
    "inferred": {"color": LEARNED, "label": "graph of the first frames"},
    "refined": {
        "color": model_colour("nri_learned", "refined"),
        "label": "graph of the first frames, refined by the decoder",
    },
    "re-estimated": {"color": DYNAMIC, "label": "re-estimated from predicted frames"},
    "re-estimated-from-truth": {
        "color": DYNAMIC,
        "linestyle": (0, (3.5, 1.5)),
        "label": "re-estimated from true frames",
    },
}
"""How the line of each graph looks, by the values of the column `graph`."""

CONSTANT: dict[str, Any] = {"color": FADED, "linestyle": ":", "label": "commonest type everywhere"}


def constant_accuracy(edges: np.ndarray, frames: int) -> np.ndarray:
    """Score the answer that every edge has the commonest type of all later frames: (H,).

    edges: (S, T, N, N); step 1 starts from frame `frames`, the last leads to frame T - 1.
    """
    apart = ~np.eye(edges.shape[-1], dtype=bool)
    later = edges[:, frames:-1, apart]
    return (later == np.bincount(later.ravel()).argmax()).mean((0, 2))


@styled
def plot_changing_edges(metrics: pd.DataFrame, constant: np.ndarray) -> Figure:
    """Draw edge accuracy of each step: a panel for each run of NRI, a line for each of its graphs.

    metrics: as `nri.results.rows.read_metrics`, of one data set. constant: as
    `constant_accuracy`. Lines are means over seeds, bands their standard errors. Raises
    ValueError if no accuracy has a step.
    """
    stepped = metrics["step"].notna() & metrics["model"].isin(["nri_learned", OWN])
    summary = summarise(metrics[stepped & (metrics["metric"] == "edge_accuracy")])
    if summary.empty:
        raise ValueError("no edge accuracy has a step: the edges of the data do not change")
    runs = list(summary.groupby(["recipe", "encoder", "decoder", "edge_types"]))
    columns = min(3, len(runs))
    rows = math.ceil(len(runs) / columns)
    figure = Figure(figsize=(PAGE * max(columns, 2) / 3, 0.5 + 2.0 * rows))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, ((name, *which), run) in zip(grid.flat, runs, strict=False):
        axes.plot(1 + np.arange(len(constant)), 100 * constant, **CONSTANT)
        for graph, curve in run.groupby("graph"):
            mean_over_steps(axes, curve, GRAPHS[graph], scale=100)
        panel_title(axes, f"{recipe_words(name)}, {configuration(*which)}")
        axes.set(xlabel="prediction step (frames)", ylabel="edge accuracy (%)")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.label_outer()
    for axes in grid.flat[len(runs) :]:
        axes.remove()
    legend_below(figure, [Line2D([], [], **look) for look in (*GRAPHS.values(), CONSTANT)], 2)
    return figure


def caption(dataset: str, frames: int, scale: str) -> str:
    """Say what `plot_changing_edges` shows of a data set of which `frames` frames are seen."""
    return (
        f"{dataset}: accuracy of the graph that each step is predicted with, against the true one "
        f"of the frame that the step starts from. The first {frames} frames are seen; a "
        f"re-estimated graph is that of the latest {frames} before each step, predicted or true; "
        "a refined one asks the decoder's likelihood, of the first frames alone. "
        "Dotted: the type that is commonest in all later frames, said of every edge. Lines: mean "
        f"over seeds; bands: standard error, where there are several. {scale}"
    )


def main() -> None:
    """Draw all runs on a data set, but for studies and models trained elsewhere."""
    paths = read_paths(__doc__, one=["metrics", "runs", "data"])
    runs, name = read_runs(paths.runs), paths.data.stem
    metrics, shown = (
        without_transfers(without_studies(frame[frame["dataset"] == name], runs))
        for frame in (read_metrics(paths.metrics), runs)
    )
    frames = read_metadata(paths.data).config["frames"]["train"]
    constant = constant_accuracy(read_split(paths.data, "test").known_edges, frames)
    dataset = dataset_entry(name).title
    save(
        plot_changing_edges(metrics, constant),
        paths.output,
        f"Edges that change, {dataset}",
        caption(dataset, frames, describe_scale(shown)),
    )


if __name__ == "__main__":
    main()
