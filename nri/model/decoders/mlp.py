"""The paper's decoder without memory: p(x_{t+1} | x_t, z) (§3.3), and of the last two frames."""

from typing import Self

import torch
from torch import Tensor, nn

from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.decoders.layers import Messages, OutputMLP, Scaling
from nri.model.frames import frames_at
from nri.model.fused_unroll import fused_unroll
from nri.model.precision import product_type

__all__ = ["MLPDecoder"]


class MLPDecoder(Decoder):
    """The paper's Markovian decoder (springs, charged particles, Kuramoto).

    With `changes` it also sees how each feature has changed since the frame before, which is its
    state: p(x_{t+1} | x_{t-1}, x_t, z). One frame need not tell where a system is going: the sine
    of an angle is the same whether the angle comes or goes.
    """

    tabulated = True
    scaling: Scaling

    def __init__(
        self,
        features: int,
        hidden: int,
        edge_types: int,
        skip_first: bool,
        dropout: float,
        changes: bool = False,
    ):
        super().__init__(Scaling(features))
        self.order = 2 if changes else 1
        seen = features * self.order
        self.messages = Messages(seen, hidden, edge_types, skip_first, dropout)
        self.output = OutputMLP(seen + hidden, hidden, features, dropout)

    @classmethod
    def build(cls, context: ModelContext) -> Self:
        """The untrained decoder of a run; weights come from torch's global random state."""
        return cls(
            features=context.features,
            hidden=context.settings.decoder_hidden,
            edge_types=context.edge_types,
            skip_first=context.settings.skip_first,
            dropout=context.settings.decoder_dropout,
            changes=context.settings.decoder_inputs == "changes",
        )

    def forward(
        self, x: Tensor, edges: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """(..., N, D), (..., E, K) and, with changes, the frame before → the next frame and x."""
        next_state = x if self.order == 2 else None
        if self._is_fused(x, state):
            return self.unroll(x, edges, 1, state).squeeze(-3), next_state
        inputs = self.inputs(x, state)
        received = self.messages(inputs, edges, nn.functional.relu)
        change = self.output(inputs, received)
        return self.scaling.advance(x, change), next_state

    def unroll(self, x: Tensor, edges: Tensor, steps: int, state: Tensor | None = None) -> Tensor:
        """A frame (..., N, D), (..., E, K) → the next (..., steps, N, D)."""
        if not self._is_fused(x, state):
            return super().unroll(x, edges, steps, state)
        before = None if self.order == 1 else x if state is None else state
        return fused_unroll(self.scaling, self.messages, self.output, x, edges, steps, before)

    def _is_fused(self, x: Tensor, state: Tensor | None) -> bool:
        """Whether steps from these frames are: without rounded products, and with changes only
        where the frames want no gradient.
        """
        tracked = x.requires_grad or (state is not None and state.requires_grad)
        fused = self.messages.is_fused(x) and product_type() == torch.float32
        return fused and not (self.order == 2 and tracked)

    def inputs(self, x: Tensor, before: Tensor | None) -> Tensor:
        """What the networks see of frames x (..., N, D) and the ones before, in their units.

        (..., N, D) or, with changes, (..., N, 2D); no frame before counts as no change.
        """
        if self.order == 1:
            return self.scaling.inputs(x)
        changed = self.scaling.changes(x, x if before is None else before)
        return torch.cat([self.scaling.inputs(x), changed], dim=-1)

    def state_before(self, x: Tensor, times: Tensor) -> Tensor | None:
        """The frames before `times` (B, ...) of x (B, N, T, D), (B, ..., N, D), with changes."""
        return None if self.order == 1 else frames_at(x, times - 1)
