"""The lines of a basketball court, for figures and for the page."""

import numpy as np

from nri.data.basketball.court import BASKET, FOOT, LENGTH, WIDTH

__all__ = ["court_lines"]


def court_lines() -> list[np.ndarray]:
    """Return the lines (points, 2) in m of the left half of an NBA court, by its rule book."""
    middle, centre = WIDTH / 2, LENGTH / 2
    # The three-point line: an arc about the basket, straight 3 feet from the sidelines.
    radius, corner = 23.75 * FOOT, middle - 3 * FOOT
    turn = np.arcsin(corner / radius)
    arc = _arc(BASKET, radius, -turn, turn)
    three = [[0.0, middle - corner], *arc, [0.0, middle + corner]]
    free_throw, half_lane, board = 19 * FOOT, 8 * FOOT, 4 * FOOT
    lines = [
        [[0, 0], [centre, 0], [centre, WIDTH], [0, WIDTH], [0, 0]],
        three,
        [
            [0, middle - half_lane],
            [free_throw, middle - half_lane],
            [free_throw, middle + half_lane],
            [0, middle + half_lane],
        ],
        _arc((free_throw, middle), 6 * FOOT, -np.pi / 2, np.pi / 2),
        _arc((centre, middle), 6 * FOOT, np.pi / 2, 3 * np.pi / 2),
        [[board, middle - 3 * FOOT], [board, middle + 3 * FOOT]],
        _arc(BASKET, 0.75 * FOOT, 0, 2 * np.pi),
        _arc(BASKET, 4 * FOOT, -np.pi / 2, np.pi / 2),
    ]
    return [np.array(line, dtype=float) for line in lines]


def _arc(centre: tuple[float, float], radius: float, start: float, stop: float) -> np.ndarray:
    angle = np.linspace(start, stop, 60)
    return np.array(centre) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
