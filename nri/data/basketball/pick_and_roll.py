"""Pick-and-rolls found in tracking data by rule, since labels are not public.

A screen is set where a team mate of the ball handler stands in the way of the handler's
defender. Roles come from distances: the handler is the player nearest to the ball, and the
five defenders are matched with the five attackers so that the sum of their mean distances
over the last moments is least. `nri.data.basketball.settings.PickAndRoll` says what each rule is.
Lengths are in m, times in s, speeds in m/s.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from nri.data.basketball.court import BASKET, LENGTH, WIDTH
from nri.data.basketball.settings import PickAndRoll
from nri.data.basketball.stretches import Stretch

__all__ = ["OUTCOMES", "ROLES", "Screen", "find_screens", "place_segments", "segment_positions"]

ROLES = ("ball", "handler", "screener", "handler's defender", "screener's defender")
OUTCOMES = ("at_the_end", "clock_stopped", "overlapping", "kept")
"""What becomes of a screen, in the order in which it is asked."""

TEAM = 5
# A running clock falls by a second in a second; it may be told late, but not by half.
RUNNING_CLOCK = 0.5


@dataclass(frozen=True)
class Screen:
    """A screen that begins at `frame` of a stretch; `bodies` are the indices of `ROLES`."""

    frame: int
    bodies: tuple[int, int, int, int, int]


def find_screens(positions: np.ndarray, rate: float, rules: PickAndRoll) -> list[Screen]:
    """Screens in a stretch (T, 11, 2), ball first and then two teams, in order of time.

    One is a longest run of frames in which the same handler, screener and defenders meet
    the rules.
    """
    frames = [*_screening(positions, rate, rules).items()]
    shortest = max(1, round(rules.screen_time * rate))
    screens, run = [], 0
    for place, (frame, bodies) in enumerate(frames):
        continued = place and frames[place - 1] == (frame - 1, bodies)
        run = run + 1 if continued else 1
        if run == shortest:
            screens.append(Screen(frame - shortest + 1, bodies))
    return screens


def place_segments(
    screens: list[Screen], stretch: Stretch, frames: int, rate: float, lead: float
) -> tuple[list[Screen], Counter]:
    """The screens that have a segment of `frames` frames, and counts by `OUTCOMES`.

    A segment begins `lead` s before its screen, and needs one more frame before it, from
    which the first velocity comes. It must lie in the stretch, with the game clock running
    where there is one, and behind the segment before it.
    """
    counts = Counter(dict.fromkeys(OUTCOMES, 0))
    kept: list[Screen] = []
    for screen in screens:
        first = segment_start(screen, rate, lead)
        last = first + frames - 1
        if first < 1 or last >= len(stretch.positions):
            outcome = "at_the_end"
        elif stretch.clock[first] - stretch.clock[last] < RUNNING_CLOCK * (frames - 1) / rate:
            outcome = "clock_stopped"
        elif kept and first < segment_start(kept[-1], rate, lead) + frames:
            outcome = "overlapping"
        else:
            outcome = "kept"
            kept.append(screen)
        counts[outcome] += 1
    return kept, counts


def segment_start(screen: Screen, rate: float, lead: float) -> int:
    """The frame at which a screen's segment begins."""
    return screen.frame - round(lead * rate)


def segment_positions(
    stretch: Stretch, screen: Screen, frames: int, rate: float, lead: float
) -> np.ndarray:
    """Positions of the five bodies, (frames + 1, 5, 2) in m, the basket at the left end.

    The first frame is the one before the segment. Plays at the right end are turned by half
    a turn, so that all look alike.
    """
    first = segment_start(screen, rate, lead)
    positions = stretch.positions[first - 1 : first + frames][:, screen.bodies]
    if stretch.positions[screen.frame, screen.bodies[1], 0] > LENGTH / 2:
        positions = np.array([LENGTH, WIDTH]) - positions
    return positions


def _screening(
    positions: np.ndarray, rate: float, rules: PickAndRoll
) -> dict[int, tuple[int, int, int, int, int]]:
    """Frames in which a screen is set, in order, and who does what in them."""
    handler = _handlers(positions, rate, rules)
    speed = np.zeros(positions.shape[:2])
    speed[1:] = np.linalg.norm(np.diff(positions, axis=0), axis=-1) * rate
    apart = np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)
    back = round(rules.matchup_time * rate)
    found = {}
    for frame in np.flatnonzero(handler):
        ball_handler = handler[frame]
        attack, defence = np.split(np.arange(1, 1 + 2 * TEAM), 2)
        if ball_handler not in attack:
            attack, defence = defence, attack
        mates = attack[(attack != ball_handler) & (speed[frame, attack] <= rules.screen_speed)]
        # Few frames pass this, and only for them the defenders are matched.
        if not (apart[frame][np.ix_(mates, defence)] <= rules.screen_reach).any():
            continue
        recent = apart[max(0, frame - back) : frame + 1].mean(axis=0)
        matched = linear_sum_assignment(recent[np.ix_(attack, defence)])[1]
        defender = dict(zip(attack, defence[matched], strict=True))
        guard = defender[ball_handler]
        if apart[frame, ball_handler, guard] > rules.guard_reach or not len(mates):
            continue
        screener = mates[apart[frame, mates, guard].argmin()]
        if apart[frame, screener, guard] <= rules.screen_reach:
            found[int(frame)] = (
                0,
                int(ball_handler),
                int(screener),
                int(guard),
                int(defender[screener]),
            )
    return found


def _handlers(positions: np.ndarray, rate: float, rules: PickAndRoll) -> np.ndarray:
    """Who handles the ball at a screening distance from a basket, 0 for nobody: (T,)."""
    from_ball = np.linalg.norm(positions[:, 1:] - positions[:, :1], axis=-1)
    nearest = np.where(from_ball.min(1) <= rules.handler_reach, 1 + from_ball.argmin(1), 0)
    since = np.zeros(len(nearest), dtype=int)
    for frame in range(1, len(nearest)):
        since[frame] = since[frame - 1] + 1 if nearest[frame] == nearest[frame - 1] else 0
    place = positions[np.arange(len(nearest)), nearest]
    place[:, 0] = np.minimum(place[:, 0], LENGTH - place[:, 0])
    low, high = rules.basket_distance
    distance = np.linalg.norm(place - BASKET, axis=-1)
    held = since >= round(rules.handler_time * rate)
    return np.where(held & (low <= distance) & (distance <= high), nearest, 0)
