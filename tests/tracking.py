"""Tracking files and plays for tests, written here."""

import json
import struct

import numpy as np
import py7zr

from nri.data.basketball.court import FOOT, LENGTH, WIDTH
from nri.data.basketball.settings import PickAndRoll

RATE = 25
HOME, AWAY = 1610612739, 1610612748
PLAYERS = [*range(101, 106), *range(201, 206)]
EMPTY_ARCHIVE = b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", 0x8D9BD50F) + bytes(20)
RULES = PickAndRoll(
    handler_reach=1.5,
    handler_time=0.6,
    guard_reach=3.0,
    screen_reach=1.2,
    screen_speed=1.5,
    screen_time=0.4,
    basket_distance=[3.5, 10.0],
    matchup_time=2.0,
    lead=2.0,
)


def pick_and_roll(seconds=8.0, rate=RATE, screens=True):
    """Positions (T, 11, 2) in m: ball, five attackers, five defenders, the first ones together.

    The handler waits 8 m before the left basket until 4 s and then drives. His screener comes
    from the basket, stands beside the handler's defender from 2.5 s to 4.5 s and rolls; if he
    `screens`, else he stays in his corner.
    """
    time = np.arange(round(seconds * rate)) / rate

    def path(times, places):
        return np.stack([np.interp(time, times, axis) for axis in zip(*places, strict=True)], -1)

    handler = path([0, 4, 6], [(9.6, 7.6), (9.6, 7.6), (4.0, 11.0)])
    guard = path([0, 4, 4.5, 6.5], [(8.4, 7.6), (8.4, 7.6), (8.4, 8.0), (5.5, 9.5)])
    screener = np.broadcast_to((1.0, 1.0), (len(time), 2))
    second = np.broadcast_to((2.2, 1.5), (len(time), 2))
    if screens:
        screener = path([0, 1, 2.5, 4.5, 6], [(4, 4), (4, 4), (8.6, 8.4), (8.6, 8.4), (2.5, 7.6)])
        second = screener - (1.4, 0.0)
    others = [(1.0, 14.0), (6.0, 14.5), (7.0, 0.8)]
    mates = [np.broadcast_to(place, (len(time), 2)) for place in others]
    ball = handler + 0.4
    return np.stack(
        [ball, handler, screener, *mates, guard, second, *(mate - (1.0, 0.3) for mate in mates)], 1
    )


def moments(positions, rate=RATE, start=1_450_000_000_000, quarter=1, clock=700.0):
    """Positions (T, 11, 2) in m → moments as a file has them."""
    teams = [-1, *[HOME] * 5, *[AWAY] * 5]
    listed = []
    for frame, places in enumerate(positions):
        bodies = [
            [team, player, x / FOOT, y / FOOT, 0.0]
            for team, player, (x, y) in zip(teams, [-1, *PLAYERS], places, strict=True)
        ]
        time = frame / rate
        stamp = start + round(1000 * time)
        listed.append([quarter, stamp, round(clock - time, 2), None, None, bodies])
    return listed


def write_game(path, *events, gameid="0021500001"):
    """A file of a game with these lists of moments, alone or in an archive by its suffix."""
    listed = [{"eventId": str(n), "moments": event} for n, event in enumerate(events)]
    text = json.dumps({"gameid": gameid, "gamedate": "2016-01-01", "events": listed})
    if path.suffix == ".7z":
        with py7zr.SevenZipFile(path, "w") as archive:
            archive.writestr(text, f"{gameid}.json")
    else:
        path.write_text(text)
    return path


def half_turn(positions):
    """The same play at the other end of the court."""
    return np.array([LENGTH, WIDTH]) - positions
