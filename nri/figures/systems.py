"""The simulated systems themselves: motion, and what interacts with what (Figures 1 and 4)."""

import math
from collections.abc import Mapping

from matplotlib.figure import Figure

from nri.data.format import Metadata, Split
from nri.figures.graphs import draw_graph, edge_handles
from nri.figures.motion import Lanes, Plane, draw_motion, layout
from nri.figures.style import COLUMN, PAGE, legend_below, panel_title, styled
from nri.graph import matrix_to_edges
from nri.results.catalogue import dataset_entry

__all__ = ["plot_simulation", "plot_systems"]


@styled
def plot_simulation(split: Split, metadata: Metadata) -> Figure:
    """The motion in the first sample and, in the same colours, its true graph (Figure 1)."""
    motion = split.trajectories[0]
    figure = Figure(figsize=(COLUMN, 1.9), layout="compressed")
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1), subplot_kw={"anchor": "N"})
    draw_motion(left, _layout(split, metadata), motion)
    panel_title(left, "what is observed")
    draw_graph(right, matrix_to_edges(split.edges)[0], len(motion))
    panel_title(right, "what acts on what")
    if len(metadata.edge_types) > 2:
        legend_below(figure, edge_handles(len(metadata.edge_types), with_errors=False))
    return figure


@styled
def plot_systems(systems: Mapping[str, tuple[Split, Metadata]]) -> Figure:
    """The motion in the first sample of each data set, by name, side by side (Figure 4)."""
    columns = min(3, len(systems))
    rows = math.ceil(len(systems) / columns)
    figure = Figure(figsize=(PAGE * columns / 3, 2.25 * rows))
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, (dataset, (split, metadata)) in zip(grid.flat, systems.items(), strict=False):
        draw_motion(axes, _layout(split, metadata), split.trajectories[0])
        panel_title(axes, dataset_entry(dataset).title)
    for axes in grid.flat[len(systems) :]:
        axes.remove()
    return figure


def _layout(split: Split, metadata: Metadata) -> Plane | Lanes:
    return layout(metadata.features, metadata.units, split.trajectories[0], metadata.frame_interval)
