"""Settings of own data (docs/own_data.md), and what they say without the files."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from nri.data.source import DatasetSettings, PerSplit
from nri.data.treatment import Treatment
from nri.declare import AboveZero, Distinct, Positive, Settings, setting

__all__ = [
    "ARRAY_SUFFIXES",
    "DATASET_SUFFIXES",
    "TABLE_SUFFIXES",
    "Columns",
    "OwnSettings",
    "SplitRule",
    "all_features",
    "all_units",
    "of_other_source",
]

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
ARRAY_SUFFIXES = (".npz", ".npy")
DATASET_SUFFIXES = (".h5", ".hdf5")

Text = Annotated[str, Field(min_length=1)]
Names = Annotated[list[Text], Distinct]
SeveralNames = Annotated[Names, Field(min_length=2)]
Paths = Annotated[list[str], Field(min_length=1), Distinct]


class Columns(Settings):
    """Names of the columns of a table. A row describes one object (`object`) or all (`objects`)."""

    sample: str | None = None
    """The column that says which recording a row belongs to; null where a file is one recording."""
    time: str | None = None
    """The column with the time of a row."""
    object: str | None = None
    """The column that says which object a row describes."""
    objects: Annotated[dict[str, list[str]], Field(min_length=2)] | None = None
    """Where a row describes all objects, the columns of each, in the order of the features."""


class SplitRule(Settings):
    """What part of the recordings goes to which split."""

    by: Literal["time", "sample"] = "time"
    """Split each recording by time, or give whole recordings to a split."""
    train: AboveZero = 0.7
    """Share of training."""
    valid: AboveZero = 0.15
    """Share of validation."""
    test: AboveZero = 0.15
    """Share of the test."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed by which whole recordings are drawn."""


class OwnSettings(DatasetSettings):
    """Recordings of the user's: tables, arrays or a dataset file."""

    path: str | Paths | PerSplit[Paths]
    """A file, a list of files, or a list for each split."""
    features: Annotated[Names, Field(min_length=1)]
    """Names of the features: columns of a table, or the last axis of an array."""
    columns: Columns = Columns()
    """Names of the columns of a table."""
    stride: Positive | None = None
    """Frames between the starts of two training windows; null, and elsewhere, none overlap."""
    names: SeveralNames | None = None
    """Names of the columns of a file that has none, or null."""
    separator: Text = ","
    """What separates two columns, or `whitespace`."""
    decimal: Literal[".", ","] = "."
    """What separates the fraction of a number: a point or a comma."""
    encoding: Text = "utf-8"
    """How text is encoded; UTF-16 with a byte order mark is known by that."""
    time_unit: AboveZero = 1.0
    """Seconds in a unit of the time column."""
    frame_interval: AboveZero | None = None
    """Seconds between two frames; null is as in the table."""
    velocities: Names = setting([])
    """Features whose changes per second are features too."""
    units: list[str] = setting([])
    """Units of the features, for figures and reports."""
    shared_ranges: list[SeveralNames] = setting([])
    """Groups of features that are scaled together."""
    objects: Annotated[int, Field(ge=2)] | None = None
    """Objects of a sample, where objects come and go; null is all of a recording."""
    gaps: Literal["refuse", "cut", "interpolate"] = "refuse"
    """What to do where a value or a frame is missing."""
    max_gap: AboveZero | None = None
    """Longest time in s between two values to interpolate between."""
    glitches: Treatment = "keep"
    """Values far beyond all others: kept, clipped, or their samples dropped."""
    split: SplitRule = SplitRule()
    """What part of the recordings goes to which split."""
    edges: str | None = None
    """A CSV with the known edges, or null."""
    edge_types: Names = setting([])
    """Names of the known edge types."""
    edges_change: bool = False
    """Whether the known edges change in time."""

    @property
    def longest_gap(self) -> float:
        """`max_gap`, which `gaps: interpolate` cannot do without; raises ValueError for null."""
        if self.max_gap is None:
            raise ValueError("max_gap: null, but `gaps: interpolate` needs the longest gap to fill")
        return self.max_gap


def all_features(settings: OwnSettings) -> tuple[str, ...]:
    """Names of the features: those of the file, then the velocities that are made of them."""
    return (*settings.features, *(f"v{name}" for name in settings.velocities))


def of_other_source(
    path: str, features: Sequence[str], frames: Mapping[str, int]
) -> dict[str, Any]:
    """Settings that read new data for a model of a simulated system or another source.

    A table has the columns `time`, `object` and those of the features.
    """
    return {
        "source": "own",
        "path": path,
        "columns": {"time": "time", "object": "object"},
        "features": list(features),
        "frames": dict(frames),
    }


def all_units(settings: OwnSettings) -> tuple[str, ...]:
    """Units of `all_features`; a velocity has a unit if its feature has one."""
    units = dict(zip(settings.features, settings.units, strict=False))
    own = (units.get(name, "") for name in settings.features)
    velocities = (f"{units[name]}/s" if units.get(name) else "" for name in settings.velocities)
    return (*own, *velocities)
