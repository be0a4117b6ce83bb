"""Settings of a data set of motion capture."""

from typing import Annotated

from pydantic import Field

from nri.data.source import DatasetSettings, PerSplit
from nri.data.treatment import Treatment
from nri.declare import AboveZero, Distinct, Positive

__all__ = ["FEATURES", "UNITS", "MocapSettings"]

FEATURES = ("x", "y", "z", "vx", "vy", "vz")
UNITS = ("m", "m", "m", "m/s", "m/s", "m/s")

Trials = Annotated[list[Positive], Field(min_length=1), Distinct]


class MocapSettings(DatasetSettings):
    """Trials of one subject of the CMU motion capture database (docs/mocap.md)."""

    subject: Positive
    """Number of the subject in the database."""
    trials: PerSplit[Trials]
    """Trials of each split; none may be in two."""
    frame_rate: AboveZero = 120
    """Frames per second of the recording."""
    glitches: Treatment = "keep"
    """Values far beyond all others: kept, clipped, or their segments dropped."""
