"""The paper's decoder with memory: p(x_{t+1} | x_1 … x_t, z) (§3.3)."""

import torch
from torch import Tensor, nn

from nri.model.decoders.layers import Messages, OutputMLP, RecurrentDecoder, Scaling

__all__ = ["RNNDecoder"]


class RNNDecoder(RecurrentDecoder):
    """The paper's recurrent decoder (motion capture, NBA): messages between hidden states, a GRU.

    As in the official code messages are divided by the number of active edge types, which
    the paper's equations do not have, and averaged over the N-1 senders. (The official
    division is by the number of features, a slip that equals N-1 in its reference cases.)
    """

    def __init__(
        self, features: int, hidden: int, edge_types: int, skip_first: bool, dropout: float
    ):
        super().__init__()
        self.hidden = hidden
        self.scaling = Scaling(features)
        self.messages = Messages(hidden, hidden, edge_types, skip_first, dropout)
        self.hidden_r = nn.Linear(hidden, hidden, bias=False)
        self.hidden_i = nn.Linear(hidden, hidden, bias=False)
        self.hidden_h = nn.Linear(hidden, hidden, bias=False)
        self.input_r = nn.Linear(features, hidden)
        self.input_i = nn.Linear(features, hidden)
        self.input_n = nn.Linear(features, hidden)
        self.output = OutputMLP(hidden, hidden, features, dropout)

    def forward(self, x: Tensor, edges: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
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
