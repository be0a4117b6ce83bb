"""Parts of decoders: units, messages of each edge type, the output network (paper §3.3)."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from nri.model.frames import asinh
from nri.model.fused_messages import fused_messages, is_fused
from nri.model.message_passing import PairLinear, sum_incoming
from nri.model.precision import ExactLinear, exact_products

__all__ = ["Messages", "OutputMLP", "Scaling", "median_change"]


def median_change(x: Tensor) -> Tensor:
    """Median |x_{t+1} - x_t| of each feature of trajectories (S, N, T, D): (D,)."""
    medians = [feature.diff(dim=2).abs().median() for feature in x.unbind(-1)]  # saves memory
    return torch.stack(medians)


class Scaling(nn.Module):
    """Units in which a decoder works: it reads centred and scaled frames and gives changes in
    multiples of a typical change.

    Before `fit` it changes nothing, as in the paper. Fitted to training frames it is a
    preconditioner: features whose changes are small are learned as fast as the others.
    """

    mean: Tensor
    scale: Tensor
    change: Tensor

    def __init__(self, features: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.register_buffer("change", torch.ones(features))

    def fit(self, x: Tensor) -> None:
        """Take the units from trajectories (S, N, T, D)."""
        self.mean.copy_(x.mean((0, 1, 2)))
        deviation = x.std((0, 1, 2))
        self.scale.copy_(torch.where(deviation > 0, deviation, 1.0))
        # The median, because close encounters would dominate a standard deviation.
        self.change.copy_(1.4826 * median_change(x))

    def convert(self, ratio: Tensor, shift: Tensor) -> None:
        """Keep the units where features are normalised anew: x was ratio · x + shift, each (D,)."""
        self.mean.sub_(shift).div_(ratio)
        self.scale.div_(ratio)
        self.change.div_(ratio)

    def inputs(self, x: Tensor) -> Tensor:
        """Frames in the decoder's units, same shape."""
        return (x - self.mean) / self.scale

    def changes(self, x: Tensor, before: Tensor) -> Tensor:
        """How frames differ from those before, in these units, large changes compressed."""
        return asinh((x - before) / self.change_unit) / 2

    @property
    def change_unit(self) -> Tensor:
        """The unit of changes, (D,); 1 for features that never change."""
        return torch.where(self.change > 0, self.change, 1.0)

    def advance(self, x: Tensor, change: Tensor) -> Tensor:
        """The next frame from this one and the decoder's output (Eq. 13: x + Δx)."""
        return x + self.change * change


class OutputMLP(nn.Module):
    """Three linear layers with ReLU between, from a node's inputs to its change."""

    def __init__(self, in_features: int, hidden: int, out_features: int, dropout: float):
        super().__init__()
        self.out_fc1 = ExactLinear(in_features, hidden)
        self.out_fc2 = nn.Linear(hidden, hidden)
        self.out_fc3 = ExactLinear(hidden, out_features)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, received: Tensor | None = None) -> Tensor:
        """(..., in_features) → (..., out_features).

        Of data in x and hidden states in `received`, which together are the input, the product
        with the hidden states may be rounded.
        """
        if received is None:
            x = self.out_fc1(x)
        else:
            of_data, of_hidden = self.out_fc1.weight.tensor_split([x.shape[-1]], dim=1)
            with exact_products(x):
                x = nn.functional.linear(x, of_data, self.out_fc1.bias)
            x = x + nn.functional.linear(received, of_hidden)
        x = self.dropout(nn.functional.relu(x))
        x = self.dropout(nn.functional.relu(self.out_fc2(x)))
        return self.out_fc3(x)


class Messages(nn.Module):
    """A two-layer network per edge type; each node gets the weighted sum of its messages.

    Σ_j Σ_k z_ij,k f_k(x_j, x_i) over senders j and edge types k (Eqs. 10-11). With `skip_first`
    type 0 means "no edge" and sends nothing. Nodes are data or, unless it `reads_data`, hidden
    states. On a CPU the sum is fused (`nri.model.fused_messages`) but for dropout.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        edge_types: int,
        skip_first: bool,
        dropout: float,
        reads_data: bool = True,
    ):
        super().__init__()
        self.msg_fc1 = nn.ModuleList(
            PairLinear(in_features, hidden, reads_data=reads_data) for _ in range(edge_types)
        )
        self.msg_fc2 = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(edge_types))
        self.active = range(1 if skip_first else 0, edge_types)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, nodes: Tensor, edges: Tensor, activation: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """(..., N, F), (..., E, K) → (..., N, H); `activation` is relu or tanh."""
        if self.is_fused(nodes):
            weights = edges[..., self.active.start :]
            return fused_messages(nodes, weights, self.active_layers(), activation)
        return self.layer_by_layer(nodes, edges, activation)

    def is_fused(self, nodes: Tensor) -> bool:
        """Whether the messages of these nodes are fused."""
        return is_fused(nodes) and not (self.training and self.dropout.p > 0)

    def active_layers(self) -> list[tuple[PairLinear, nn.Linear]]:
        """Both layers of each type that sends messages."""
        # The casts: a ModuleList does not know what its members are.
        return [
            (cast(PairLinear, self.msg_fc1[k]), cast(nn.Linear, self.msg_fc2[k]))
            for k in self.active
        ]

    def layer_by_layer(
        self, nodes: Tensor, edges: Tensor, activation: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """The same sum with a tensor of all edges after each layer."""
        messages = nodes.new_zeros(())
        for k in self.active:
            hidden = self.dropout(activation(self.msg_fc1[k](nodes)))
            messages = messages + activation(self.msg_fc2[k](hidden)) * edges[..., k : k + 1]
        return sum_incoming(messages)
