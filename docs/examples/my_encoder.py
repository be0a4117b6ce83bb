"""An encoder of one's own: how alike two objects move is all that it looks at.

config.yaml:  runs: [{dataset: springs5, encoder: docs/examples/my_encoder.py:AlikeEncoder, …}]
"""

import torch
from torch import nn

from nri.graph import receivers, senders
from nri.model.encoders.encoder import Encoder


class AlikeEncoder(Encoder):
    """Correlations of the features of two objects over time, then a small network."""

    def __init__(self, features: int, hidden: int, edge_types: int):
        super().__init__(edge_types)
        self.judge = nn.Sequential(
            nn.Linear(features**2, hidden), nn.ELU(), nn.Linear(hidden, edge_types)
        )

    @classmethod
    def build(cls, context):
        """The untrained encoder of a run; context: nri/model/context.py."""
        hidden = context.settings.encoder_hidden
        return cls(context.encoder_features, hidden, context.edge_types)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Trajectories (B, N, T, D) → logits of the type of each edge (B, E, K)."""
        motion = x.diff(dim=2)
        motion = (motion - motion.mean(2, keepdim=True)) / (motion.std(2, keepdim=True) + 1e-6)
        nodes = x.shape[1]
        to, of = motion[:, receivers(nodes)], motion[:, senders(nodes)]  # (B, E, T, D)
        alike = to.transpose(2, 3) @ of / motion.shape[2]  # (B, E, D, D)
        return self.judge(alike.flatten(2))
