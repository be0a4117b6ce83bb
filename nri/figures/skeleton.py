"""A skeleton of joints and bones on paper, and the edges between its joints."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from nri.figures.style import FADED, PAGE, object_colours, panel_title, styled
from nri.graph import edges_to_matrix

__all__ = ["plot_edges_on_skeleton", "plot_learned_edges", "plot_skeleton", "project"]

# Seen from half right, degrees from the side: there both arms and both legs would lie on top of
# each other, and from the front the stride would not show.
AZIMUTH = 45.0
CROWD = 60  # with more arrows than this in a panel they become thinner and fainter


@styled
def plot_learned_edges(
    examples: Mapping[str, np.ndarray], skeleton: np.ndarray, skip_first: bool
) -> Figure:
    """The most probable graph of the first example, on the last frame that the encoder saw.

    `examples` as `nri.evaluation.examples` makes them of a motion capture data set;
    `skeleton` (joints, joints) the bone graph. With `skip_first` type 0 is "no edge".
    """
    half_range = (examples["maximum"] - examples["minimum"]) / 2
    frame = (examples["observed"][0, :, -1] + 1) * half_range + examples["minimum"]
    joints = len(frame)
    edges = edges_to_matrix(examples["posterior"][0].T, joints)  # (types, joints, joints)
    first = 1 if skip_first else 0
    names = [f"type {k}" for k in range(first, len(edges))]
    figure = Figure(figsize=(PAGE, 3.0))
    bones = np.argwhere(np.triu(skeleton))
    plot_edges_on_skeleton(figure, frame[:, :3], bones, edges[first:], names)
    return figure


def project(positions: np.ndarray) -> np.ndarray:
    """(..., 3) in m, x to the person's left, y up, z ahead → (..., 2) on the paper.

    A parallel projection: heights keep their lengths, lengths across are shortened.
    """
    angle = np.deg2rad(AZIMUTH)
    across = np.cos(angle) * positions[..., 2] + np.sin(angle) * positions[..., 0]
    return np.stack([across, positions[..., 1]], axis=-1)


def plot_skeleton(
    axes: Axes, positions: np.ndarray, bones: np.ndarray, colour: str = FADED, alpha: float = 1.0
) -> None:
    """Draw joints `positions` (joints, 3) in m and `bones` (bones, 2), pairs of joints."""
    points = project(positions)
    lines = LineCollection(points[bones], color=colour, linewidth=2, capstyle="round", alpha=alpha)
    axes.add_collection(lines)
    axes.scatter(*points.T, s=9, color=colour, linewidth=0, alpha=alpha)
    axes.set_aspect("equal")
    axes.grid(False)


def plot_edges_on_skeleton(
    figure: Figure,
    positions: np.ndarray,
    bones: np.ndarray,
    edges: np.ndarray,
    names: Sequence[str],
    threshold: float = 0.5,
) -> None:
    """One panel per edge type: the skeleton and an arrow for each edge that is likely.

    `positions` (joints, 3) in m, `bones` (bones, 2), `edges` (types, joints, joints)
    probabilities, `edges[k, receiver, sender]`, `names` of the types. Arrows lead from
    sender to receiver where the probability exceeds `threshold`, the fainter the less
    likely. Leave a type that means "no edge" out of `edges` and `names`.
    """
    positions = positions - positions[:1] * [1, 0, 1]  # the first joint, the root, at 0
    points = project(positions)
    panels = figure.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0]
    colours = object_colours(len(names))
    for panel, name, matrix, colour in zip(panels, names, edges, colours, strict=True):
        plot_skeleton(panel, positions, bones, alpha=0.5)
        likely = (matrix > threshold) & ~np.eye(len(points), dtype=bool)
        crowding = min(1.0, np.sqrt(CROWD / max(likely.sum(), 1)))
        for receiver, sender in np.argwhere(likely):
            strength = (matrix[receiver, sender] - threshold) / (1.0 - threshold)
            arrow = FancyArrowPatch(
                points[sender],
                points[receiver],
                connectionstyle="arc3,rad=0.18",
                arrowstyle="-|>,head_length=2.5,head_width=1.3",
                shrinkA=2,
                shrinkB=2,
                linewidth=0.9 * crowding,
                color=colour,
                alpha=(0.35 + 0.6 * strength) * crowding,
                zorder=3,
                clip_on=False,
            )
            panel.add_patch(arrow)
        panel_title(panel, f"{name}: {likely.sum()} of {likely.size - len(points)} edges")
        panel.set_xlabel("across (m)")
    panels[0].set_ylabel("height (m)")
