"""The simulators as their equations are written: NumPy, one simulation and one step at a time.

The same steps as `nri.data.simulated` takes, so that what differs is how they are computed.
"""

import numpy as np

from nri.data.simulated import oscillator_motion, particles

__all__ = ["plain_kuramoto", "plain_particles"]


def plain_particles(
    initial: np.ndarray, coefficients: np.ndarray, inverse_square: bool, frames: int
) -> np.ndarray:
    """One simulation of `particle_motion.simulate_particles`: (N, 4), (N, N) → (N, frames, 4)."""
    position, velocity = initial[:, :2].copy(), initial[:, 2:].copy()
    trajectory = np.empty((len(initial), frames, 4))
    others = ~np.eye(len(initial), dtype=bool)
    for frame in range(frames):
        for _ in range(particles.STEPS_PER_FRAME):
            apart = position[:, None] - position[None]
            strength = coefficients
            if inverse_square:
                distance = np.sqrt((apart**2).sum(-1))
                strength = np.divide(
                    coefficients, distance**3, where=others, out=np.zeros_like(distance)
                )
            force = (strength[..., None] * apart).sum(1)
            force = force.clip(-particles.FORCE_LIMIT, particles.FORCE_LIMIT)
            velocity += particles.TIME_STEP * force
            position += particles.TIME_STEP * velocity
            over, under = position > particles.BOX, position < -particles.BOX
            position[over] = 2 * particles.BOX - position[over]
            position[under] = -2 * particles.BOX - position[under]
            velocity[over] = -np.abs(velocity[over])
            velocity[under] = np.abs(velocity[under])
        trajectory[:, frame, :2], trajectory[:, frame, 2:] = position, velocity
    return trajectory


def plain_kuramoto(initial: np.ndarray, coupling: np.ndarray, frames: int) -> np.ndarray:
    """One simulation of `kuramoto.Kuramoto.simulate`: (N, 2), (N, N) → (N, frames, 3)."""
    phase, omega = initial.T

    def slope(phase: np.ndarray) -> np.ndarray:
        return omega + (coupling * np.sin(phase[None] - phase[:, None])).sum(1)

    trajectory = np.empty((len(initial), frames, 3))
    for frame in range(frames):
        trajectory[:, frame] = np.stack([slope(phase), np.sin(phase), omega], axis=-1)
        for _ in range(oscillator_motion.STEPS_PER_FRAME):
            slopes = np.zeros((oscillator_motion.STAGES, len(phase)))
            for stage in range(oscillator_motion.STAGES):
                point = (
                    phase + oscillator_motion.TIME_STEP * oscillator_motion.TABLEAU[stage] @ slopes
                )
                slopes[stage] = slope(point)
            phase = (
                phase
                + oscillator_motion.TIME_STEP
                * oscillator_motion.TABLEAU[oscillator_motion.STAGES]
                @ slopes
            )
    return trajectory
