"""What every data source says about itself, so that no other module needs to know the sources.

A source is one class, named in `nri.choices.SOURCES`. It declares the settings of its data sets,
says what follows from them (features, edge types, input files) and makes the dataset file.
Snakemake loads all sources at every start: a module with a source imports what is heavy (numba,
pandas, HDF5) in `prepare`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import Field

from nri.data.splits import SPLITS
from nri.declare import Settings

__all__ = [
    "DatasetSettings",
    "FrameCount",
    "Frames",
    "PairForces",
    "PerSplit",
    "Source",
    "disjoint",
]

T = TypeVar("T")


class PerSplit(Settings, Generic[T]):
    """One value for each split; `value[split]` is the one of a split."""

    train: T
    valid: T
    test: T

    def __getitem__(self, split: str) -> T:
        if split not in SPLITS:
            raise KeyError(split)
        return getattr(self, split)


FrameCount = Annotated[int, Field(ge=3, lt=10**7)]


class Frames(PerSplit[FrameCount]):
    """Frames of a trajectory in each split; a test trajectory is longer by the horizon."""

    train: FrameCount = 49
    """Frames of a training sample; the encoder sees as many."""
    valid: FrameCount = 49
    """Frames of a validation sample: as many as in training."""
    test: FrameCount = 99
    """Frames of a test sample: what the encoder sees, then what is predicted."""


class DatasetSettings(Settings):
    """Settings of any data set; each source adds its own."""

    source: str
    """The source of the data, a name in `nri.choices.SOURCES`."""
    frames: Frames = Frames()
    """Frames of a trajectory in each split; a test trajectory is longer by the horizon."""


S = TypeVar("S", bound=DatasetSettings)


@dataclass(frozen=True)
class PairForces:
    """Forces between pairs of particles, from which the decoder `sim` predicts motion.

    F_i = Σ_j c_ij (r_i − r_j) / |r_i − r_j|ᵖ with c_ij = `coefficients`[edge type] and p = 3 if
    `inverse_square`, else 0.
    """

    coefficients: tuple[float, ...]
    inverse_square: bool


class Source(Generic[S]):
    """Where data come from. Subclasses are never instantiated: all methods take settings.

    `reports`: suffixes of the reports that `prepare` writes beside the dataset file.
    `simulated`: whether the data are simulated with all threads, not read from files.
    `has_skeleton`: whether the dataset file holds a bone graph.
    """

    Settings: ClassVar[type[DatasetSettings]] = DatasetSettings
    reports: ClassVar[tuple[str, ...]] = ()
    simulated: ClassVar[bool] = False
    has_skeleton: ClassVar[bool] = False

    @classmethod
    def features(cls, settings: S) -> tuple[str, ...]:
        """Names of the features, in their order in the dataset file."""
        raise NotImplementedError

    @classmethod
    def units(cls, settings: S) -> tuple[str, ...]:
        """Units of the features, "" where unknown."""
        return ("",) * len(cls.features(settings))

    @classmethod
    def edge_types(cls, settings: S) -> tuple[str, ...]:
        """Names of the known edge types, in the order of their indices; () where none are known."""
        return ()

    @classmethod
    def edges_change(cls, settings: S) -> bool:
        """Whether the known edges change in time."""
        return False

    @classmethod
    def frame_rate(cls, settings: S) -> float | None:
        """Frames per second, where the settings say so."""
        return None

    @classmethod
    def pair_forces(cls, settings: S) -> PairForces | None:
        """The forces that move the objects, where they act along the lines between pairs."""
        return None

    @classmethod
    def training_samples(cls, settings: S) -> int:
        """Training samples; about so many where recordings have not been cut yet."""
        return 50_000

    @classmethod
    def contradictions(cls, settings: S) -> Iterator[tuple[str, str]]:
        """What the types and bounds of single settings cannot refuse.

        Yields the key below the data set and the problem with its remedy.
        """
        frames = settings.frames
        if frames.train != frames.valid:
            yield "frames.valid", f"must equal frames.train ({frames.train})"
        if frames.test < (shortest := frames.train + 2):
            yield "frames.test", f"{frames.test} leaves nothing to predict; min {shortest}"

    @classmethod
    def inputs(cls, settings: S, mirror: str | None) -> dict[str, list[str]]:
        """The files that `prepare` reads, by role.

        Public files are named by where rule download puts them, results/downloads/HOST/PATH.
        mirror: the directory below which the configuration names files.
        """
        return {}

    @classmethod
    def prepare(
        cls,
        settings: S,
        inputs: Mapping[str, Sequence[Path]],
        output: Path,
        reports: Mapping[str, Path],
        threads: int = 1,
    ) -> None:
        """Make the dataset file `output` and the reports, by suffix, from the input files by role.

        Raises ValueError, which names file, place and remedy, for input that cannot be used.
        """
        raise NotImplementedError


def disjoint(recordings: PerSplit[list], place: str, kind: str) -> Iterator[tuple[str, str]]:
    """A contradiction for each recording that is in two splits."""
    seen: dict[object, str] = {}
    for split in SPLITS:
        for recording in recordings[split]:
            if recording in seen:
                yield f"{place}.{split}", f"{kind} {recording} is in {seen[recording]} too"
            seen[recording] = split
