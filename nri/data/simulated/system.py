"""What the simulated systems share: their settings, and how a data set of them is made."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

import numpy as np
from pydantic import Field

from nri.data.source import DatasetSettings, PerSplit, Source
from nri.declare import Positive, Seed

__all__ = ["FRAME_INTERVAL", "SimulatedSettings", "System"]

FRAME_INTERVAL = 0.1  # seconds, in all of the paper's systems


class SimulatedSettings(DatasetSettings):
    """Settings of any simulated data set."""

    objects: Annotated[int, Field(ge=2, lt=10**5)]
    """Objects of a simulation."""
    samples: PerSplit[Positive]
    """Simulations in each split."""
    seed: Seed = 42
    """Seed of all that is drawn."""


S = TypeVar("S", bound=SimulatedSettings)


class System(Source[S]):
    """Objects that move by equations. A system adds `draw` and `simulate`.

    `shared_ranges`: groups of features that are scaled by one common range.
    """

    simulated = True
    frame_interval: ClassVar[float] = FRAME_INTERVAL
    shared_ranges: ClassVar[tuple[tuple[str, ...], ...]] = ()

    @classmethod
    def draw(
        cls, settings: S, streams: Sequence[np.random.Generator]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Initial states (S, N, …) float64 and edge types (S, N, N) int8, one for each stream."""
        raise NotImplementedError

    @classmethod
    def simulate(
        cls, settings: S, initial: np.ndarray, edges: np.ndarray, frames: int
    ) -> np.ndarray:
        """Trajectories (S, N, T, D) float64 from what `draw` returns."""
        raise NotImplementedError

    @classmethod
    def training_samples(cls, settings: S) -> int:
        """Training samples."""
        return settings.samples.train

    @classmethod
    def prepare(
        cls,
        settings: S,
        inputs: Mapping[str, Sequence[Path]],
        output: Path,
        reports: Mapping[str, Path],
        threads: int = 1,
    ) -> None:
        """Simulate all splits on so many threads; the result does not depend on their number.

        Raises DataFormatError, leaving no file, for a trajectory that is not finite.
        """
        import numba

        from nri.data.simulated.prepare import simulate_dataset

        # numba fills its module of settings when it is imported.
        available: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
        numba.set_num_threads(min(threads, available))
        simulate_dataset(cls, settings, output)
