"""Basketball on paper: segments on the half of the court that is attacked."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.data.basketball.court import BASKET, FOOT, LENGTH, WIDTH
from nri.figures.examples import Examples
from nri.figures.motion import Plane, draw_motion, draw_prediction
from nri.figures.style import FADED, INK, PAGE, legend_below, object_colours, panel_title, styled

__all__ = ["HalfCourt", "court_lines", "plot_court_predictions", "plot_segments"]

MARGIN = 0.8  # m around the court


class HalfCourt(Plane):
    """Paths over the left half of the court, and as far beyond it as the true motion goes."""

    def __init__(self, features: Sequence[str], units: Sequence[str], true: np.ndarray):
        """`true` (..., D) in m is what the panel must have room for."""
        super().__init__(features, units, true)
        x, y = (true[..., index] for index in self.index)
        self.right = max(LENGTH / 2, x.max()) + MARGIN
        self.low, self.high = min(0.0, y.min()) - MARGIN, max(WIDTH, y.max()) + MARGIN
        self.left = min(0.0, x.min()) - MARGIN

    def frame(self, axes: Axes) -> None:
        """The lines of the court, limits and labels."""
        lines = LineCollection(court_lines(), color=FADED, linewidth=0.6, alpha=0.7, zorder=0)
        axes.add_collection(lines)
        axes.set(xlim=(self.left, self.right), ylim=(self.low, self.high), aspect="equal")
        axes.set(xlabel=self.labels[0], ylabel=self.labels[1])
        axes.set(xticks=range(0, int(self.right) + 1, 5), yticks=(0, 5, 10, 15))
        axes.grid(False)


def court_lines() -> list[np.ndarray]:
    """Lines (points, 2) in m of the left half of an NBA court, by its rule book."""
    middle, centre = WIDTH / 2, LENGTH / 2
    # The three-point line: an arc about the basket, straight 3 feet from the sidelines.
    radius, corner = 23.75 * FOOT, middle - 3 * FOOT
    turn = np.arcsin(corner / radius)
    arc = _arc(BASKET, radius, -turn, turn)
    three = [[0.0, middle - corner], *arc, [0.0, middle + corner]]
    free_throw, half_lane, board = 19 * FOOT, 8 * FOOT, 4 * FOOT
    lines = [
        [[0, 0], [centre, 0], [centre, WIDTH], [0, WIDTH], [0, 0]],
        three,
        [
            [0, middle - half_lane],
            [free_throw, middle - half_lane],
            [free_throw, middle + half_lane],
            [0, middle + half_lane],
        ],
        _arc((free_throw, middle), 6 * FOOT, -np.pi / 2, np.pi / 2),
        _arc((centre, middle), 6 * FOOT, np.pi / 2, 3 * np.pi / 2),
        [[board, middle - 3 * FOOT], [board, middle + 3 * FOOT]],
        _arc(BASKET, 0.75 * FOOT, 0, 2 * np.pi),
        _arc(BASKET, 4 * FOOT, -np.pi / 2, np.pi / 2),
    ]
    return [np.array(line, dtype=float) for line in lines]


@styled
def plot_segments(
    trajectories: np.ndarray,
    features: Sequence[str],
    units: Sequence[str],
    roles: Sequence[str],
    screen: int,
    titles: Sequence[str],
) -> Figure:
    """Segments (n, N, T, D), four in a row: paths that fade in, with a ring at frame `screen`."""
    columns = min(4, len(trajectories))
    rows = -(-len(trajectories) // columns)
    figure = Figure(figsize=(PAGE * columns / 4, 1.75 * rows + 0.4), layout="compressed")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    court, colours = HalfCourt(features, units, trajectories), object_colours(len(roles))
    for axes in panels.flat[len(trajectories) :]:
        axes.axis("off")
    for axes, motion, title in zip(panels.flat, trajectories, titles, strict=False):
        draw_motion(axes, court, motion)
        for place, colour in zip(court.points(motion)[:, screen], colours, strict=True):
            axes.plot(*place, "o", markersize=5, markerfacecolor="none", markeredgecolor=colour)
        panel_title(axes, title)
        axes.label_outer()
    ring = Line2D([], [], linestyle="", marker="o", markersize=5, markerfacecolor="none")
    ring.set(color=INK, label="as the screen begins")
    end = Line2D([], [], linestyle="", marker="o", markersize=4, markeredgewidth=0)
    end.set(color=INK, label="at the end")
    legend_below(figure, [*_role_handles(roles), ring, end])
    return figure


@styled
def plot_court_predictions(examples: Examples, roles: Sequence[str], shown: int = 6) -> Figure:
    """Up to `shown` examples, three in a row: observed, true and predicted motion."""
    shown = min(shown, len(examples.sample))
    columns = min(3, shown)
    rows = -(-shown // columns)
    figure = Figure(figsize=(PAGE * columns / 3, 2.2 * rows + 0.4), layout="compressed")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    true = np.concatenate([examples.observed, examples.truth], axis=2)[:shown]
    court = HalfCourt(examples.features, examples.units, true)
    for axes in panels.flat[shown:]:
        axes.axis("off")
    for i, axes in enumerate(panels.flat[:shown]):
        draw_prediction(axes, court, examples.observed[i], examples.truth[i], examples.predicted[i])
        panel_title(axes, f"test sample {examples.sample[i]}")
        axes.label_outer()
    handles = [
        *_role_handles(roles),
        Line2D([], [], color=FADED, linewidth=0.8, label="observed"),
        Line2D([], [], color=FADED, linewidth=3, alpha=0.5, label="true future"),
        Line2D([], [], color=INK, linewidth=1.1, marker="o", markersize=3, label="predicted"),
    ]
    legend_below(figure, handles)
    return figure


def _role_handles(roles: Sequence[str]) -> list[Line2D]:
    colours = object_colours(len(roles))
    return [
        Line2D([], [], color=colour, label=role)
        for role, colour in zip(roles, colours, strict=True)
    ]


def _arc(centre: tuple[float, float], radius: float, start: float, stop: float) -> np.ndarray:
    angle = np.linspace(start, stop, 60)
    return np.array(centre) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
