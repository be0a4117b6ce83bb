"""Particles in a box, some pairs joined by invisible springs (paper, section 5.1).

    F_i = −Σ_j k_ij (r_i − r_j)

k_ij is one of a few strengths, drawn for each pair; the paper's are 0 (no spring) and 0.1,
and in its appendix 0, 0.05 and 0.1.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from nri.data.simulated.particles import Particles
from nri.data.simulated.randomness import draw_symmetric_types
from nri.data.simulated.system import SimulatedSettings
from nri.data.source import PairForces
from nri.declare import NotNegative, Probabilities, setting

__all__ = ["Springs", "SpringsSettings"]


class SpringsSettings(SimulatedSettings):
    """Settings of a data set of springs."""

    strengths: Annotated[list[NotNegative], Field(min_length=2)] = setting([0.0, 0.1])
    """Spring constant of each edge type."""
    probabilities: Probabilities = setting([0.5, 0.5])
    """Probability of each edge type."""


class Springs(Particles[SpringsSettings]):
    """Edge type t: a spring with the constant `strengths[t]`, 0 for none."""

    Settings = SpringsSettings
    position_scale = 0.5

    @classmethod
    def edge_types(cls, settings: SpringsSettings) -> tuple[str, ...]:
        """The paper's names, else the constants."""
        strengths = settings.strengths
        if strengths[0] == 0.0 and len(strengths) == 2:
            return ("none", "spring")
        if strengths[0] == 0.0 and len(strengths) == 3:
            return ("none", "weak", "strong")
        return tuple(f"k = {strength:g}" for strength in strengths)

    @classmethod
    def pair_forces(cls, settings: SpringsSettings) -> PairForces:
        """Springs pull back."""
        return PairForces(tuple(-k for k in settings.strengths), inverse_square=False)

    @classmethod
    def draw_edges(
        cls, settings: SpringsSettings, streams: Sequence[np.random.Generator]
    ) -> np.ndarray:
        """A type for each pair, (S, N, N) int8."""
        return draw_symmetric_types(streams, settings.objects, settings.probabilities)

    @classmethod
    def contradictions(cls, settings: SpringsSettings) -> Iterator[tuple[str, str]]:
        """Strengths and probabilities are of the same types."""
        yield from super().contradictions(settings)
        if len(settings.probabilities) != (types := len(settings.strengths)):
            yield "probabilities", f"{settings.probabilities}: {types} types expected"
