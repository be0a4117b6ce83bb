"""Loops that are compiled for the CPU, one way for all networks and both precisions.

numba does not know bfloat16: its 16 bits, the upper half of a float32, come as uint16
(`as_array`), and loops read them by `number` and write them by `rounded`.
"""

from typing import Any

import numba
import numpy as np
import torch
from numba.extending import overload
from torch import Tensor

__all__ = ["as_array", "block_rows", "compiled_loop", "number", "rounded"]

compiled_loop = numba.njit(error_model="numpy", cache=True, fastmath={"reassoc", "contract"})
"""Sums may be taken in any order, as vectors need it; what is not a number stays so."""

BLOCK_BYTES = 2**18  # of one layer of a block: a few of them fit the cache of a core
HALF, LOWER, ONE = np.uint32(16), np.uint32(0x7FFF), np.uint32(1)


def as_array(tensor: Tensor) -> np.ndarray:
    """The memory of a tensor as loops take it: float32, or the bits of bfloat16."""
    return tensor.view(torch.uint16).numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()


def block_rows(width: int, itemsize: int) -> int:
    """How many edges a block has, of layers so wide and numbers of so many bytes."""
    return max(1, BLOCK_BYTES // (itemsize * width))


def number(value: Any) -> Any:
    """In a loop: an element of an array as float32."""
    raise NotImplementedError("for compiled loops")


def rounded(value: Any, array: Any) -> Any:
    """In a loop: a float32 as an element of this array; ties go to even bits."""
    raise NotImplementedError("for compiled loops")


@overload(number)
def _number(value):
    if isinstance(value, numba.types.Integer):
        return lambda value: np.uint32(np.uint32(value) << HALF).view(np.float32)
    return lambda value: value


@overload(rounded)
def _rounded(value, array):
    if not isinstance(array.dtype, numba.types.Integer):
        return lambda value, array: value

    def upper_half(value, array):
        bits = np.float32(value).view(np.uint32)
        return np.uint16((bits + LOWER + ((bits >> HALF) & ONE)) >> HALF)

    return upper_half
