"""Adam (Kingma and Ba, 2015), all weights in one pass.

`torch.optim.Adam` computes the same, to the bit, but imports torch's compiler, which takes two
seconds: the first epoch of a small training.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

__all__ = ["Adam"]


class Adam:
    """The moments of some weights, and how they change these; β = (0.9, 0.999), ε = 1e-8."""

    def __init__(self, weights: Sequence[nn.Parameter]):
        self.weights = list(weights)
        self.means = [torch.zeros_like(weight) for weight in weights]
        self.squares = [torch.zeros_like(weight) for weight in weights]
        self.updates = [weight.new_zeros(()).float() for weight in weights]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for weight in self.weights:
            weight.grad = None

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Change the weights that have a gradient."""
        parts = zip(self.weights, self.means, self.squares, self.updates, strict=True)
        given = [(part[0], part[0].grad, *part[1:]) for part in parts if part[0].grad is not None]
        if not given:
            return
        weights, gradients, means, squares, updates = (
            list(each) for each in zip(*given, strict=True)
        )
        adam(
            weights,
            gradients,
            means,
            squares,
            [],
            updates,
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=learning_rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )

    def state_dict(self) -> dict[str, list[Tensor]]:
        """All that changes but the weights."""
        return {"means": self.means, "squares": self.squares, "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` gave."""
        self.means, self.squares, self.updates = state["means"], state["squares"], state["updates"]
