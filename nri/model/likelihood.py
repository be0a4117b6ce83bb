"""Minus log-likelihood of a residual, up to constants: what the decoder is trained on (Eq. 17)."""

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["GaussianLikelihood", "RelativeLikelihood", "make_likelihood"]


class GaussianLikelihood(nn.Module):
    """Independent Gaussians of fixed variance σ² around the prediction, as in the paper."""

    def __init__(self, variance: float):
        super().__init__()
        self.variance = variance

    def forward(self, residual: Tensor, change: Tensor) -> Tensor:
        """Elementwise (x̂ - x)² / 2σ², same shape. `change` is not looked at."""
        return residual.square() / (2 * self.variance)


class RelativeLikelihood(nn.Module):
    def __init__(self, scale, delta, median, weight=1.0):
        super().__init__()
        self.scale, self.delta, self.weight = scale, delta, weight
        self.median = median  # (D,)

    def forward(self, residual: Tensor, change: Tensor) -> Tensor:
        moving = self.median > 0
        m = torch.where(moving, self.median, 1.0)
        activity = ((change.abs() / m) * moving).sum(-1, keepdim=True) / moving.sum()
        r = residual / (self.scale * m * (1 + activity)) * moving
        return self.weight*nn.functional.huber_loss(r, torch.zeros_like(r), reduction="none", delta=self.delta)


def make_likelihood(settings: dict[str, Any], model) -> nn.Module:
    """The likelihood that the config names."""
    if settings["kind"] == "relative":
        return RelativeLikelihood(settings["scale"], settings["delta"], torch.where(torch.tensor([i in settings.get("features",range(9)) for i in range(len(model.graph.inputs.median_change0))]),model.graph.inputs.median_change0,0.), settings.get("weight",1.0))
    g= GaussianLikelihood(settings["variance"])
    if "features" in settings:
        f=settings["features"]
        class G(nn.Module):
            def forward(self,r,c): return r[...,f].square()/(2*settings["variance"])
        return G()
    return g
