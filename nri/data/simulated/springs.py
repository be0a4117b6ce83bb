"""Particles in a box, some pairs joined by invisible springs (paper, section 5.1).

    F_i = −Σ_j k_ij (r_i − r_j)

k_ij is one of a few strengths, drawn for each pair; the paper's are 0 (no spring) and 0.1,
and in its appendix 0, 0.05 and 0.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nri.data.simulated import particles
from nri.data.simulated.randomness import draw_symmetric_types

__all__ = ["Springs"]

POSITION_SCALE = 0.5


@dataclass(frozen=True)
class Springs:
    """`strengths[t]` is the spring constant of edge type t, `probabilities[t]` its share."""

    strengths: tuple[float, ...] = (0.0, 0.1)
    probabilities: tuple[float, ...] = (0.5, 0.5)

    features = particles.FEATURES
    units = particles.UNITS
    shared_ranges = particles.SHARED_RANGES

    @property
    def edge_types(self) -> tuple[str, ...]:
        """Names of the edge types, in the order of their indices."""
        if self.strengths[0] == 0.0 and len(self.strengths) == 2:
            return ("none", "spring")
        if self.strengths[0] == 0.0 and len(self.strengths) == 3:
            return ("none", "weak", "strong")
        return tuple(f"k = {strength:g}" for strength in self.strengths)

    def draw(
        self, streams: Sequence[np.random.Generator], objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Initial states (samples, objects, 4) and edge types (samples, objects, objects) int8."""
        return (
            particles.draw_particles(streams, objects, POSITION_SCALE),
            draw_symmetric_types(streams, objects, self.probabilities),
        )

    def simulate(self, initial: np.ndarray, edges: np.ndarray, frames: int) -> np.ndarray:
        """(samples, objects, frames, 4) float64, frame f at t = 0.1 (f + 1) seconds."""
        coefficients = -np.asarray(self.strengths, dtype=np.float64)[edges]
        return particles.simulate_particles(initial, coefficients, False, frames)
