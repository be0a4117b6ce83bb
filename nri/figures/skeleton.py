"""Figure 7: the edges that a run learned on motion capture, drawn on the walking skeleton."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from nri.data.format import Metadata, read_metadata
from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.figures.body import bones_of, draw_skeleton, frame_motion, places, project
from nri.figures.captions import ShownRun, shown_run
from nri.figures.program import read_paths
from nri.figures.style import PAGE, object_colours, panel_title, save, styled
from nri.graph import edges_to_matrix

__all__ = ["draw_edges", "plot_learned_edges"]

LIKELY = 0.5  # an edge is drawn where its probability exceeds this
CROWD = 60  # with more arrows than this in a panel they become thinner and fainter


class Window(NamedTuple):
    """A graph (edges, types) of a window of frames, of which `last` is the last."""

    last: int
    edges: np.ndarray
    name: str = ""


@styled
def plot_learned_edges(examples: Examples, metadata: Metadata, skip_first: bool) -> Figure:
    """Draw the edges of the first example, a row for each type and a column for each moment.

    In a column are the edges that the encoder gives to the window which ends there, on the
    pose at that moment; beside the first of them, where it was computed, those of the refined graph
    of the same window. `metadata` is that of the data set, whose skeleton has the bones. With
    `skip_first` type 0 is "no edge" and has no row.
    """
    motion = np.concatenate([examples.observed[0], examples.truth[0]], axis=1)
    windows = _windows(examples)
    types = range(1 if skip_first else 0, windows[0].edges.shape[-1])
    figure = Figure(figsize=(PAGE, 0.6 + 2.0 * len(types)), layout="compressed")
    shape = len(types), len(windows)
    panels = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False)
    frame_motion(panels[0, 0], motion, examples)
    bones, colours = bones_of(metadata), object_colours(len(types))
    for column, (last, edges, name) in enumerate(windows):
        pose = places(motion[:, last], examples)
        pose = pose - pose[:1] * [1, 0, 1]  # the first joint, the root, at 0
        for axes, k, colour in zip(panels[:, column], types, colours, strict=True):
            draw_skeleton(axes, pose, bones, alpha=0.5)
            matrix = edges_to_matrix(edges[:, k], len(pose))
            count = draw_edges(axes, pose, matrix, colour)
            axes.set_title(f"{count} edges", loc="right", fontsize=6)
        # On a line of its own, above the number of edges.
        panel_title(panels[0, column], f"{last * metadata.frame_interval:.2f} s\n{name}")
        panels[-1, column].set_xlabel("across (m)")
    for axes, k in zip(panels[:, 0], types, strict=True):
        axes.set_ylabel(f"edges of type {k}\nheight (m)")
    return figure


def _windows(examples: Examples) -> list[Window]:
    """The graphs along the first example, in the order in which they are drawn."""
    frames = examples.observed.shape[2] - 1  # of a window
    starts, posterior = needed(examples.window_start), needed(examples.window_posterior)[0]
    windows = [
        Window(start + frames - 1, edges) for start, edges in zip(starts, posterior, strict=True)
    ]
    if examples.refined is not None:  # it is that of the frames that the encoder sees: the first
        windows.insert(1, windows[0]._replace(edges=examples.refined[0], name="refined"))
    return windows


def draw_edges(axes: Axes, positions: np.ndarray, edges: np.ndarray, colour: str) -> int:
    """Draw an arrow from sender to receiver for each likely edge, and return how many there are.

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


def caption(run: ShownRun, examples: Examples, metadata: Metadata) -> str:
    """Say what `plot_learned_edges` shows."""
    frames = examples.observed.shape[2] - 1
    refined = "; beside the first, the graph of the same window refined by the decoder's likelihood"
    beside = "" if examples.refined is None else refined
    without = ", without type 0, which is no edge" if run.training["skip_first"] else ""
    return (
        f"As the paper's Figure 7. {run.name}: edges that are more likely than not, from sender to "
        f"receiver, along the first test segment, unchosen. Rows: edge types{without}; columns: "
        f"the encoder's window of {frames} frames ({frames * metadata.frame_interval:.2f} s), "
        f"named by the time of its last frame, whose pose is drawn{beside}. {run.scale}"
    )


def main() -> None:
    """Draw the first example of one run."""
    paths = read_paths(__doc__, one=["examples", "config", "data"])
    run, metadata = shown_run(paths.config, paths.labels), read_metadata(paths.data)
    examples = Examples.load(paths.examples, "window_start", "window_posterior")
    save(
        plot_learned_edges(examples, metadata, run.training["skip_first"]),
        paths.output,
        f"Learned edges, {run.dataset}",
        caption(run, examples, metadata),
    )


if __name__ == "__main__":
    main()
