"""Interaction graphs drawn on a circle: the true one, and the inferred one with its errors."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from nri.figures.style import ERROR, INK, object_colours
from nri.graph import edges_to_matrix

__all__ = ["draw_graph", "edge_handles"]

DASHES: tuple[Any, ...] = ("-", "-", (0, (3, 1.2)), (0, (1, 1)), (0, (4, 1, 1, 1)))
"""Line styles of edges by their type; type 0 is not drawn."""

MISSED = (0, (1, 1.6))


def draw_graph(
    axes: Axes,
    types: np.ndarray,
    nodes: int,
    *,
    truth: np.ndarray | None = None,
    certainty: np.ndarray | None = None,
) -> None:
    """Draw nodes on a circle in the colours of their objects, and a line for each edge.

    types: (E,) the type of each edge in the order of `nri.graph`; type 0 has no line. One
    straight line joins a pair with the same type both ways; other edges are arrows from sender
    to receiver.
    truth: (E,) the true types; wrong edges are coloured, missing ones dotted.
    certainty: (E,) probability of the type, shown as opacity.
    """
    angle = np.pi / 2 - 2 * np.pi * np.arange(nodes) / nodes
    place = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    types = edges_to_matrix(np.asarray(types, dtype=int), nodes)
    truth = types if truth is None else edges_to_matrix(np.asarray(truth, dtype=int), nodes)
    opacity = np.ones(types.shape)
    if certainty is not None:
        opacity = edges_to_matrix(np.asarray(certainty, dtype=float), nodes)

    def join(receiver: int, sender: int, *, mutual: bool, alpha: float) -> None:
        kind, true = types[receiver, sender], truth[receiver, sender]
        if kind == 0 and true == 0:
            return
        missed = kind == 0
        axes.add_patch(
            FancyArrowPatch(
                place[sender],
                place[receiver],
                arrowstyle="-" if mutual else "-|>",
                connectionstyle="arc3" if mutual else "arc3,rad=0.18",
                shrinkA=3.5,
                shrinkB=3.5,
                mutation_scale=5 if nodes < 8 else 3.5,
                color=INK if kind == true else ERROR,
                linestyle=MISSED if missed else DASHES[kind % len(DASHES)],
                linewidth=float(np.clip(7 / nodes, 0.4, 1.2)),
                alpha=1.0 if missed else max(0.15, alpha),
            )
        )

    for i in range(nodes):
        for j in range(i):
            if types[i, j] == types[j, i] and truth[i, j] == truth[j, i]:
                join(i, j, mutual=True, alpha=(opacity[i, j] + opacity[j, i]) / 2)
            else:
                join(i, j, mutual=False, alpha=opacity[i, j])
                join(j, i, mutual=False, alpha=opacity[j, i])
    size = 26 if nodes <= 10 else 10
    x, y = place.T
    axes.scatter(x, y, s=size, color=object_colours(nodes), zorder=3, linewidths=0)
    axes.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
    axes.axis("off")


def edge_handles(types: int, with_errors: bool) -> list[Line2D]:
    """Make legend entries for the lines of a graph with K = `types` edge types."""
    handles = [
        Line2D(
            [],
            [],
            color=INK,
            linewidth=1.2,
            linestyle=DASHES[kind % len(DASHES)],
            label=f"edge of type {kind}" if types > 2 else "edge",
        )
        for kind in range(1, types)
    ]
    if with_errors:
        handles += [
            Line2D([], [], color=ERROR, linewidth=1.2, label="wrong edge"),
            Line2D([], [], color=ERROR, linewidth=1.2, linestyle=MISSED, label="missed edge"),
        ]
    return handles
