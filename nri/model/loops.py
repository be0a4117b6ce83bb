"""Loops that are compiled for the CPU, one way for all networks."""

import numba

__all__ = ["compiled_loop"]

compiled_loop = numba.njit(error_model="numpy", cache=True, fastmath={"reassoc", "contract"})
"""Sums may be taken in any order, as vectors need it; what is not a number stays so."""
