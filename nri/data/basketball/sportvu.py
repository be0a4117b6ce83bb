"""SportVU tracking files: one game as one JSON, alone or in a 7z archive.

A game is a list of events, an event a list of moments, and a moment

    [quarter, time stamp in ms, game clock in s, shot clock in s, null,
     [[-1, -1, x, y, height] of the ball, [team, player, x, y, 0] of each player]]

with positions in feet. Events overlap, so that a moment is often told more than once.
"""

import io
import json
import logging
import math
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import py7zr
from py7zr.io import BytesIOFactory

from nri.data.basketball.court import FOOT
from nri.data.names import wrong_name
from nri.data.reading import reading

__all__ = ["MOMENT_FLAWS", "Game", "TrackingFileError", "check_archive", "read_game"]

BALL = -1  # the team and the player that the ball is entered as
PLAYERS = 10
LARGEST = 2**29  # bytes of a game unpacked; the largest of the public archives stay below 2**28
EXACT = 2**53  # whole numbers beyond are no time stamp, player or position

REMEDY = (
    "if the file was downloaded, delete it and fetch it again, and if it comes the same, leave the "
    "game out"
)
MOMENT_FLAWS = ("repeated", "conflicting", "malformed", "without_ball", "not_ten_players")
"""Why a moment is left out, in the order in which it is asked."""

log = logging.getLogger(__name__)


class TrackingFileError(ValueError):
    """A broken tracking file; the message names the file, the place and the remedy."""


@dataclass(frozen=True)
class Game:
    """The usable moments of a game, ordered by time, each told once.

    `time` (T,) in s from the first; `start` the time stamp of that one in ms; `quarter` (T,);
    `clock` (T,) the game clock in s, NaN where the file has none; `players` (T, 10) their
    numbers, five of one team and then five of the other; `positions` (T, 11, 2) in m, the ball
    first. `counts` says how many moments were recorded, usable, and left out for each of
    `MOMENT_FLAWS`.
    """

    name: str
    start: int
    time: np.ndarray
    quarter: np.ndarray
    clock: np.ndarray
    players: np.ndarray
    positions: np.ndarray
    counts: Counter


def check_archive(path: str | os.PathLike) -> bool:
    """Whether a file has a game in it, as far as its first and last bytes tell.

    An archive with nothing in it is sound, and the public collection has some. Raises
    TrackingFileError for an absent file, a cut archive and one that holds anything else.
    """
    if not Path(path).is_file():
        raise TrackingFileError(f"{path}: no such file; correct the name among the games")
    if Path(path).suffix != ".7z":
        return True
    with open(path, "rb") as file:
        names = _inside(path, file)
    if names and not (len(names) == 1 and names[0].endswith(".json")):
        raise TrackingFileError(
            f"{path}: holds {', '.join(names)}, expected one .json; name the file of one game"
        )
    return bool(names)


def read_game(path: str | os.PathLike) -> Game:
    """Read a .json file, or the one in a .7z archive.

    Raises TrackingFileError, with the place, for what cannot be unpacked or is not JSON of
    the form above. Single moments that cannot be used are left out and counted.
    """
    content = _unpack(path) if Path(path).suffix == ".7z" else _read(path)
    with reading(path, "not JSON, or cut off", REMEDY, TrackingFileError):
        game = json.loads(content)
    if not isinstance(game, dict) or not isinstance(game.get("events"), list):
        raise _broken(path, "has no list 'events'")
    if not isinstance(game.get("gameid"), str):
        raise _broken(path, "has no text 'gameid'")
    if problem := wrong_name([game["gameid"]]):
        raise _broken(path, f"'gameid' {problem}")
    moments = []
    for number, event in enumerate(game["events"]):
        if not isinstance(event, dict) or not isinstance(event.get("moments"), list):
            raise _broken(path, f"events[{number}] has no list 'moments'")
        moments += event["moments"]
    return _game(game["gameid"], moments)


def _broken(path: str | os.PathLike, problem: str) -> TrackingFileError:
    return TrackingFileError(f"{path}: {problem}; {REMEDY}")


def _inside(path: str | os.PathLike, file: io.BufferedReader) -> list[str]:
    """Names of the files in an archive; its table of contents stands at its end."""
    with reading(path, "not a 7z archive, or cut off", REMEDY, TrackingFileError):
        # Nothing after the 32 bytes that every archive begins with.
        if _announces_nothing(file.read(32)):
            return []
        file.seek(0)
        with py7zr.SevenZipFile(file) as archive:
            return archive.getnames()


def _announces_nothing(header: bytes) -> bool:
    """Whether the header says that the table of contents has 0 bytes."""
    return len(header) == 32 and header[:6] == b"7z\xbc\xaf\x27\x1c" and not any(header[12:])


def _read(path: str | os.PathLike) -> bytes:
    _check_size(path, os.path.getsize(path))
    return Path(path).read_bytes()


def _unpack(path: str | os.PathLike) -> bytes:
    with (
        reading(path, "cannot be unpacked", REMEDY, TrackingFileError),
        py7zr.SevenZipFile(Path(path)) as archive,
    ):
        _check_size(path, archive.archiveinfo().uncompressed)
        factory = BytesIOFactory(LARGEST)
        archive.extractall(factory=factory)
        (product,) = factory.products.values()
        return product.read()


def _check_size(path: str | os.PathLike, size: int) -> None:
    if size > LARGEST:
        raise _broken(path, f"a game of {size} bytes, more than the limit of {LARGEST}")


def _game(name: str, moments: list[Any]) -> Game:
    counts = Counter(recorded=len(moments), usable=0, **dict.fromkeys(MOMENT_FLAWS, 0))
    seen: dict[int, list] = {}
    usable = []
    for moment in moments:
        if not _has_form(moment):
            counts["malformed"] += 1
        elif (stamp := moment[1]) in seen:
            counts["repeated" if seen[stamp] == moment else "conflicting"] += 1
        else:
            seen[stamp] = moment
            found = _positions(moment[5])
            if isinstance(found, str):
                counts[found] += 1
            else:
                usable.append((stamp, moment[0], _number(moment[2]), *found))
    counts["usable"] = len(usable)
    usable.sort(key=lambda moment: moment[0])
    stamp, quarter, clock, players, positions = zip(*usable, strict=True) if usable else ((),) * 5
    start = stamp[0] if usable else 0
    return Game(
        name=name,
        start=start,
        time=(np.array(stamp, dtype=float) - start) / 1000.0,
        quarter=np.array(quarter, dtype=int),
        clock=np.array(clock, dtype=float),
        players=np.array(players, dtype=np.int64).reshape(-1, PLAYERS),
        positions=np.array(positions, dtype=float).reshape(-1, 1 + PLAYERS, 2),
        counts=counts,
    )


def _has_form(moment: Any) -> bool:
    """Whether a moment has a quarter, a time stamp and a list of bodies."""
    if not isinstance(moment, list) or len(moment) < 6:
        return False
    quarter, stamp, bodies = moment[0], moment[1], moment[5]
    whole = all(type(number) is int and 0 <= number < EXACT for number in (quarter, stamp))
    return whole and isinstance(bodies, list)


def _number(value: Any) -> float:
    """A number, or NaN for anything else."""
    sound = isinstance(value, int | float) and abs(value) < EXACT
    return float(value) if sound else math.nan


def _positions(bodies: list) -> tuple[np.ndarray, np.ndarray] | str:
    """Players (10,) and positions (11, 2) in m, or the flaw that forbids it."""
    try:
        table = np.array(bodies, dtype=float).reshape(len(bodies), 5)
    except (TypeError, ValueError, OverflowError):
        return "malformed"
    if not (np.abs(table[:, :4]) < EXACT).all():  # NaN fails as well
        return "malformed"
    ball = table[:, 1] == BALL
    if ball.sum() != 1:
        return "without_ball"
    players = table[~ball]
    players = players[np.lexsort((players[:, 1], players[:, 0]))]
    five = PLAYERS // 2
    if (
        len(players) != PLAYERS
        or len(np.unique(players[:, 1])) != PLAYERS
        or len(np.unique(players[:five, 0])) != 1
        or len(np.unique(players[five:, 0])) != 1
        or players[0, 0] == players[-1, 0]
    ):
        return "not_ten_players"
    positions = np.concatenate([table[ball], players])[:, 2:4] * FOOT
    return players[:, 1].astype(np.int64), positions
