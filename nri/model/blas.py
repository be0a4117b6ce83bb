"""How compiled loops multiply matrices: on one thread, few rows at once.

numba multiplies by the BLAS that scipy brings, OpenBLAS as a rule. It knows nothing of the threads
that torch was given, but takes all cores; products in the loops are so small that this makes them
slower, and differ in their last bits from machine to machine. Another BLAS is left as it is.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from scipy.linalg import cython_blas

from nri.model.loops import block_rows

__all__ = ["one_thread", "openblas_threads", "rows_at_once"]

NAMES = "scipy_openblas_{}_num_threads", "openblas_{}_num_threads"
"""In the wheels of scipy, and in OpenBLAS itself."""
SMALL = 10**6
"""Products of fewer multiplications OpenBLAS makes without a copy of their factors."""


def rows_at_once(width: int) -> int:
    """How many rows a block has, times a square matrix; of a narrow one so few that it is small."""
    rows = block_rows(width, np.dtype(np.float32).itemsize)
    return min(rows, SMALL // width**2) if width**3 <= SMALL else rows


@contextmanager
def one_thread() -> Iterator[None]:
    """Meanwhile compiled loops multiply on one thread; after it on as many as before."""
    functions = openblas_threads()
    if functions is None:
        yield
        return
    get, put = functions
    before = get()
    put(1)
    try:
        yield
    finally:
        put(before)


@cache
def openblas_threads() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """The functions that get and set OpenBLAS's threads; None if numba has another BLAS."""
    library = ctypes.CDLL(cython_blas.__file__)  # and the libraries that it needs
    for name in NAMES:
        if hasattr(library, name.format("set")):
            return library[name.format("get")], library[name.format("set")]
    return None
