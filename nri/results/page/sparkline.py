"""A learning curve as a small picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["HEIGHT", "WIDTH", "Sparkline", "sparkline"]

WIDTH, HEIGHT = 240, 56
MOST = 60
"""Points of a line; longer curves are thinned out."""


@dataclass(frozen=True)
class Sparkline:
    """Lines as SVG has them, one for each seed; `words` says what they show, with both ends."""

    lines: list[str]
    words: str


def sparkline(curves: Sequence[pd.DataFrame]) -> Sparkline | None:
    """The accuracy on the validation split over CPU time, or the error, where no accuracy is
    measured; None if there is neither.
    """
    for column, words in (
        ("valid_edge_accuracy", "edge accuracy"),
        ("valid_mse", "squared error one step ahead (logarithmic)"),
    ):
        series = [_measured(curve, column) for curve in curves]
        series = [points for points in series if len(points) > 1 and np.ptp(points[:, 1]) > 0]
        if series:
            return _drawn(series, words, column == "valid_mse")
    return None


def _measured(curve: pd.DataFrame, column: str) -> np.ndarray:
    """(points, 2): CPU seconds and what was measured, which is 0 where nothing was."""
    if column not in curve or "process_seconds" not in curve:
        return np.empty((0, 2))
    points = curve[["process_seconds", column]].dropna()
    points = points[points[column] > 0].to_numpy(dtype=float)
    if len(points) > MOST:
        points = points[np.linspace(0, len(points) - 1, MOST).round().astype(int)]
    return points


def _drawn(series: list[np.ndarray], words: str, logarithmic: bool) -> Sparkline:
    first = f"{series[0][0, 1]:.3g} to {series[0][-1, 1]:.3g}"
    minutes = max(points[-1, 0] for points in series) / 60
    if logarithmic:
        series = [np.column_stack([points[:, 0], np.log(points[:, 1])]) for points in series]
    every = np.concatenate(series)
    low, high = every.min(axis=0), every.max(axis=0)
    span = np.where(high > low, high - low, 1)
    lines = []
    for points in series:
        place = (points - low) / span
        x, y = 2 + (WIDTH - 4) * place[:, 0], HEIGHT - 2 - (HEIGHT - 4) * place[:, 1]
        lines.append(" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)))
    seeds = "one line for each seed; of the first, " if len(series) > 1 else ""
    return Sparkline(lines, f"Validation {words}, {seeds}{first}, over {minutes:.1f} CPU minutes")
