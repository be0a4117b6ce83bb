"""The source `mocap`: recordings of a walking person (paper, section 5.2; docs/mocap.md)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nri.data.mocap.settings import FEATURES, UNITS, MocapSettings
from nri.data.source import Source, disjoint
from nri.data.splits import SPLITS

__all__ = ["Mocap"]

SUBJECTS = "results/downloads/mocap.cs.cmu.edu/subjects"
FRAMES_OF_TRIAL = 500  # at 120 a second; the walks of subject 35 have some 400


class Mocap(Source[MocapSettings]):
    """Trials of one subject, cut into segments. Objects are joints; no edges are known."""

    Settings = MocapSettings
    reports = ("glitches.csv",)
    has_skeleton = True

    @classmethod
    def features(cls, settings: MocapSettings) -> tuple[str, ...]:
        """Position and velocity."""
        return FEATURES

    @classmethod
    def units(cls, settings: MocapSettings) -> tuple[str, ...]:
        """Metres and metres per second."""
        return UNITS

    @classmethod
    def frame_rate(cls, settings: MocapSettings) -> float:
        """Frames per second of the recording."""
        return settings.frame_rate

    @classmethod
    def training_samples(cls, settings: MocapSettings) -> int:
        """About: trials are not cut yet."""
        return len(settings.trials.train) * max(1, FRAMES_OF_TRIAL // settings.frames["train"])

    @classmethod
    def contradictions(cls, settings: MocapSettings) -> Iterator[tuple[str, str]]:
        """A trial belongs to one split."""
        yield from super().contradictions(settings)
        yield from disjoint(settings.trials, "trials", "trial")

    @classmethod
    def inputs(cls, settings: MocapSettings, mirror: str | None) -> dict[str, list[str]]:
        """The subject's skeleton file, and the trials of each split."""
        subject = f"{settings.subject:02}"
        stem = f"{SUBJECTS}/{subject}/{subject}"
        trials = {
            split: [f"{stem}_{trial:02}.amc" for trial in settings.trials[split]]
            for split in SPLITS
        }
        return {"skeleton": [f"{stem}.asf"], **trials}

    @classmethod
    def prepare(
        cls,
        settings: MocapSettings,
        inputs: Mapping[str, Sequence[Path]],
        output: Path,
        reports: Mapping[str, Path],
        threads: int = 1,
    ) -> None:
        """Cut the trials into segments; report joints that jump."""
        from nri.data.mocap.prepare import prepare_mocap
        from nri.files import write_table

        write_table(prepare_mocap(settings, inputs, output), reports["glitches.csv"])
