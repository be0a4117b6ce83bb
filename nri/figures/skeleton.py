"""Joints and bones on paper: learned edges (Figure 7) and predicted poses (Figure 10)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from nri.data.format import Metadata
from nri.figures.examples import Examples
from nri.figures.style import FADED, PAGE, legend_below, object_colours, panel_title, styled
from nri.graph import edges_to_matrix

__all__ = ["draw_edges", "draw_skeleton", "plot_learned_edges", "plot_poses", "project"]

# Seen from half right, degrees from the side: there both arms and both legs would lie on top of
# each other, and from the front the stride would not show.
AZIMUTH = 45.0
LIKELY = 0.5  # an edge is drawn where its probability exceeds this
CROWD = 60  # with more arrows than this in a panel they become thinner and fainter
MARGIN = 0.1  # around a person, of their height
STEPS = (1, 10, 20, 30, 40)  # of prediction, beside the last, that poses are shown at


@styled
def plot_learned_edges(examples: Examples, metadata: Metadata, skip_first: bool) -> Figure:
    """The edges of the first example, a row for each type and a column for each moment.

    In a column are the edges that the encoder gives to the window which ends there, on the
    pose at that moment. `metadata` is that of the data set, whose skeleton has the bones. With
    `skip_first` type 0 is "no edge" and has no row.
    """
    frames = examples.observed.shape[2] - 1  # of a window
    motion = np.concatenate([examples.observed[0], examples.truth[0]], axis=1)
    posterior = examples.window_posterior[0]  # (windows, edges, types)
    types = range(1 if skip_first else 0, posterior.shape[-1])
    figure = Figure(figsize=(PAGE, 0.6 + 2.0 * len(types)), layout="compressed")
    shape = len(types), len(posterior)
    panels = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False)
    _frame(panels[0, 0], motion, examples)
    bones, colours = _bones(metadata), object_colours(len(types))
    for column, (start, edges) in enumerate(zip(examples.window_start, posterior, strict=True)):
        last = start + frames - 1
        pose = _places(motion[:, last], examples)
        pose = pose - pose[:1] * [1, 0, 1]  # the first joint, the root, at 0
        for axes, k, colour in zip(panels[:, column], types, colours, strict=True):
            draw_skeleton(axes, pose, bones, alpha=0.5)
            matrix = edges_to_matrix(edges[:, k], len(pose))
            count = draw_edges(axes, pose, matrix, colour)
            axes.set_title(f"{count} edges", loc="right", fontsize=6)
        # On a line of its own, above the number of edges.
        panel_title(panels[0, column], f"{last * metadata.frame_interval:.2f} s\n")
        panels[-1, column].set_xlabel("across (m)")
    for axes, k in zip(panels[:, 0], types, strict=True):
        axes.set_ylabel(f"edges of type {k}\nheight (m)")
    return figure


@styled
def plot_poses(examples: Examples, metadata: Metadata, colour: str) -> Figure:
    """True and predicted pose of the first example, several steps ahead.

    The root of the true pose is at 0, so that a prediction that walks off shows. Titles give
    the mean distance of a joint from its true place. `colour` is the model's.
    """
    horizon = examples.truth.shape[2]
    steps = [step for step in STEPS if step < horizon] + [horizon]
    figure = Figure(figsize=(PAGE, 2.45), layout="compressed")
    panels = figure.subplots(1, len(steps), sharex=True, sharey=True, squeeze=False)[0]
    _frame(panels[0], examples.truth[0], examples)
    bones = _bones(metadata)
    for axes, step in zip(panels, steps, strict=True):
        true = _places(examples.truth[0, :, step - 1], examples)
        predicted = _places(examples.predicted[0, :, step - 1], examples)
        apart = np.linalg.norm(predicted - true, axis=-1).mean()
        root = true[:1] * [1, 0, 1]
        draw_skeleton(axes, true - root, bones, width=3.5, alpha=0.6)
        draw_skeleton(axes, predicted - root, bones, colour, width=1.2)
        panel_title(axes, f"step {step}")
        axes.set_title(f"{100 * apart:.1f} cm", loc="right", fontsize=6)
        axes.set_xlabel("across (m)")
    panels[0].set_ylabel("height (m)")
    handles = [
        Line2D([], [], color=FADED, linewidth=3.5, alpha=0.6, label="truth"),
        Line2D([], [], color=colour, linewidth=1.2, label="predicted"),
    ]
    legend_below(figure, handles)
    return figure


def project(positions: np.ndarray) -> np.ndarray:
    """(..., 3) in m, x to the person's left, y up, z ahead → (..., 2) on the paper.

    A parallel projection: heights keep their lengths, lengths across are shortened.
    """
    angle = np.deg2rad(AZIMUTH)
    across = np.cos(angle) * positions[..., 2] + np.sin(angle) * positions[..., 0]
    return np.stack([across, positions[..., 1]], axis=-1)


def draw_skeleton(
    axes: Axes,
    positions: np.ndarray,
    bones: np.ndarray,
    colour: str = FADED,
    width: float = 2,
    alpha: float = 1.0,
) -> None:
    """Draw joints `positions` (joints, 3) in m and `bones` (bones, 2), pairs of joints."""
    points = project(positions)
    lines = LineCollection(
        points[bones], color=colour, linewidth=width, capstyle="round", alpha=alpha
    )
    axes.add_collection(lines)
    axes.scatter(*points.T, s=(width + 1) ** 2, color=colour, linewidth=0, alpha=alpha)
    axes.set_aspect("equal")
    axes.grid(False)


def draw_edges(axes: Axes, positions: np.ndarray, edges: np.ndarray, colour: str) -> int:
    """Draw an arrow from sender to receiver for each likely edge; how many there are.

    `positions` (joints, 3) in m, `edges` (joints, joints) probabilities, `edges[receiver,
    sender]`. The less likely of the likely ones are fainter.
    """
    points = project(positions)
    likely = (edges > LIKELY) & ~np.eye(len(points), dtype=bool)
    crowding = min(1.0, np.sqrt(CROWD / max(likely.sum(), 1)))
    for receiver, sender in np.argwhere(likely):
        strength = (edges[receiver, sender] - LIKELY) / (1.0 - LIKELY)
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
        axes.add_patch(arrow)
    return int(likely.sum())


def _frame(axes: Axes, motion: np.ndarray, examples: Examples) -> None:
    """Limits that hold the true motion (joints, frames, features), with the root in the middle,
    and some more, but not a prediction gone astray.
    """
    places = np.stack([_places(motion[:, t], examples) for t in range(motion.shape[1])])
    points = project(places - places[:, :1] * [1, 0, 1])
    low, high = points[..., 1].min(), points[..., 1].max()
    margin = MARGIN * (high - low)
    reach = np.abs(points[..., 0]).max() + margin
    axes.set(xlim=(-reach, reach), ylim=(low - margin, high + margin))
    axes.locator_params(nbins=4)


def _places(frame: np.ndarray, examples: Examples) -> np.ndarray:
    """x, y and z of a frame (joints, features): (joints, 3)."""
    return frame[:, [examples.features.index(name) for name in "xyz"]]


def _bones(metadata: Metadata) -> np.ndarray:
    """Pairs of joints that share a bone, (bones, 2)."""
    return np.argwhere(np.triu(metadata.skeleton))
