"""Particles in a box that act on each other along the line between them.

The force on particle i is

    F_i = Σ_j c_ij (r_i − r_j) / |r_i − r_j|ᵖ

with p = 0 for springs and p = 3 for charges. Motion, walls and the clipping of forces
are those of the official simulators (`data/synthetic_sim.py`); `particle_motion` integrates.
"""

from collections.abc import Sequence
from typing import ClassVar, TypeVar

import numpy as np

from nri.data.simulated.system import FRAME_INTERVAL, SimulatedSettings, System
from nri.data.source import PairForces

__all__ = ["BOX", "FORCE_LIMIT", "FRAME_INTERVAL", "STEPS_PER_FRAME", "TIME_STEP", "Particles"]

STEPS_PER_FRAME = 100
TIME_STEP = FRAME_INTERVAL / STEPS_PER_FRAME  # seconds
BOX = 5.0  # half the side: the walls are at ±BOX
FORCE_LIMIT = 0.1 / TIME_STEP  # of each component

INITIAL_SPEED = 0.5

S = TypeVar("S", bound=SimulatedSettings)


class Particles(System[S]):
    """A system of particles. It adds `pair_forces`, `draw_edges` and `position_scale`.

    `position_scale`: standard deviation of the initial coordinates.
    """

    position_scale: ClassVar[float]
    shared_ranges = (("x", "y"), ("vx", "vy"))

    @classmethod
    def features(cls, settings: S) -> tuple[str, ...]:
        """Position and velocity."""
        return ("x", "y", "vx", "vy")

    @classmethod
    def units(cls, settings: S) -> tuple[str, ...]:
        """The length has no unit."""
        return ("length", "length", "length/s", "length/s")

    @classmethod
    def pair_forces(cls, settings: S) -> PairForces:
        """The forces between particles."""
        raise NotImplementedError

    @classmethod
    def draw_edges(cls, settings: S, streams: Sequence[np.random.Generator]) -> np.ndarray:
        """Edge types (S, N, N) int8, symmetric, diagonal 0, one graph for each stream."""
        raise NotImplementedError

    @classmethod
    def draw(
        cls, settings: S, streams: Sequence[np.random.Generator]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Initial states (S, N, 4) and edge types (S, N, N) int8."""
        initial = draw_particles(streams, settings.objects, cls.position_scale)
        return initial, cls.draw_edges(settings, streams)

    @classmethod
    def simulate(
        cls, settings: S, initial: np.ndarray, edges: np.ndarray, frames: int
    ) -> np.ndarray:
        """(S, N, T, 4) float64, frame f at t = 0.1 (f + 1) seconds."""
        from nri.data.simulated.particle_motion import simulate_particles

        forces = cls.pair_forces(settings)
        coefficients = np.array(forces.coefficients, dtype=np.float64)[edges]
        return simulate_particles(initial, coefficients, forces.inverse_square, frames)


def draw_particles(
    streams: Sequence[np.random.Generator], objects: int, position_scale: float
) -> np.ndarray:
    """Initial states, one per stream: (S, N, 4) float64.

    Coordinates are normal with standard deviation `position_scale`, directions of motion
    uniform, all speeds the same.
    """
    normal = np.stack([stream.standard_normal((2, objects, 2)) for stream in streams])
    position, direction = normal[:, 0], normal[:, 1]
    speed = np.linalg.norm(direction, axis=-1, keepdims=True)
    return np.concatenate([position_scale * position, INITIAL_SPEED * direction / speed], axis=-1)
