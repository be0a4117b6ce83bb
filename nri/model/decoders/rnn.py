"""The paper's decoder with memory: p(x_{t+1} | x_1 … x_t, z) (§3.3)."""

from typing import Self

import torch
from torch import Tensor, nn

from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.decoders.layers import Messages, OutputMLP, Scaling
from nri.model.precision import ExactLinear

__all__ = ["RNNDecoder"]


class RNNDecoder(Decoder):
    """The paper's recurrent decoder (motion capture, NBA): messages between hidden states, a GRU.

    As in the official code messages are divided by the number of active edge types, which
    the paper's equations do not have, and averaged over the N-1 senders. (The official
    division is by the number of features, a slip that equals N-1 in its reference cases.)
    """

    recurrent = True
    scaling: Scaling

    def __init__(
        self, features: int, hidden: int, edge_types: int, skip_first: bool, dropout: float
    ):
        super().__init__(Scaling(features))
        self.hidden = hidden
        self.messages = Messages(hidden, hidden, edge_types, skip_first, dropout, reads_data=False)
        self.hidden_r = nn.Linear(hidden, hidden, bias=False)
        self.hidden_i = nn.Linear(hidden, hidden, bias=False)
        self.hidden_h = nn.Linear(hidden, hidden, bias=False)
        self.input_r = ExactLinear(features, hidden)
        self.input_i = ExactLinear(features, hidden)
        self.input_n = ExactLinear(features, hidden)
        self.output = OutputMLP(hidden, hidden, features, dropout)

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

    def forward(
        self, x: Tensor, edges: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """(..., N, D), (..., E, K), (..., N, H) → the next frame and the next state."""
        if state is None:
            state = x.new_zeros(*x.shape[:-1], self.hidden)
        received = self.messages(state, edges, torch.tanh)
        received = received / ((x.shape[-2] - 1) * len(self.messages.active))
        inputs = self.scaling.inputs(x)
        reset = torch.sigmoid(self.input_r(inputs) + self.hidden_r(received))
        update = torch.sigmoid(self.input_i(inputs) + self.hidden_i(received))
        new = torch.tanh(self.input_n(inputs) + reset * self.hidden_h(received))
        state = (1 - update) * new + update * state
        return self.scaling.advance(x, self.output(state)), state
