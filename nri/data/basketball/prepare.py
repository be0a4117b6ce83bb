"""Pick-and-rolls of tracked basketball games, as segments of equal length.

A game belongs to one split. A segment is as long as a test sample; where a split has shorter
samples, its first and its last frames are one each, so that a model learns what leads to a
screen and what follows it.
"""

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nri.data.basketball.pick_and_roll import (
    OUTCOMES,
    ROLES,
    Screen,
    find_screens,
    place_segments,
    segment_positions,
    segment_start,
)
from nri.data.basketball.settings import FEATURES, UNITS, BasketballSettings
from nri.data.basketball.sportvu import (
    MOMENT_FLAWS,
    Game,
    TrackingFileError,
    check_archive,
    read_game,
)
from nri.data.basketball.stretches import BREAKS, Stretch, find_stretches, recorded_rate
from nri.data.format import Metadata
from nri.data.splits import SPLITS
from nri.data.velocities import with_velocities
from nri.data.writer import DatasetWriter
from nri.files import sha256

__all__ = ["GAME_COLUMNS", "SEGMENT_COLUMNS", "prepare_basketball", "samples"]

SHARED_RANGES = (FEATURES[:2], FEATURES[2:])
RATE_TOLERANCE = 1.05  # recorded rates are medians of steps in whole milliseconds

GAME_COLUMNS = ["split", "game", "status", "gameid", "sha256", "recorded_rate", "recorded"]
GAME_COLUMNS += ["usable", *MOMENT_FLAWS, *BREAKS, "stretches", "short", "frames", "minutes"]
GAME_COLUMNS += ["screens", *OUTCOMES, "samples"]
SEGMENT_COLUMNS = ["split", "sample", "game", "quarter", "clock", "time", *ROLES[1:]]

log = logging.getLogger(__name__)


def samples(segments: list[np.ndarray], frames: int) -> np.ndarray:
    """Segments, each (T, N, D) → samples (count, N, frames, D).

    One for each segment of that length; of longer ones the first and the last frames.
    """
    pieces = []
    for segment in segments:
        pieces.append(segment[:frames])
        if len(segment) > frames:
            pieces.append(segment[-frames:])
    return np.stack(pieces).swapaxes(1, 2)


def prepare_basketball(
    settings: BasketballSettings,
    files: Mapping[str, Sequence[Path]],
    output: str | os.PathLike,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the dataset file `output` from the games' files, listed as `settings.games` is.

    Returns a report with a row for each game (`GAME_COLUMNS`: its status, and how many moments,
    breaks, stretches and screens were counted) and a row for each segment (`SEGMENT_COLUMNS`:
    its first sample; quarter and game clock as its screen begins; the time stamp of its first
    frame in ms; the numbers of the players). An archive without a game, and a game that its
    split has already, are left out and said so.

    Raises, before anything is written, TrackingFileError for a broken file, a game in two
    splits or one that was recorded at too low a rate, and ValueError for a split without
    segments.
    """
    # The end of an archive tells whether it is cut; reading the game itself takes much longer.
    filled = {path: check_archive(path) for split in SPLITS for path in files[split]}
    games: list[dict[str, Any]] = []
    segments: list[dict[str, Any]] = []
    found: dict[str, list[np.ndarray]] = {}
    known: dict[str, tuple[str, Path]] = {}
    for split in SPLITS:
        found[split] = []
        for name, path in zip(settings.games[split], files[split], strict=True):
            record: dict[str, Any] = {"split": split, "game": name, "sha256": sha256(path)}
            games.append(record)
            if not filled[path]:
                record["status"] = "empty"
                log.warning("%s: an archive without a game, left out", path)
                continue
            game = read_game(path)
            record |= {"gameid": game.name, "recorded_rate": round(recorded_rate(game), 2)}
            if _known(game, split, path, known):
                record["status"] = "duplicate"
                log.warning("%s: game %s was there before, left out", path, game.name)
                continue
            _check_rate(recorded_rate(game), settings.frame_rate, path)
            pieces, counts, rows = _segments(game, settings)
            per_segment = 1 if settings.frames[split] == settings.frames.test else 2
            first = per_segment * len(found[split])
            for place, row in enumerate(rows):
                segments.append(
                    {"split": split, "sample": first + per_segment * place, "game": name, **row}
                )
            found[split] += pieces
            record |= {"status": "read", **counts, "samples": per_segment * len(pieces)}
            record["minutes"] = round(counts["frames"] / settings.frame_rate / 60, 2)
            log.info("%s: %s", path, ", ".join(f"{n} {what}" for what, n in counts.items() if n))
    report = pd.DataFrame(games, columns=GAME_COLUMNS)
    if empty := [split for split in SPLITS if not found[split]]:
        raise ValueError(
            f"no segments for {', '.join(empty)}:\n{report.dropna(axis=1).to_string(index=False)}\n"
            "name more games, or loosen the rules of pick_and_roll or max_gap"
        )
    _write(settings, found, output)
    whole = report.select_dtypes("number").columns.drop(["recorded_rate", "minutes"])
    report[whole] = report[whole].astype("Int64")
    return report, pd.DataFrame(segments, columns=SEGMENT_COLUMNS)


def _write(
    settings: BasketballSettings, found: dict[str, list[np.ndarray]], output: str | os.PathLike
) -> None:
    metadata = Metadata(
        features=FEATURES,
        units=UNITS,
        frame_interval=1.0 / settings.frame_rate,
        config=settings.model_dump(mode="json"),
        shared_ranges=SHARED_RANGES,
        objects=ROLES,
    )
    with DatasetWriter(output, metadata) as writer:
        for split, segments in found.items():
            trajectories = samples(segments, settings.frames[split])
            count, objects, frames, _ = trajectories.shape
            writer.create_split(split, count, objects, frames, with_edges=False)
            writer.write(split, 0, trajectories)


def _segments(
    game: Game, settings: BasketballSettings
) -> tuple[list[np.ndarray], Counter, list[dict]]:
    """States (T, 5, 4) of each segment of a game, what was counted, and where each is from."""
    rate, frames, rules = (
        settings.frame_rate,
        settings.frames.test,
        settings.pick_and_roll,
    )
    stretches, breaks = find_stretches(game, rate, settings.max_gap, frames + 1)
    counts = Counter(dict.fromkeys(("screens", *OUTCOMES), 0))
    counts.update(game.counts)
    counts.update(breaks)
    pieces, rows = [], []
    for stretch in stretches:
        screens = find_screens(stretch.positions, rate, rules)
        kept, outcomes = place_segments(screens, stretch, frames, rate, rules.lead)
        counts["screens"] += len(screens)
        counts.update(outcomes)
        for screen in kept:
            positions = segment_positions(stretch, screen, frames, rate, rules.lead)
            pieces.append(with_velocities(positions, axis=0, rate=rate))
            rows.append(_origin(stretch, screen, rate, rules.lead))
    return pieces, counts, rows


def _origin(stretch: Stretch, screen: Screen, rate: float, lead: float) -> dict:
    players = [int(stretch.players[body - 1]) for body in screen.bodies[1:]]
    first = segment_start(screen, rate, lead)
    return {
        "quarter": stretch.quarter,
        "clock": round(float(stretch.clock[screen.frame]), 2),
        "time": stretch.start + round(1000 * first / rate),
        **dict(zip(ROLES[1:], players, strict=True)),
    }


def _known(game: Game, split: str, path: Path, known: dict[str, tuple[str, Path]]) -> bool:
    """Whether the split has the game already; a game that another split has is an error."""
    if game.name not in known:
        known[game.name] = split, path
        return False
    other, first = known[game.name]
    if other != split:
        raise TrackingFileError(
            f"{path}: game {game.name} is in split {split} and, as {first}, in {other}; "
            "remove it from one, or a model would be tested on what it has seen"
        )
    return True


def _check_rate(recorded: float, wanted: float, path: Path) -> None:
    if 0 < recorded * RATE_TOLERANCE < wanted:
        raise TrackingFileError(
            f"{path}: recorded {recorded:.2f} times a second, fewer than frame_rate ({wanted}); "
            "lower frame_rate or leave the game out, for positions between would be invented"
        )
