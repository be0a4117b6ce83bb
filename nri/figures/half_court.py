"""Basketball on paper: the half of the court that is attacked."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from nri.data.basketball.court import LENGTH, WIDTH
from nri.figures.motion import Plane
from nri.figures.style import FADED, object_colours
from nri.results.court_lines import court_lines

__all__ = ["HalfCourt", "role_handles"]

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


def role_handles(roles: Sequence[str]) -> list[Line2D]:
    """Make a legend entry for each role, in the colour of its object."""
    colours = object_colours(len(roles))
    return [
        Line2D([], [], color=colour, label=role)
        for role, colour in zip(roles, colours, strict=True)
    ]
