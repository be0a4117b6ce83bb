"""Charged particles in a box: like charges repel, unlike attract (paper, section 5.1).

    F_i = Σ_j q_i q_j (r_i − r_j) / |r_i − r_j|³,   q_i = ±1 with equal probability

Every pair interacts; the graph says how. Its labels are products of charges, hence not
independent of each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nri.data.simulated import particles

__all__ = ["Charged"]

POSITION_SCALE = 1.0


@dataclass(frozen=True)
class Charged:
    """Edge type 1: same sign, the particles repel; type 0: opposite signs, they attract."""

    features = particles.FEATURES
    units = particles.UNITS
    shared_ranges = particles.SHARED_RANGES
    edge_types = ("attract", "repel")

    def draw(
        self, streams: Sequence[np.random.Generator], objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Initial states (samples, objects, 4) and edge types (samples, objects, objects) int8."""
        initial = particles.draw_particles(streams, objects, POSITION_SCALE)
        positive = np.stack([stream.random(objects) for stream in streams]) < 0.5
        edges = (positive[:, :, None] == positive[:, None, :]).astype(np.int8)
        edges[:, np.arange(objects), np.arange(objects)] = 0
        return initial, edges

    def simulate(self, initial: np.ndarray, edges: np.ndarray, frames: int) -> np.ndarray:
        """(samples, objects, frames, 4) float64, frame f at t = 0.1 (f + 1) seconds."""
        coefficients = 2.0 * edges - 1.0
        return particles.simulate_particles(initial, coefficients, True, frames)
