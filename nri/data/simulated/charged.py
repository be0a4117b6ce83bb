"""Charged particles in a box: like charges repel, unlike attract (paper, section 5.1).

    F_i = Σ_j q_i q_j (r_i − r_j) / |r_i − r_j|³,   q_i = ±1 with equal probability

Every pair interacts; the graph says how. Its labels are products of charges, hence not
independent of each other.
"""

from collections.abc import Sequence

import numpy as np

from nri.data.simulated.particles import Particles
from nri.data.simulated.system import SimulatedSettings
from nri.data.source import PairForces

__all__ = ["Charged"]


class Charged(Particles[SimulatedSettings]):
    """Edge type 1: same sign, the particles repel; type 0: opposite signs, they attract."""

    Settings = SimulatedSettings
    position_scale = 1.0

    @classmethod
    def edge_types(cls, settings: SimulatedSettings) -> tuple[str, ...]:
        """What a pair does."""
        return ("attract", "repel")

    @classmethod
    def pair_forces(cls, settings: SimulatedSettings) -> PairForces:
        """The products of two charges."""
        return PairForces((-1.0, 1.0), inverse_square=True)

    @classmethod
    def draw_edges(
        cls, settings: SimulatedSettings, streams: Sequence[np.random.Generator]
    ) -> np.ndarray:
        """A charge for each particle, from which the types (S, N, N) int8 follow."""
        objects = settings.objects
        positive = np.stack([stream.random(objects) for stream in streams]) < 0.5
        edges = (positive[:, :, None] == positive[:, None, :]).astype(np.int8)
        edges[:, np.arange(objects), np.arange(objects)] = 0
        return edges
