"""The paper's decoder without memory: p(x_{t+1} | x_t, z) (§3.3)."""

import torch
from torch import Tensor, nn

from nri.model.decoders.layers import Messages, OutputMLP, Scaling

__all__ = ["MLPDecoder"]


class MLPDecoder(nn.Module):
    """The paper's Markovian decoder (springs, charged particles, Kuramoto)."""

    recurrent = False

    def __init__(
        self, features: int, hidden: int, edge_types: int, skip_first: bool, dropout: float
    ):
        super().__init__()
        self.scaling = Scaling(features)
        self.messages = Messages(features, hidden, edge_types, skip_first, dropout)
        self.output = OutputMLP(features + hidden, hidden, features, dropout)

    def forward(self, x: Tensor, edges: Tensor, state: None = None) -> tuple[Tensor, None]:
        """(..., N, D), (..., E, K) → the next frame (..., N, D)."""
        inputs = self.scaling.inputs(x)
        received = self.messages(inputs, edges, nn.functional.relu)
        change = self.output(torch.cat([inputs, received], dim=-1))
        return self.scaling.advance(x, change), None
