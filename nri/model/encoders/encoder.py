"""The contract of the encoders q(z | x): from trajectories to logits of edge types (paper §3.1)."""

from typing import ClassVar, Self

from torch import Tensor, nn

from nri.model.context import ModelContext

__all__ = ["Encoder"]


class Encoder(nn.Module):
    """An encoder network. `edge_types` is the number K of types that it tells apart.

    A new encoder is a subclass in a module of its own and a line in `nri.choices.ENCODERS`; the
    tests of the contract (tests/test_model.py) take it from there. Objects have no order: if they
    are renamed, the logits must follow.
    """

    least_frames: ClassVar[int] = 1
    """The fewest frames that the encoder can read."""

    def __init__(self, edge_types: int):
        super().__init__()
        self.edge_types = edge_types

    @classmethod
    def build(cls, context: ModelContext) -> Self:
        """The untrained encoder of a run; weights come from torch's global random state."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → logits (B, E, K)."""
        raise NotImplementedError
