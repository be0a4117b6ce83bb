"""Velocities made of positions."""

import numpy as np

__all__ = ["with_velocities"]


def with_velocities(
    values: np.ndarray,
    of: list[int] | slice = slice(None),
    *,
    axis: int,
    rate: float = 1.0,
    interval: float = 1.0,
) -> np.ndarray:
    """Features (..., D) → the same and the changes per second of the features `of`, at the end.

    The velocity is the step that led to a frame, so that no state knows the next one; the first
    frame has none and is dropped. axis: that of time. Give the frames per second (`rate`) or the
    seconds per frame (`interval`), whichever is known exactly.
    """
    velocities = np.diff(values[..., of], axis=axis) * rate / interval
    later = np.delete(values, 0, axis=axis)
    return np.concatenate([later, velocities], axis=-1)
