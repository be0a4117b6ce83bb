"""How right the graph of each step is where edges change in time."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.figures.style import FADED, PAGE, legend_below, mean_over_steps, panel_title, styled
from nri.results.catalogue import model_entry
from nri.results.naming import configuration, recipe_words
from nri.results.rows import summarise

__all__ = ["constant_accuracy", "plot_changing_edges"]

LEARNED, DYNAMIC = (model_entry("nri_learned", g).colour for g in ("inferred", "re-estimated"))
GRAPHS = {
    "inferred": {"color": LEARNED, "label": "graph of the first frames"},
    "re-estimated": {"color": DYNAMIC, "label": "re-estimated from predicted frames"},
    "re-estimated-from-truth": {
        "color": DYNAMIC,
        "linestyle": (0, (3.5, 1.5)),
        "label": "re-estimated from true frames",
    },
}
"""How the line of a graph looks."""

CONSTANT = {"color": FADED, "linestyle": ":", "label": "commonest type everywhere"}


def constant_accuracy(edges: np.ndarray, frames: int) -> np.ndarray:
    """What the commonest type of all later frames, said of every edge, scores at each step: (H,).

    edges: (S, T, N, N); step 1 starts from frame `frames`, the last leads to frame T - 1.
    """
    apart = ~np.eye(edges.shape[-1], dtype=bool)
    later = edges[:, frames:-1, apart]
    return (later == np.bincount(later.ravel()).argmax()).mean((0, 2))


@styled
def plot_changing_edges(metrics: pd.DataFrame, constant: np.ndarray) -> Figure:
    """Edge accuracy of each step: a panel for each run of NRI, a line for each of its graphs.

    metrics: as `nri.results.rows.read_metrics`, of one data set. constant: as
    `constant_accuracy`. Lines are means over seeds, bands their standard errors. Raises
    ValueError if no accuracy has a step.
    """
    stepped = metrics["step"].notna() & (metrics["model"] == "nri_learned")
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
