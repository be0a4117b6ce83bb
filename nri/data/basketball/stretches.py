"""Stretches of play without a break, at equal steps of time."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from nri.data.basketball.sportvu import Game
from nri.data.interpolation import interpolate

__all__ = ["BREAKS", "Stretch", "break_reasons", "find_stretches", "recorded_rate", "resample"]

# m/s; nobody runs faster and no pass is faster, so the recording is torn there.
FASTEST_PLAYER, FASTEST_BALL = 12.0, 40.0
CLOCK_TOLERANCE = 0.1  # s that the game clock may seem to rise by

BREAKS = ("gap", "quarter", "clock_reset", "substitution", "jump")
"""Why a stretch ends, in the order in which it is asked."""


@dataclass(frozen=True)
class Stretch:
    """Moments at equal steps of time: `start` the time stamp of the first in ms, `quarter` the
    one that all are in, `clock` (T,) in s, `players` (10,), `positions` (T, 11, 2) in m.
    """

    start: int
    quarter: int
    clock: np.ndarray
    players: np.ndarray
    positions: np.ndarray


def recorded_rate(game: Game) -> float:
    """Moments per second, by the median step; 0 for a game with fewer than two."""
    return float(1.0 / np.median(np.diff(game.time))) if len(game.time) > 1 else 0.0


def break_reasons(game: Game, max_gap: float) -> np.ndarray:
    """For each step between two moments the place in `BREAKS` of its first reason, or -1: (T - 1,).

    `max_gap` is the longest step in s that a stretch may hold.
    """
    step = np.diff(game.time)
    distance = np.linalg.norm(np.diff(game.positions, axis=0), axis=-1)
    speed = distance / step[:, None]
    found = np.stack(
        [
            # A step is known to the millisecond.
            step > max_gap + 5e-4,
            np.diff(game.quarter) != 0,
            np.diff(game.clock) > CLOCK_TOLERANCE,
            (np.diff(game.players, axis=0) != 0).any(axis=1),
            (speed[:, 0] > FASTEST_BALL) | (speed[:, 1:] > FASTEST_PLAYER).any(axis=1),
        ]
    )
    return np.where(found.any(axis=0), found.argmax(axis=0), -1)


def resample(time: np.ndarray, values: np.ndarray, rate: float) -> np.ndarray:
    """Values (T, ...) at times (T,) in s → at `rate` per second from the first time on.

    Linear between two moments; what would lie beyond the last time is left out.
    """
    count = int((time[-1] - time[0]) * rate + 1e-6) + 1
    wanted = np.minimum(time[0] + np.arange(count) / rate, time[-1])
    return interpolate(wanted, time, values)


def find_stretches(
    game: Game, rate: float, max_gap: float, shortest: int
) -> tuple[list[Stretch], Counter]:
    """The stretches with at least `shortest` frames at `rate` per second, and counts.

    Counted are the `BREAKS` by their reason, the `stretches` that are long enough, the `short`
    ones that are not, and the `frames` of those that are.
    """
    reasons = break_reasons(game, max_gap)
    counts = Counter(dict.fromkeys((*BREAKS, "stretches", "short", "frames"), 0))
    counts.update(BREAKS[reason] for reason in reasons[reasons >= 0])
    stretches = []
    for part in np.split(np.arange(len(game.time)), np.flatnonzero(reasons >= 0) + 1):
        if len(part) == 0:
            continue
        time = game.time[part]
        positions = resample(time, game.positions[part], rate)
        if len(positions) < shortest:
            counts["short"] += 1
            continue
        counts["stretches"] += 1
        counts["frames"] += len(positions)
        stretches.append(
            Stretch(
                start=game.start + round(1000 * time[0]),
                quarter=int(game.quarter[part[0]]),
                clock=resample(time, game.clock[part], rate),
                players=game.players[part[0]],
                positions=positions,
            )
        )
    return stretches, counts
