"""Basketball on paper: the half of the court that is attacked."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from nri.data.basketball.court import BASKET, FOOT, LENGTH, WIDTH
from nri.figures.motion import Plane
from nri.figures.style import FADED, object_colours

__all__ = ["HalfCourt", "court_lines", "role_handles"]

MARGIN = 0.8  # m around the court


class HalfCourt(Plane):
    """Paths over the left half of the court, and as far beyond it as the true motion goes."""

    def __init__(self, features: Sequence[str], units: Sequence[str], true: np.ndarray):
        """The panel has room for the motion `true` (..., D) in m."""
        super().__init__(features, units, true)
        x, y = (true[..., index] for index in self.index)
        self.right = max(LENGTH / 2, x.max()) + MARGIN
        self.low, self.high = min(0.0, y.min()) - MARGIN, max(WIDTH, y.max()) + MARGIN
        self.left = min(0.0, x.min()) - MARGIN

    def frame(self, axes: Axes) -> None:
        """Draw the lines of the court; set limits and labels."""
        lines = LineCollection(court_lines(), color=FADED, linewidth=0.6, alpha=0.7, zorder=0)
        axes.add_collection(lines)
        axes.set(xlim=(self.left, self.right), ylim=(self.low, self.high), aspect="equal")
        axes.set(xlabel=self.labels[0], ylabel=self.labels[1])
        axes.set(xticks=range(0, int(self.right) + 1, 5), yticks=(0, 5, 10, 15))
        axes.grid(False)


def court_lines() -> list[np.ndarray]:
    """Return the lines (points, 2) in m of the left half of an NBA court, by its rule book."""
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


def role_handles(roles: Sequence[str]) -> list[Line2D]:
    """Make a legend entry for each role, in the colour of its object."""
    colours = object_colours(len(roles))
    return [
        Line2D([], [], color=colour, label=role)
        for role, colour in zip(roles, colours, strict=True)
    ]


def _arc(centre: tuple[float, float], radius: float, start: float, stop: float) -> np.ndarray:
    angle = np.linspace(start, stop, 60)
    return np.array(centre) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
