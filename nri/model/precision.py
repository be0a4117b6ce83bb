"""In which precision a training multiplies matrices: float32, or bfloat16 where nothing is lost.

With `precision: bf16` torch's autocast rounds the factors of products between hidden layers to
bfloat16 (8 bits of mantissa); sums are taken in float32. What never is rounded: layers that read
data, since motion shows in small differences between frames; what a decoder adds to a frame, logits
and likelihoods; normalisations, weights and the optimiser.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["ExactLinear", "exact_products", "product_type", "products_in"]

log = logging.getLogger(__name__)


@contextmanager
def products_in(precision: Literal["float32", "bf16"], device: torch.device) -> Iterator[None]:
    """Products of matrices in this precision meanwhile; in float32 where bfloat16 is not faster."""
    rounded = precision == "bf16" and _has_bf16(device.type)
    with torch.autocast(device.type, torch.bfloat16, enabled=rounded):
        yield


@cache
def _has_bf16(device: str) -> bool:
    """Whether a kind of device multiplies in bfloat16; says once if it does not."""
    found = torch.cuda.is_bf16_supported(False) if device == "cuda" else _cpu_has_bf16()
    if not found:
        log.warning("precision: this %s has no bfloat16 products: float32 is used", device.upper())
    return found


def _cpu_has_bf16() -> bool:
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def product_type() -> torch.dtype:
    """The type that factors of products on a CPU are rounded to here: bfloat16 or float32."""
    return torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32


def exact_products(x: Tensor) -> torch.autocast:
    """A context in which the products of what is computed from x are not rounded."""
    return torch.autocast(x.device.type, enabled=False)


class ExactLinear(nn.Linear):
    """A linear layer that is never rounded: it reads data, or gives logits or parts of frames."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., in_features) → (..., out_features), in float32 if x has been rounded."""
        with exact_products(x):
            return super().forward(x.float() if x.dtype == torch.bfloat16 else x)
