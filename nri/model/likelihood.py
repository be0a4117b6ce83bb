"""Minus log-likelihood of a residual, up to constants: what the decoder is trained on (Eq. 17)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nri.config.training import TrainingSettings

__all__ = ["GaussianLikelihood", "StudentTLikelihood", "make_likelihood"]


class GaussianLikelihood(nn.Module):
    """Independent Gaussians of fixed variance σ² around the prediction, as in the paper."""

    def __init__(self, variance: float):
        super().__init__()
        self.variance = variance

    def forward(self, residual: Tensor) -> Tensor:
        """Elementwise r² / 2σ², same shape."""
        return residual.square() / (2 * self.variance)


class StudentTLikelihood(nn.Module):
    """Student's t around the prediction, its scale s (D,) fitted to the data.

    Not in the paper; for motion whose changes span orders of magnitude. Its tails are heavy, so
    that the few frames of a close encounter do not drown all others. A feature that never changes,
    such as a frequency, has scale 0 and costs nothing.
    """

    precision: Tensor

    def __init__(self, scale: Tensor, degrees_of_freedom: float):
        super().__init__()
        self.degrees_of_freedom = degrees_of_freedom
        precision = 1.0 / (degrees_of_freedom * scale.square())
        self.register_buffer("precision", torch.where(scale > 0, precision, 0.0))

    def forward(self, residual: Tensor) -> Tensor:
        """Elementwise (ν + 1)/2 · log(1 + r² / νs²), (..., D) → (..., D)."""
        half = (self.degrees_of_freedom + 1) / 2
        return residual.square().mul_(self.precision).log1p_().mul_(half)


class SomeFeatures(nn.Module):
    """A likelihood of some of the features; the others cost nothing."""

    def __init__(self, likelihood: nn.Module, index: Sequence[int]):
        super().__init__()
        self.likelihood = likelihood
        self.index = list(index)

    def forward(self, residual: Tensor) -> Tensor:
        """(..., D) → (..., number of features that count)."""
        every = self.index == list(range(residual.shape[-1]))
        return self.likelihood(residual if every else residual[..., self.index])


def make_likelihood(
    settings: TrainingSettings, features: Sequence[str], median_change: Tensor
) -> nn.Module:
    """The likelihood of the settings.

    `median_change` (D,) is the median |x_{t+1} - x_t| of each feature in the training data, the
    unit of `residual_scale`. Raises ValueError if `likelihood_features` has a name that is not in
    `features`.
    """
    wanted = features if settings.likelihood_features == "all" else settings.likelihood_features
    index = [features.index(name) for name in wanted]
    if settings.likelihood == "gaussian":
        likelihood: nn.Module = GaussianLikelihood(settings.variance)
    else:
        scale = settings.residual_scale * median_change[index]
        likelihood = StudentTLikelihood(scale, settings.degrees_of_freedom)
    return SomeFeatures(likelihood, index)
