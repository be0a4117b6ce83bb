"""Minus log-likelihood of a residual, up to constants: what the decoder is trained on (Eq. 17)."""

from typing import Any

from torch import Tensor, nn

__all__ = ["GaussianLikelihood", "make_likelihood"]


class GaussianLikelihood(nn.Module):
    """Independent Gaussians of fixed variance σ² around the prediction, as in the paper."""

    def __init__(self, variance: float):
        super().__init__()
        self.variance = variance

    def forward(self, residual: Tensor) -> Tensor:
        """Elementwise (x̂ - x)² / 2σ², same shape."""
        return residual.square() / (2 * self.variance)


def make_likelihood(settings: dict[str, Any]) -> nn.Module:
    """The likelihood that the config names."""
    return GaussianLikelihood(settings["variance"])
