"""The paper's decoder without memory: p(x_{t+1} | x_t, z) (§3.3)."""

from typing import Self

import torch
from torch import Tensor, nn

from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.decoders.layers import Messages, OutputMLP, Scaling

__all__ = ["MLPDecoder"]


class MLPDecoder(Decoder):
    """The paper's Markovian decoder (springs, charged particles, Kuramoto)."""

    tabulated = True
    scaling: Scaling

    def __init__(
        self, features: int, hidden: int, edge_types: int, skip_first: bool, dropout: float
    ):
        super().__init__(Scaling(features))
        self.messages = Messages(features, hidden, edge_types, skip_first, dropout)
        self.output = OutputMLP(features + hidden, hidden, features, dropout)

    @classmethod
    def build(cls, context: ModelContext) -> Self:
        """The untrained decoder of a run; weights come from torch's global random state."""
        return cls(
            features=context.features,
            hidden=context.settings.decoder_hidden,
            edge_types=context.edge_types,
            skip_first=context.settings.skip_first,
            dropout=context.settings.decoder_dropout,
        )

    def forward(self, x: Tensor, edges: Tensor, state: None = None) -> tuple[Tensor, None]:
        """(..., N, D), (..., E, K) → the next frame (..., N, D)."""
        inputs = self.scaling.inputs(x)
        received = self.messages(inputs, edges, nn.functional.relu)
        change = self.output(torch.cat([inputs, received], dim=-1))
        return self.scaling.advance(x, change), None
