"""Where a model computes, and what is done differently there.

On a GPU an update consists of small kernels that take longer to launch than to run: some
1,400 of them where the decoder is unrolled over ten steps. There the unroll is compiled to few
kernels that are replayed as one CUDA graph, and trainings round the factors of matrix products
to TF32 (10 bits of mantissa: below the noise of a batch). On a CPU compiling gains nothing;
`nri.model.fused_messages` is the fast path.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from nri.gpus import claim_gpu

__all__ = ["choose_device", "compiled", "rounded_products"]


def choose_device() -> torch.device:
    """CUDA if there is one (of several, one that no other program uses), else the CPU."""
    claim_gpu()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def rounded_products(device: torch.device) -> Iterator[None]:
    """Matrix products on a GPU round their factors to TF32 meanwhile: good enough to train."""
    before = torch.get_float32_matmul_precision()
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def compiled(function: Callable, device: torch.device, constant: Callable) -> Callable:
    """On a GPU the function compiled, its launches recorded as a CUDA graph; else itself.

    What it returns is overwritten by its next call. What `constant` gives to it is held in the
    graph instead of being made again at every call.
    """
    if device.type != "cuda":
        return function
    torch.compiler.assume_constant_result(constant)  # not where it is defined: that takes 2 s
    return torch.compile(function, mode="reduce-overhead", fullgraph=True, dynamic=False)
