"""Encoders q(z | x): trajectories in, logits of the type of every edge out (paper §3.1).

All take trajectories (B, N, T, D) and return logits (B, E, K). They share the factor
graph of Eqs. 5-8: nodes → edges → nodes → edges, and differ in how time is reduced to a
vector: by an MLP over each object's whole sequence (`MLPEncoder`), by convolutions over
each pair's (`CNNEncoder`, and at a fraction of its cost `NodeCNNEncoder`).
"""

import math

import torch
from torch import Tensor, nn

from nri.model.message_passing import PairLinear, sum_incoming

__all__ = ["ENCODERS", "CNNEncoder", "MLPEncoder", "NodeCNNEncoder"]


class MLP(nn.Module):
    """Linear-ELU-dropout-Linear-ELU-BatchNorm, on the last axis.

    `first` is the first linear layer, so that it may be a `PairLinear`.
    """

    def __init__(self, first: nn.Linear, out_features: int, dropout: float):
        super().__init__()
        self.fc1 = first
        self.fc2 = nn.Linear(first.out_features, out_features)
        self.bn = nn.BatchNorm1d(out_features)
        self.dropout = nn.Dropout(dropout)
        for layer in (self.fc1, self.fc2):
            nn.init.xavier_normal_(layer.weight)
            nn.init.constant_(layer.bias, 0.1)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs of `first` → (..., out_features)."""
        hidden = self.dropout(nn.functional.elu(self.fc1(*inputs)))
        hidden = nn.functional.elu(self.fc2(hidden))
        return self.bn(hidden.flatten(0, -2)).view_as(hidden)


def _logits(hidden: int, edge_types: int) -> nn.Linear:
    layer = nn.Linear(hidden, edge_types)
    nn.init.xavier_normal_(layer.weight)
    nn.init.constant_(layer.bias, 0.1)
    return layer


class MLPEncoder(nn.Module):
    """The paper's MLP encoder (springs, motion capture).

    As in the official code the sum over incoming edges is divided by N, where the
    paper's Eq. 6 has a plain sum.
    """

    def __init__(self, frames: int, features: int, hidden: int, edge_types: int, dropout: float):
        super().__init__()
        self.mlp1 = MLP(nn.Linear(frames * features, hidden), hidden, dropout)
        self.mlp2 = MLP(PairLinear(hidden, hidden), hidden, dropout)
        self.mlp3 = MLP(nn.Linear(hidden, hidden), hidden, dropout)
        self.mlp4 = MLP(PairLinear(hidden, hidden, edge_features=hidden), hidden, dropout)
        self.fc_out = _logits(hidden, edge_types)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → logits (B, E, K)."""
        nodes = x.shape[1]
        edges = self.mlp2(self.mlp1(x.flatten(2)))  # (B, N, T·D) → (B, N, H) → (B, E, H)
        hidden = self.mlp3(sum_incoming(edges) / nodes)  # (B, N, H)
        return self.fc_out(self.mlp4(hidden, edges))


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


class CNNEncoder(nn.Module):
    """The paper's CNN encoder (charged particles, Kuramoto, NBA): convolutions on pairs."""

    def __init__(self, frames: int, features: int, hidden: int, edge_types: int, dropout: float):
        super().__init__()
        self.cnn = PairCNN(2 * features, hidden, dropout)
        self.mlp1 = MLP(nn.Linear(hidden, hidden), hidden, dropout)
        self.mlp2 = MLP(nn.Linear(hidden, hidden), hidden, dropout)
        self.mlp3 = MLP(PairLinear(hidden, hidden, edge_features=hidden), hidden, dropout)
        self.fc_out = _logits(hidden, edge_types)

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


class AlignedCNN(nn.Module):
    """Convolution (kernel 5, stride 4) over pairs, a second one of kernel 1, mean over time.

    The first layer is linear before its ReLU, so that it is applied to each object's
    sequence once and added per pair: of the convolution over pairs only the second, of
    kernel 1, is paid for every pair and time. Both are written as linear layers, which on a
    CPU are several times faster than 1-D convolutions of so few channels.
    """

    KERNEL, STRIDE = 5, 4

    def __init__(self, features: int, hidden: int):
        super().__init__()
        self.conv1 = PairLinear(self.KERNEL * features, hidden // 2)
        self.bn1 = nn.BatchNorm1d(hidden // 2)
        self.conv2 = nn.Linear(hidden // 2, hidden)
        self.bn2 = nn.BatchNorm1d(hidden)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → (B, E, H)."""
        windows = x.unfold(2, self.KERNEL, self.STRIDE)  # (B, N, T', D, 5)
        pairs = self.conv1(windows.transpose(1, 2).flatten(3))  # (B, T', E, H/2)
        shape = pairs.shape[:3]
        pairs = self.bn1(nn.functional.relu(pairs).flatten(0, 2))
        pairs = nn.functional.relu(self.conv2(pairs)).unflatten(0, shape).mean(1)  # (B, E, H)
        return self.bn2(pairs.flatten(0, 1)).view_as(pairs)


class NodeCNNEncoder(CNNEncoder):
    """The CNN encoder with a convolution that reads each object's sequence once, then pairs.

    Ours. Like the paper's it sees both objects of a pair at the same time, which is when
    their interaction shows, and unlike the MLP encoder it need not learn that anew for
    every frame; it costs a fraction of the paper's.
    """

    def __init__(self, frames: int, features: int, hidden: int, edge_types: int, dropout: float):
        super().__init__(frames, features, hidden, edge_types, dropout)
        self.cnn = AlignedCNN(features, hidden)

    def embed(self, x: Tensor) -> Tensor:
        """Each pair's sequence as a vector: (B, N, T, D) → (B, E, H)."""
        return self.cnn(x)


ENCODERS = {"mlp": MLPEncoder, "cnn": CNNEncoder, "node-cnn": NodeCNNEncoder}
