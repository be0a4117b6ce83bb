"""Parts of encoders: the two-layer network of nodes and edges, and the last layer."""

from torch import Tensor, nn

from nri.model.precision import ExactLinear

__all__ = ["MLP", "logits_layer"]


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
        return self.bn(hidden.flatten(0, -2).to(self.bn.weight.dtype)).view_as(hidden)


def logits_layer(hidden: int, edge_types: int) -> nn.Linear:
    """The last layer: (..., hidden) → logits (..., K)."""
    layer = ExactLinear(hidden, edge_types)
    nn.init.xavier_normal_(layer.weight)
    nn.init.constant_(layer.bias, 0.1)
    return layer
