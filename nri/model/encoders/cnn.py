"""The paper's CNN encoder: time is reduced by convolutions over each pair's sequence (§3.1)."""

import math
from typing import Self, cast

import torch
from torch import Tensor, nn

from nri.model.context import ModelContext
from nri.model.encoders.encoder import Encoder
from nri.model.encoders.layers import MLP, logits_layer
from nri.model.encoders.pooled_pairs import pair_statistics, pooled_pairs
from nri.model.fused_messages import is_fused
from nri.model.message_passing import PairLinear, sender_values, sum_incoming
from nri.model.precision import exact_products

__all__ = ["CNNEncoder"]


class PairCNN(nn.Module):
    """1-D convolution with attentive pooling over the sequence of a pair.

    As in the official code the attention-weighted sum is divided once more by its length. Two
    layers are computed where they are cheapest, which changes nothing but rounding: the first one
    is linear in both objects of a pair, and so computed once for each object; `conv_predict` is
    linear in the frames, and so computed once for their weighted sum.
    """

    def __init__(self, features: int, hidden: int, dropout: float):
        super().__init__()
        self.conv1 = nn.Conv1d(2 * features, hidden, kernel_size=5)
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
        """(B, N, T, D) → (B, E, H)."""
        with exact_products(x):
            pairs = self._first_half(x)
        pairs = nn.functional.relu(self._second_layer(pairs)).to(x.dtype)
        with exact_products(x):
            return self._second_half(pairs).unflatten(0, (len(x), -1))

    def _second_half(self, pairs: Tensor) -> Tensor:
        """All after the second layer: (P, T, H) → (P, H)."""
        pairs = self._normalised(self.bn2, pairs)
        linear, attention, predict = nn.functional.linear, self.conv_attention, self.conv_predict
        share = linear(pairs, attention.weight.squeeze(-1), attention.bias).softmax(1)
        pooled = (share.transpose(1, 2) @ pairs).squeeze(1)
        return linear(pooled, predict.weight.squeeze(-1), predict.bias) / pairs.shape[1]

    def _first_half(self, x: Tensor) -> Tensor:
        """All up to the pooling: (B, N, T, D) → (B·E, (T - 4) // 2, H)."""
        features = x.shape[3]
        windows = x.unfold(2, self.conv1.kernel_size[0], 1).flatten(3)  # (B, N, T - 4, D·5)
        of_sender, of_receiver = self.conv1.weight.split(features, dim=1)
        sent = nn.functional.linear(windows, of_sender.flatten(1))
        received = nn.functional.linear(windows, of_receiver.flatten(1), self.conv1.bias)
        if is_fused(x) and not (self.training and self.dropout.p > 0):
            return self._pooled(sent, received)
        pairs = sender_values(sent.flatten(2)) + received.flatten(2).unsqueeze(2)
        pairs = nn.functional.relu(pairs.flatten(0, 2).unflatten(-1, sent.shape[2:]))
        pairs = self.dropout(self._normalised(self.bn1, pairs))
        even = pairs.shape[1] // 2 * 2
        return torch.maximum(pairs[:, 0:even:2], pairs[:, 1:even:2])

    def _pooled(self, sent: Tensor, received: Tensor) -> Tensor:
        """The same from the shares of the first layer, (B, N, T - 4, H), in blocks."""
        norm, nodes = self.bn1, sent.shape[1]
        if norm.training:
            mean, variance = pair_statistics(sent, received)
            remember(norm, mean.detach(), variance.detach(), sent[..., 0].numel() * (nodes - 1))
        else:
            # The casts: torch lets a batch norm be without them, which these are not.
            mean, variance = cast(Tensor, norm.running_mean), cast(Tensor, norm.running_var)
        scale = norm.weight * (variance + norm.eps).rsqrt()
        return pooled_pairs(sent, received, scale, norm.bias - mean * scale)

    def _second_layer(self, pairs: Tensor) -> Tensor:
        """Sequences (P, T, H) → (P, T - 4, H)."""
        return self.conv2(pairs.transpose(1, 2)).transpose(1, 2)

    @staticmethod
    def _normalised(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
        """Batch norm of the last axis, over all others."""
        return norm(x.flatten(0, 1)).view_as(x)


def remember(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Move the running statistics of a batch norm towards those (H,) of `count` values."""
    momentum = cast(float, norm.momentum)
    cast(Tensor, norm.num_batches_tracked).add_(1)
    cast(Tensor, norm.running_mean).lerp_(mean, momentum)
    cast(Tensor, norm.running_var).lerp_(variance * (count / (count - 1)), momentum)


class CNNEncoder(Encoder):
    """The paper's CNN encoder (charged particles, Kuramoto, NBA): convolutions on pairs."""

    least_frames = 14  # of which two convolutions of kernel 5, pooled by 2 between, leave one

    def __init__(self, frames: int, features: int, hidden: int, edge_types: int, dropout: float):
        super().__init__(edge_types)
        self.cnn: nn.Module = PairCNN(features, hidden, dropout)
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
        return self.cnn(x)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → logits (B, E, K)."""
        edges = self.mlp1(self.embed(x))  # (B, E, H)
        hidden = self.mlp2(sum_incoming(edges) / x.shape[1])  # (B, N, H)
        return self.fc_out(self.mlp3(hidden, edges))
