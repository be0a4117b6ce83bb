"""The model computed in plainer ways: baselines of the benchmarks, oracles of the tests.

`one_hot_copy` is NRI as its equations are written: edges get their nodes by products with one-hot
matrices, every edge type is computed for every edge from the concatenated pair, and whole tensors
go from layer to layer. `torch_copy` is the model itself without `nri.model.fused_messages`: the
plain torch code that a GPU runs.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from nri import graph
from nri.model.decoders.layers import Messages
from nri.model.encoders.cnn import PairCNN
from nri.model.message_passing import PairLinear

__all__ = ["ConcatenatedPairs", "one_hot_copy", "torch_copy"]


def one_hot_copy(model: nn.Module) -> nn.Module:
    """The same model with the same weights, computed as the equations are written."""
    plain = {PairLinear: OneHotPairLinear, Messages: OneHotMessages, PairCNN: ConcatenatedPairs}
    return _copy(model, plain)


def torch_copy(model: nn.Module) -> nn.Module:
    """The same model with the same weights, computed layer by layer in plain torch."""
    return _copy(model, {Messages: TorchMessages})


def _copy(model: nn.Module, classes: dict[type, type]) -> nn.Module:
    """A copy whose modules of some classes compute as others do."""
    model = copy.deepcopy(model)
    for module in model.modules():
        module.__class__ = classes.get(type(module), type(module))
    return model


class TorchMessages(Messages):
    """Messages without the fused path."""

    def is_fused(self, nodes: Tensor) -> bool:
        """Never: neither are the decoder's steps."""
        return False

    def forward(
        self, nodes: Tensor, edges: Tensor, activation: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """(..., N, F), (..., E, K) → (..., N, H)."""
        return self.layer_by_layer(nodes, edges, activation)


class ConcatenatedPairs(PairCNN):
    """The paper's CNN on the concatenated sequences of every pair, channels first."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → (B, E, H)."""
        batch, nodes = x.shape[:2]
        sequences = x.transpose(2, 3)  # (B, N, D, T)
        sent = sequences.unsqueeze(1).expand(-1, nodes, -1, -1, -1)
        pairs = torch.cat([sent, sent.transpose(1, 2)], dim=3)
        pairs = pairs[:, ~torch.eye(nodes, dtype=torch.bool)].flatten(0, 1)
        pairs = self.dropout(self.bn1(nn.functional.relu(self.conv1(pairs))))
        pairs = nn.functional.max_pool1d(pairs, 2)
        pairs = self.bn2(nn.functional.relu(self.conv2(pairs)))
        attention = self.conv_attention(pairs).softmax(-1)
        return (self.conv_predict(pairs) * attention).mean(-1).unflatten(0, (batch, -1))


class OneHotPairLinear(PairLinear):
    """A linear layer on concatenated pairs."""

    def forward(self, nodes: Tensor, edges: Tensor | None = None) -> Tensor:
        """(..., N, F) and, where declared, (..., E, G) → (..., E, out_features)."""
        pairs = _pairs(nodes)
        pairs = pairs if edges is None else torch.cat([pairs, edges], dim=-1)
        return nn.functional.linear(pairs, self.weight, self.bias)


class OneHotMessages(TorchMessages):
    """Σ_j Σ_k z_ij,k f_k(x_j, x_i) (Eqs. 10-11), each f_k evaluated on every edge."""

    def forward(
        self, nodes: Tensor, edges: Tensor, activation: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """(..., N, F), (..., E, K) → (..., N, H)."""
        pairs, messages = _pairs(nodes), 0.0
        for k in self.active:
            first, second = self.msg_fc1[k], self.msg_fc2[k]
            hidden = activation(nn.functional.linear(pairs, first.weight, first.bias))
            hidden = activation(second(self.dropout(hidden)))
            messages = messages + hidden * edges[..., k : k + 1]
        _, receiver = _incidence(nodes.shape[-2])
        return receiver.T @ messages


def _incidence(nodes: int) -> tuple[Tensor, Tensor]:
    """One-hot sender and receiver of each edge, both (E, N)."""
    identity = torch.eye(nodes)
    return identity[graph.senders(nodes)], identity[graph.receivers(nodes)]


def _pairs(nodes: Tensor) -> Tensor:
    """Sender and receiver of each edge: (..., N, F) → (..., E, 2F)."""
    sender, receiver = _incidence(nodes.shape[-2])
    return torch.cat([sender @ nodes, receiver @ nodes], dim=-1)
