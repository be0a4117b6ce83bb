"""Joints and bones on paper: how a body that moves in space is projected and drawn."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from nri.data.format import Metadata
from nri.evaluation.examples import Examples
from nri.figures.style import FADED

__all__ = ["bones_of", "draw_skeleton", "frame_motion", "places", "project"]

# Seen from half right, degrees from the side. From the side both arms and both legs would lie on
# top of each other; from the front the stride would not show.
AZIMUTH = 45.0
MARGIN = 0.1  # around a person, of their height


def project(positions: np.ndarray) -> np.ndarray:
    """Project (..., 3) in m, x to the person's left, y up, z ahead → (..., 2) on the paper.

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
    across, up = points.T
    axes.scatter(across, up, s=(width + 1) ** 2, color=colour, linewidth=0, alpha=alpha)
    axes.set_aspect("equal")
    axes.grid(False)


def frame_motion(axes: Axes, motion: np.ndarray, examples: Examples) -> None:
    """Set limits that hold the true motion (joints, frames, features) with the root in the middle.

    A prediction that goes astray does not widen them.
    """
    tracks = np.stack([places(motion[:, t], examples) for t in range(motion.shape[1])])
    points = project(tracks - tracks[:, :1] * [1, 0, 1])
    low, high = points[..., 1].min(), points[..., 1].max()
    margin = MARGIN * (high - low)
    reach = np.abs(points[..., 0]).max() + margin
    axes.set(xlim=(-reach, reach), ylim=(low - margin, high + margin))
    axes.locator_params(nbins=4)


def places(frame: np.ndarray, examples: Examples) -> np.ndarray:
    """Return x, y and z of a frame: (joints, features) → (joints, 3)."""
    return frame[:, [examples.features.index(name) for name in "xyz"]]


def bones_of(metadata: Metadata) -> np.ndarray:
    """Return the pairs of joints that share a bone, (bones, 2).

    Raises ValueError if the data set has no skeleton.
    """
    if metadata.skeleton is None:
        raise ValueError("a body is drawn by its bones, but the data set has no skeleton")
    return np.argwhere(np.triu(metadata.skeleton))
