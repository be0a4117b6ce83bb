"""The contract of the decoders p(x_{t+1} | x_1 … x_t, z): one step under a graph (paper §3.3)."""

from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from nri.model.context import ModelContext
from nri.model.decoders.layers import Scaling

__all__ = ["Decoder"]


class Decoder(nn.Module):
    """A decoder network. `scaling` holds the units that it works in, or is None.

    A new decoder is a subclass in a module of its own and a line in `nri.choices.DECODERS`; the
    tests of the contract (tests/test_model.py) take it from there.
    """

    recurrent: ClassVar[bool] = False
    """Whether the decoder has memory: it then needs a burn-in, and is trained on one unroll."""

    tabulated: ClassVar[bool] = False
    """Whether the graph moves a node by the sum of its messages alone, taken by its own network.

    It then has `messages` and `output`, and the posterior of its graphs can be computed from tables
    (`nri.model.posterior.tables`).
    """

    order: int = 1
    """How many frames a decoder without memory needs to tell the next: the last, or two."""

    def __init__(self, scaling: Scaling | None = None):
        super().__init__()
        self.scaling = scaling

    @classmethod
    def build(cls, context: ModelContext) -> Self:
        """The untrained decoder of a run; weights come from torch's global random state."""
        raise NotImplementedError

    def forward(self, x: Tensor, edges: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """One frame (..., N, D) under type weights (..., E, K) → the next frame and the next state.

        The state is None at the first step, and always for decoders of order 1 without memory.
        """
        raise NotImplementedError

    def state_before(self, x: Tensor, times: Tensor) -> Tensor | None:
        """The state of a decoder without memory when it is fed frames `times` (B, ...).

        x (B, N, T, D) are the true frames. It is what such a decoder needs of earlier ones.
        """
        return None

    def unroll(self, x: Tensor, edges: Tensor, steps: int, state: Any = None) -> Tensor:
        """Feed the decoder its own predictions: a frame (..., N, D) → (..., steps, N, D).

        edges (..., E, K); `state` is the decoder's after all frames before x.
        """
        predictions = []
        for _ in range(steps):
            x, state = self(x, edges, state)
            predictions.append(x)
        return torch.stack(predictions, dim=-3)

    def observe(self, x: Tensor, edges: Tensor) -> tuple[Tensor, Any]:
        """Feed all frames of x (B, N, T, D): the next of each, (B, T, N, D), and the state."""
        predictions, state = [], None
        for frame in x.unbind(2):
            prediction, state = self(frame, edges, state)
            predictions.append(prediction)
        return torch.stack(predictions, dim=1), state
