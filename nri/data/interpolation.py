"""Values at other times than those at which they were measured."""

import numpy as np

__all__ = ["interpolate"]


def interpolate(
    grid: np.ndarray, time: np.ndarray, values: np.ndarray, longest: float = np.inf
) -> np.ndarray:
    """Values (R, ...) at times (R,), ascending, → at the times `grid`, linear, (len(grid), ...).

    NaN before the first, after the last, and between two further apart than `longest`.
    """
    result = np.full((len(grid), *values.shape[1:]), np.nan)
    if len(time) == 0:
        return result
    slack = 1e-9 * max(1.0, float(np.abs(grid).max()))
    after = np.clip(np.searchsorted(time, grid - slack), 0, len(time) - 1)
    before = np.clip(np.where(time[after] > grid + slack, after - 1, after), 0, None)
    inside = (grid >= time[0] - slack) & (grid <= time[-1] + slack)
    inside &= time[after] - time[before] <= longest + slack
    span = np.where(after > before, time[after] - time[before], 1.0)
    weight = ((grid - time[before]) / span).clip(0, 1).reshape(-1, *[1] * (values.ndim - 1))
    mixed = values[before] * (1 - weight) + values[after] * weight
    result[inside] = mixed[inside]
    return result
