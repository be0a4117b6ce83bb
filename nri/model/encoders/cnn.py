"""The paper's CNN encoder: time is reduced by convolutions over each pair's sequence (§3.1)."""

import math
from typing import Self

import torch
from torch import Tensor, nn

from nri.model.context import ModelContext
from nri.model.encoders.encoder import Encoder
from nri.model.encoders.layers import MLP, logits_layer
from nri.model.message_passing import PairLinear, sum_incoming

__all__ = ["CNNEncoder"]


class PairCNN(nn.Module):
    """1-D convolution with attentive pooling over the sequence of a pair.

    As in the official code the attention-weighted sum is divided once more by its length.
    """

    def __init__(self, features: int, hidden: int, dropout: float):
        super().__init__()
        self.conv1 = nn.Conv1d(features, hidden, kernel_size=5)
        self.bn1 = nn.BatchNorm1d(hidden)
        self.conv2 = nn.Conv1d(hidden, hidden, kernel_size=5)
        self.bn2 = nn.BatchNorm1d(hidden)
        self.conv_predict = nn.Conv1d(hidden, hidden, kernel_size=1)
        self.conv_attention = nn.Conv1d(hidden, 1, kernel_size=1)
        self.dropout = nn.Dropout(dropout)
        for layer in (self.conv1, self.conv2, self.conv_predict, self.conv_attention):
            assert layer.bias is not None  # which is torch's default
            fan_out = layer.kernel_size[0] * layer.out_channels
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2.0 / fan_out))
            nn.init.constant_(layer.bias, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        """(pairs, channels, T) → (pairs, H)."""
        x = self.dropout(self.bn1(nn.functional.relu(self.conv1(x))))
        x = nn.functional.max_pool1d(x, 2)
        x = self.bn2(nn.functional.relu(self.conv2(x)))
        attention = self.conv_attention(x).softmax(-1)
        return (self.conv_predict(x) * attention).mean(-1)


class CNNEncoder(Encoder):
    """The paper's CNN encoder (charged particles, Kuramoto, NBA): convolutions on pairs."""

    least_frames = 14  # of which two convolutions of kernel 5, pooled by 2 between, leave one

    def __init__(self, frames: int, features: int, hidden: int, edge_types: int, dropout: float):
        super().__init__(edge_types)
        self.cnn: nn.Module = PairCNN(2 * features, hidden, dropout)
        self.mlp1 = MLP(nn.Linear(hidden, hidden), hidden, dropout)
        self.mlp2 = MLP(nn.Linear(hidden, hidden), hidden, dropout)
        self.mlp3 = MLP(PairLinear(hidden, hidden, edge_features=hidden), hidden, dropout)
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

    def embed(self, x: Tensor) -> Tensor:
        """Each pair's sequence as a vector: (B, N, T, D) → (B, E, H)."""
        batch, nodes, frames, features = x.shape
        sequences = x.transpose(2, 3)  # (B, N, D, T)
        sent = sequences.unsqueeze(1).expand(batch, nodes, nodes, features, frames)
        pairs = torch.cat([sent, sent.transpose(1, 2)], dim=3)  # [receiver, sender] of each pair
        others = ~torch.eye(nodes, dtype=torch.bool, device=x.device)
        return self.cnn(pairs[:, others].flatten(0, 1)).unflatten(0, (batch, -1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → logits (B, E, K)."""
        edges = self.mlp1(self.embed(x))  # (B, E, H)
        hidden = self.mlp2(sum_incoming(edges) / x.shape[1])  # (B, N, H)
        return self.fc_out(self.mlp3(hidden, edges))
