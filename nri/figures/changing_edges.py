"""How right the graph of each step is where edges change in time."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.figures.style import FADED, PAGE, legend_below, line_style, styled
from nri.naming import row_names
from nri.results import ROW, summarise

__all__ = ["constant_accuracy", "plot_changing_edges"]


def constant_accuracy(edges: np.ndarray, frames: int) -> np.ndarray:
    """What the commonest type of all later frames, said of every edge, scores at each step: (H,).

    edges: (S, T, N, N); step 1 starts from frame `frames`, the last leads to frame T - 1.
    """
    apart = ~np.eye(edges.shape[-1], dtype=bool)
    later = edges[:, frames:-1, apart]
    return (later == np.bincount(later.ravel()).argmax()).mean((0, 2))


@styled
def plot_changing_edges(metrics: pd.DataFrame, constant: np.ndarray) -> Figure:
    """Edge accuracy against the step: lines are means over seeds, bands their standard errors.

    metrics: as `nri.results.read_metrics`, of one data set. constant: as `constant_accuracy`.
    Raises ValueError if no edge accuracy has a step.
    """
    stepped = (metrics["metric"] == "edge_accuracy") & metrics["step"].notna()
    summary = summarise(metrics[stepped])
    if summary.empty:
        raise ValueError("no edge accuracy has a step: the edges of the data do not change")
    summary["name"] = row_names(summary, within=["step"])
    figure = Figure(figsize=(PAGE * 0.7, 2.7))
    axes = figure.subplots()
    steps = 1 + np.arange(summary["step"].max())
    label = "commonest type everywhere"
    handles = axes.plot(steps, 100 * constant[: len(steps)], color=FADED, ls=":", label=label)
    places: dict[tuple[str, str], int] = {}
    for row, curve in summary.groupby(ROW, dropna=False, sort=False):
        _, model, _, _, _, variant = row
        place = places[model, variant] = places.get((model, variant), -1) + 1
        style = line_style(model, variant, place)
        step, mean = curve["step"].astype(int), 100 * curve["mean"]
        error = 100 * curve["standard_error"].fillna(0)
        axes.plot(step, mean, **style)
        axes.fill_between(step, mean - error, mean + error, color=style["color"], alpha=0.2, lw=0)
        handles.append(Line2D([], [], **style, label=curve["name"].iloc[0]))
    axes.set(xlabel="prediction step (frames)", ylabel="edge accuracy (%)")
    axes.xaxis.get_major_locator().set_params(integer=True)
    legend_below(figure, handles, columns=2)
    return figure
