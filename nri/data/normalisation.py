"""Scaling of features to [-1, 1] by the range of the training split."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Normalisation"]


@dataclass(frozen=True)
class Normalisation:
    """Minimum and maximum of each feature over the training split, shapes (features,).

    Features that share a range (x and y, vx and vy) hold the same numbers, so that
    directions and lengths survive the scaling (as the official `utils.load_data`).
    """

    minimum: np.ndarray
    maximum: np.ndarray

    def apply(self, trajectories: np.ndarray) -> np.ndarray:
        """(..., features) in the system's units → [-1, 1] on the training range, same dtype."""
        scale = np.where(self.maximum > self.minimum, self.maximum - self.minimum, 1.0)
        scaled = (trajectories - self.minimum) * (2.0 / scale) - 1.0
        return scaled.astype(trajectories.dtype, copy=False)

    def invert(self, normalised: np.ndarray) -> np.ndarray:
        """[-1, 1] → the system's units, same dtype."""
        scale = np.where(self.maximum > self.minimum, self.maximum - self.minimum, 1.0)
        restored = (normalised + 1.0) * (scale / 2.0) + self.minimum
        return restored.astype(normalised.dtype, copy=False)

    def in_units_of(self, other: "Normalisation") -> tuple[np.ndarray, np.ndarray]:
        """`ratio` and `shift`, each (features,): what this one calls x, `other` calls
        ratio · x + shift.
        """
        ends = np.stack([np.zeros_like(self.minimum), np.ones_like(self.minimum)])
        shift, one = other.apply(self.invert(ends))
        return one - shift, shift
