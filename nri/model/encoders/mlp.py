"""The paper's MLP encoder: time is reduced by an MLP over each object's whole sequence (§3.1)."""

from typing import Self

from torch import Tensor, nn

from nri.model.context import ModelContext
from nri.model.encoders.encoder import Encoder
from nri.model.encoders.layers import MLP, logits_layer
from nri.model.message_passing import PairLinear, sum_incoming
from nri.model.precision import ExactLinear

__all__ = ["MLPEncoder"]


class MLPEncoder(Encoder):
    """The paper's MLP encoder (springs, motion capture).

    As in the official code the sum over incoming edges is divided by N, where the
    paper's Eq. 6 has a plain sum.
    """

    def __init__(self, frames: int, features: int, hidden: int, edge_types: int, dropout: float):
        super().__init__(edge_types)
        self.mlp1 = MLP(ExactLinear(frames * features, hidden), hidden, dropout)
        self.mlp2 = MLP(PairLinear(hidden, hidden), hidden, dropout)
        self.mlp3 = MLP(nn.Linear(hidden, hidden), hidden, dropout)
        self.mlp4 = MLP(PairLinear(hidden, hidden, edge_features=hidden), hidden, dropout)
        self.fc_out = logits_layer(hidden, edge_types)

    @classmethod
    def build(cls, context: ModelContext) -> Self:
        """The untrained encoder of a run; weights come from torch's global random state."""
        return cls(
            frames=context.frames,
            features=context.encoder_features,
            hidden=context.settings.encoder_hidden,
            edge_types=context.edge_types,
            dropout=context.settings.encoder_dropout,
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → logits (B, E, K)."""
        nodes = x.shape[1]
        edges = self.mlp2(self.mlp1(x.flatten(2)))  # (B, N, T·D) → (B, N, H) → (B, E, H)
        hidden = self.mlp3(sum_incoming(edges) / nodes)  # (B, N, H)
        return self.fc_out(self.mlp4(hidden, edges))
