"""The paper's decoder with the true equations of motion: no weights, differentiable in the graph.

`NRI (sim.)` of Table 1: one frame is advanced by the simulator's own scheme (kick, then
drift, elastic walls), with each pair's force weighted by its edge-type probabilities.
"""

from typing import Self

import torch
from torch import Tensor

from nri.choices import SOURCES, load
from nri.data.normalisation import Normalisation
from nri.data.simulated.particles import BOX, FORCE_LIMIT
from nri.data.source import PairForces, Source
from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.message_passing import sender_values
from nri.model.precision import exact_products

__all__ = ["SimulationDecoder"]


class SimulationDecoder(Decoder):
    """Particles in a box, moved by `forces`; features (x, y, vx, vy) normalised.

    `substeps` divide the frame interval.
    """

    coefficients: Tensor
    minimum: Tensor
    half_range: Tensor

    def __init__(
        self,
        forces: PairForces,
        normalisation: Normalisation,
        frame_interval: float,
        substeps: int,
    ):
        super().__init__()
        self.inverse_square = forces.inverse_square
        self.substeps = substeps
        self.time_step = frame_interval / substeps
        coefficients = torch.tensor(forces.coefficients, dtype=torch.float32)
        self.register_buffer("coefficients", coefficients)  # of each edge type, (K,)
        minimum = torch.as_tensor(normalisation.minimum, dtype=torch.float32)
        maximum = torch.as_tensor(normalisation.maximum, dtype=torch.float32)
        self.register_buffer("minimum", minimum)
        self.register_buffer("half_range", (maximum - minimum) / 2)

    @classmethod
    def build(cls, context: ModelContext) -> Self:
        """The equations of the simulation that made the data set; there are no weights.

        Raises ValueError if the data set is not of particles with forces between pairs.
        """
        settings = context.metadata.config
        source: type[Source] = load(SOURCES[settings["source"]])
        forces = source.pair_forces(source.Settings.model_validate(settings))
        if forces is None:
            raise ValueError(
                f"decoder 'sim' needs particles with forces between pairs, not {settings['source']}"
            )
        return cls(
            forces=forces,
            normalisation=context.metadata.normalisation,
            frame_interval=context.metadata.frame_interval,
            substeps=context.settings.simulation_steps,
        )

    def forward(self, x: Tensor, edges: Tensor, state: None = None) -> tuple[Tensor, None]:
        """(..., N, 4), (..., E, K) → the next frame (..., N, 4)."""
        position, velocity = ((x + 1) * self.half_range + self.minimum).split(2, dim=-1)
        count = x.shape[-2]
        with exact_products(x):
            coefficient = edges @ self.coefficients
        coefficient = coefficient.unflatten(-1, (count, count - 1)).unsqueeze(-1)
        for _ in range(self.substeps):
            velocity = velocity + self.time_step * self._force(position, coefficient)
            position, velocity = _bounce(position + self.time_step * velocity, velocity)
        moved = torch.cat([position, velocity], dim=-1)
        return (moved - self.minimum) / self.half_range - 1, None

    def _force(self, position: Tensor, coefficient: Tensor) -> Tensor:
        """Positions (..., N, 2), c_ij (..., N, N-1, 1) → force on each particle (..., N, 2)."""
        difference = position.unsqueeze(-2) - sender_values(position)  # r_i - r_j
        if not self.inverse_square:
            return (coefficient * difference).sum(-2)
        distance = difference.square().sum(-1, keepdim=True).sqrt()
        force = (coefficient * difference / distance**3).sum(-2)
        return force.clamp(-FORCE_LIMIT, FORCE_LIMIT)


def _bounce(position: Tensor, velocity: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror what has left the box back into it; the velocity then points inwards."""
    over, under = position > BOX, position < -BOX
    position = torch.where(over, 2 * BOX - position, position)
    position = torch.where(under, -2 * BOX - position, position)
    velocity = torch.where(over, -velocity.abs(), velocity)
    velocity = torch.where(under, velocity.abs(), velocity)
    return position, velocity
