"""Motion on paper: paths in a plane, or one feature over time in a lane for each object.

Any features will do: those of objects with x and y are drawn in their plane, others over time.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb

from nri.figures.style import FADED, object_colours, plain

__all__ = [
    "Lanes",
    "Plane",
    "draw_motion",
    "draw_prediction",
    "lane_feature",
    "layout",
    "sine_label",
]

FAINTEST = 0.08  # opacity of the beginning of a path


class Plane:
    """Paths of objects that have an x and a y."""

    shows_time = False

    def __init__(self, features: Sequence[str], units: Sequence[str], true: np.ndarray):
        """The panel has room for the true motion (N, T, D), and not for predictions that go astray:
        they would shrink it.
        """
        self.index = [features.index("x"), features.index("y")]
        self.labels = [_label(features, units, name) for name in ("x", "y")]
        places = true[..., self.index].reshape(-1, 2)
        self.centre = (places.max(0) + places.min(0)) / 2
        self.reach = 0.56 * np.ptp(places, axis=0).max()

    def points(self, motion: np.ndarray, start: int = 0) -> np.ndarray:
        """Place frames on paper: (N, T, D) → (N, T, 2)."""
        return motion[..., self.index]

    def frame(self, axes: Axes) -> None:
        """Set limits, labels and ticks."""
        low, high = self.centre - self.reach, self.centre + self.reach
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        axes.set(xlabel=self.labels[0], ylabel=self.labels[1])
        axes.grid(False)
        axes.locator_params(nbins=4)


class Lanes:
    """One feature over time (see `lane_feature`), in a lane for each object."""

    shows_time = True

    def __init__(
        self,
        features: Sequence[str],
        units: Sequence[str],
        true: np.ndarray,
        interval: float | None = None,
    ):
        """A lane has room for the true motion (N, T, D). Time is in seconds if the `interval`
        between two frames is given, else in frames.
        """
        name = lane_feature(features)
        self.index = features.index(name)
        self.label = f"{_label(features, units, name)} of each object"
        if sine := sine_label(name):
            self.label = f"{sine} of each oscillator"
        self.interval = 1 if interval is None else interval
        self.time_label = "time (frames)" if interval is None else "time (s)"
        self.low, self.high = true[..., self.index].min(), true[..., self.index].max()
        self.lane, self.objects = 1.15 * (self.high - self.low), len(true)

    def points(self, motion: np.ndarray, start: int = 0) -> np.ndarray:
        """Place frames on paper: (N, T, D) → (N, T, 2); the first of them is frame `start`."""
        value = motion[..., self.index]
        base = self.lane * np.arange(self.objects - 1, -1, -1)[:, None]
        time = self.interval * (start + np.arange(value.shape[1]))
        return np.stack([np.broadcast_to(time, value.shape), base + value], axis=-1)

    def frame(self, axes: Axes) -> None:
        """Set limits, labels and ticks."""
        gap, highest = 0.1 * self.lane, self.lane * (self.objects - 1)
        axes.set(ylim=(self.low - gap, highest + self.high + gap), yticks=[])
        axes.set(xlabel=self.time_label, ylabel=self.label)
        axes.margins(x=0)
        axes.spines["left"].set_visible(False)


def layout(
    features: Sequence[str],
    units: Sequence[str],
    true: np.ndarray,
    interval: float | None = None,
) -> Plane | Lanes:
    """Choose how to draw a system: objects with x and y in their plane, others over time.

    true: (N, T, D), the motion that the panel must have room for.
    """
    if {"x", "y"} <= set(features):
        return Plane(features, units, true)
    return Lanes(features, units, true, interval)


def lane_feature(features: Sequence[str]) -> str:
    """Choose the feature that is drawn over time: the sine of an angle, else the first one.

    An angle itself would jump from 2π to 0, or grow without end.
    """
    return next((name for name in features if sine_label(name)), features[0])


def sine_label(feature: str) -> str:
    """Name the sine of an angle as formulas do, "sin_phi" → "sin φ"; "" if it is none."""
    if not feature.startswith("sin_"):
        return ""
    angle = feature.removeprefix("sin_")
    try:
        return f"sin {unicodedata.lookup(f'GREEK SMALL LETTER {angle}')}"
    except KeyError:
        return f"sin {angle}"


def draw_motion(axes: Axes, panel: Plane | Lanes, motion: np.ndarray) -> None:
    """Draw frames (N, T, D) in the colours of the objects.

    Where no axis shows the time, paths fade in with it and end in a dot.
    """
    points = panel.points(motion)
    for path, colour in zip(points, object_colours(len(points)), strict=True):
        if panel.shows_time:
            axes.plot(*path.T, color=colour, linewidth=1.1)
            continue
        pieces = list(np.stack([path[:-1], path[1:]], axis=1))
        opacity = np.linspace(FAINTEST, 1, len(pieces))
        colours = [(*to_rgb(colour), alpha) for alpha in opacity]
        axes.add_collection(LineCollection(pieces, colors=colours, linewidth=1.4, capstyle="butt"))
        axes.plot(*path[-1], "o", color=colour, markersize=4, markeredgewidth=0)
    panel.frame(axes)


def draw_prediction(
    axes: Axes,
    panel: Plane | Lanes,
    observed: np.ndarray,
    truth: np.ndarray,
    predicted: np.ndarray,
    start: int = 0,
) -> None:
    """Draw observed frames (N, T, D) thin; what followed, (N, H, D), broad; and the prediction.

    start: the number of the first observed frame.
    """
    past = panel.points(observed, start)
    last, future = past[:, -1:], start + observed.shape[1]
    true = np.concatenate([last, panel.points(truth, future)], axis=1)
    foretold = np.concatenate([last, panel.points(predicted, future)], axis=1)
    for n, colour in enumerate(object_colours(len(past))):
        axes.plot(*past[n].T, color=colour, linewidth=0.8, alpha=0.5)
        axes.plot(*true[n].T, color=colour, linewidth=3, alpha=0.3)
        axes.plot(*foretold[n].T, color=colour, linewidth=1.1)
        if not panel.shows_time:
            axes.plot(*foretold[n, -1], "o", color=colour, markersize=3.5, markeredgewidth=0)
    if panel.shows_time:
        axes.axvline(last[0, 0, 0], color=FADED, linewidth=0.6, linestyle=":")
    panel.frame(axes)


def _label(features: Sequence[str], units: Sequence[str], name: str) -> str:
    """Name a feature with its unit, where it has one."""
    unit = units[features.index(name)]
    return plain(name if unit in ("", "1") else f"{name} ({unit})")
