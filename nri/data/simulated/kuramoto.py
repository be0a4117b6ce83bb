"""Phase-coupled oscillators (Kuramoto model; paper, section 5.1).

    dφ_i/dt = ω_i + Σ_j k_ij sin(φ_j − φ_i)

k_ij = k_ji is 1 or 0, ω_i uniform in [1, 10) and φ_i(0) in [0, 2π). Coupled oscillators
pull each other along; with this sign the static baseline comes out as in the paper.

What the model sees is (dφ/dt, sin φ, ω). dφ/dt is the right-hand side above at the frame
itself; the difference quotient over one step, which circulates in code, tends to it.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from nri.data.simulated.randomness import draw_symmetric_types
from nri.data.simulated.system import SimulatedSettings, System
from nri.declare import Probabilities, setting

__all__ = ["Kuramoto", "KuramotoSettings"]


class KuramotoSettings(SimulatedSettings):
    """Settings of a data set of oscillators."""

    probabilities: Probabilities = setting([0.5, 0.5])
    """Probability that a pair is not coupled, and that it is."""


class Kuramoto(System[KuramotoSettings]):
    """Edge type 1: coupled, type 0: not; `probabilities[t]` is the share of type t."""

    Settings = KuramotoSettings

    @classmethod
    def features(cls, settings: KuramotoSettings) -> tuple[str, ...]:
        """Rate and sine of the phase, and the natural frequency."""
        return ("dphi", "sin_phi", "omega")

    @classmethod
    def units(cls, settings: KuramotoSettings) -> tuple[str, ...]:
        """Of the features."""
        return ("rad/s", "1", "rad/s")

    @classmethod
    def edge_types(cls, settings: KuramotoSettings) -> tuple[str, ...]:
        """What a pair is."""
        return ("none", "coupled")

    @classmethod
    def contradictions(cls, settings: KuramotoSettings) -> Iterator[tuple[str, str]]:
        """A pair is coupled or not."""
        yield from super().contradictions(settings)
        if len(settings.probabilities) != 2:
            yield "probabilities", f"{settings.probabilities}: 2 types expected"

    @classmethod
    def draw(
        cls, settings: KuramotoSettings, streams: Sequence[np.random.Generator]
    ) -> tuple[np.ndarray, np.ndarray]:
        """φ(0) and ω (S, N, 2), edge types (S, N, N) int8."""
        uniform = np.stack([stream.random((settings.objects, 2)) for stream in streams])
        initial = np.array([0.0, 1.0]) + uniform * np.array([2.0 * np.pi, 9.0])
        return initial, draw_symmetric_types(streams, settings.objects, settings.probabilities)

    @classmethod
    def simulate(
        cls, settings: KuramotoSettings, initial: np.ndarray, edges: np.ndarray, frames: int
    ) -> np.ndarray:
        """(S, N, T, 3) float64, frame f at t = 0.1 f seconds."""
        from nri.data.simulated.oscillator_motion import simulate_oscillators

        i, j = np.tril_indices(initial.shape[1], -1)
        couplings = edges[:, i, j].astype(np.float64, order="C")
        return simulate_oscillators(initial, couplings, frames)
