"""Where a model computes, and what is done differently there.

On a GPU an update consists of small kernels that take longer to launch than to run: some
1,400 of them where the decoder is unrolled over ten steps. There the unroll is compiled to few
kernels that are replayed as one CUDA graph (that of a decoder with memory, over all frames, is
replayed as it is), and trainings round the factors of matrix products to TF32 (10 bits of mantissa:
below the noise of a batch). On a CPU compiling gains nothing; `nri.model.fused_messages` is the
fast path.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch

from nri.gpus import claim_gpu

__all__ = ["choose_device", "recorded", "rounded_products", "take_processor"]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of mallopt in malloc.h
KEPT = 2**25  # bytes of a tensor; glibc allows no more


def take_processor(threads: int) -> None:
    """Compute on so many threads of the CPU from now on, and keep memory that was freed.

    glibc gives the memory of large tensors back to the system as soon as they are freed, and an
    update gets it anew, page by page, which is a third of the time of an encoder's update. Tensors
    beyond 32 MiB go on to do that, or holes of their size would stay in the memory. Numbers are the
    same to the bit.
    """
    torch.set_num_threads(threads)
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if set_option is not None:
        set_option(M_MMAP_THRESHOLD, KEPT)
        set_option(M_TRIM_THRESHOLD, 2**31 - 1)


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


def recorded(
    function: Callable, device: torch.device, constant: Callable, *, compiled: bool
) -> Callable:
    """On a GPU the launches of a function recorded as one CUDA graph and replayed; else itself.

    `compiled` fuses its kernels first: half a minute for windows of ten steps, but many minutes for
    all frames of a recording. What the function returns is overwritten by its next call. What
    `constant` gives to it is held in the graph instead of being made again at every call. Each
    shape of arguments is recorded anew, and torch gives up after eight.
    """
    if device.type != "cuda":
        return function
    torch.compiler.assume_constant_result(constant)  # not where it is defined: that takes 2 s
    record = partial(torch.compile, function, fullgraph=True, dynamic=False)
    return record(mode="reduce-overhead") if compiled else record(backend="cudagraphs")
