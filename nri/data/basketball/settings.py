"""Settings of a data set of tracked basketball games."""

from typing import Annotated

from pydantic import Field

from nri.data.source import DatasetSettings, FrameCount, Frames, PerSplit
from nri.declare import AboveZero, Distinct, NotNegative, Settings, setting

__all__ = ["FEATURES", "UNITS", "BasketballSettings", "PickAndRoll"]

FEATURES = ("x", "y", "vx", "vy")
UNITS = ("m", "m", "m/s", "m/s")

NAMED = r"^\d{2}\.\d{2}\.\d{4}\.[A-Z]{3}\.at\.[A-Z]{3}$|\.(7z|json)$"
Games = Annotated[list[Annotated[str, Field(pattern=NAMED)]], Field(min_length=1), Distinct]


class SegmentFrames(Frames):
    """Frames of a segment in each split."""

    train: FrameCount = 17
    """Frames of a training sample; the encoder sees as many."""
    valid: FrameCount = 17
    """Frames of a validation sample: as many as in training."""
    test: FrameCount = 25
    """Frames of a test sample, and of the segment that training samples are the two ends of."""


class PickAndRoll(Settings):
    """The rules by which screens are found, in m, s and m/s."""

    handler_reach: AboveZero = 1.5
    """Greatest distance of the ball from its handler."""
    handler_time: NotNegative = 0.6
    """How long the handler has had the ball without a break."""
    guard_reach: AboveZero = 3.0
    """Greatest distance of the handler's defender from the handler."""
    screen_reach: AboveZero = 1.2
    """Greatest distance of the screener from that defender."""
    screen_speed: AboveZero = 1.5
    """Highest speed of the screener."""
    screen_time: NotNegative = 0.4
    """How long the screen lasts at least."""
    basket_distance: Annotated[list[NotNegative], Field(min_length=2, max_length=2)] = setting(
        [3.5, 10.0]
    )
    """Least and greatest distance of the handler from the nearer basket."""
    matchup_time: NotNegative = 2.0
    """The time over which defenders are matched with attackers."""
    lead: NotNegative = 2.0
    """The time from the beginning of a segment to its screen."""


class BasketballSettings(DatasetSettings):
    """Pick-and-rolls in games of the NBA (docs/nba.md)."""

    games: PerSplit[Games]
    """Games of each split, none in two: a public archive, as 01.01.2016.CHA.at.TOR, or a file,
    .7z or .json."""
    frames: SegmentFrames = SegmentFrames()
    """Frames of a segment in each split."""
    frame_rate: AboveZero = 6.25
    """Frames per second that the games are resampled to."""
    max_gap: AboveZero = 0.5
    """Longest time in s between two moments of a stretch of play."""
    pick_and_roll: PickAndRoll = PickAndRoll()
    """The rules by which screens are found, in m, s and m/s."""
