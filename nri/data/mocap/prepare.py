"""Recordings of a walking person: trials of one subject, cut into segments of equal length.

A segment never crosses from one trial into another, and a trial belongs to one split.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nri.data.format import Metadata
from nri.data.glitches import Glitches, note_glitches, treat_glitches
from nri.data.mocap.asf_amc import MotionFileError, read_amc, read_asf
from nri.data.mocap.kinematics import joint_positions
from nri.data.mocap.settings import FEATURES, UNITS, MocapSettings
from nri.data.splits import SPLITS
from nri.data.velocities import with_velocities
from nri.data.writer import DatasetWriter
from nri.files import atomic_path

__all__ = ["cut", "find_glitches", "prepare_mocap"]

# Joints of a walking person are scaled together, or the skeleton would be squeezed.
SHARED_RANGES = (FEATURES[:3], FEATURES[3:])
# m/s², some 150 g. Joints of a walking person stay far below; a marker that a camera
# loses for a frame, or that two cameras confuse, does not.
GLITCH_ACCELERATION = 1500.0

log = logging.getLogger(__name__)


def cut(trial: np.ndarray, frames: int) -> np.ndarray:
    """States (time, joints, features) → (segments, joints, frames, features).

    Segments follow each other without overlap; what is left at the end is dropped.
    """
    count = len(trial) // frames
    segments = trial[: count * frames].reshape(count, frames, *trial.shape[1:])
    return segments.swapaxes(1, 2)


def find_glitches(
    positions: np.ndarray, frame_rate: float, joints: tuple[str, ...]
) -> pd.DataFrame:
    """Frames in which a joint jumps, by its acceleration (central second difference).

    `positions` is (frames, joints, 3) in m. Columns: `frame` (as the file counts, from
    1), `joint`, `acceleration` in m/s², one row for each that exceeds 1,500 m/s²,
    whichever the joint.
    """
    acceleration = np.linalg.norm(np.diff(positions, n=2, axis=0), axis=-1) * frame_rate**2
    frame, joint = np.nonzero(acceleration > GLITCH_ACCELERATION)
    return pd.DataFrame(
        {
            "frame": frame + 2,
            "joint": [joints[index] for index in joint],
            "acceleration": acceleration[frame, joint].round(),
        }
    )


def prepare_mocap(
    settings: MocapSettings, files: Mapping[str, Sequence[Path]], output: str | os.PathLike
) -> pd.DataFrame:
    """Make the dataset file `output` from the files of `Mocap.inputs`.

    The file holds the joints' names, their bone graph as `skeleton`, and no edges: the
    truth is not known. Returns the joints that jump, with the columns `split`, `trial`
    and `sample` (the segment within the split; empty where the frame belongs to none, or
    to one that `glitches` has dropped) beside those of `find_glitches`.

    Raises, before anything is written, MotionFileError for a broken file or a trial
    that is too short, FileNotFoundError for an absent one.
    """
    rate = settings.frame_rate
    (skeleton_file,) = files["skeleton"]
    skeleton = read_asf(skeleton_file)
    segments: dict[str, np.ndarray] = {}
    glitches = []
    for split in SPLITS:
        frames = settings.frames[split]
        pieces: list[np.ndarray] = []
        for trial, path in zip(settings.trials[split], files[split], strict=True):
            positions = joint_positions(skeleton, read_amc(path, skeleton))
            found = find_glitches(positions, rate, skeleton.names)
            first = sum(map(len, pieces))
            piece = cut(with_velocities(positions, axis=0, rate=rate), frames)
            if len(piece) == 0:
                raise MotionFileError(
                    f"{path}: {len(positions)} frames are too few for a segment of {frames} and "
                    f"the frame before it; leave the trial out or lower the {split} frames"
                )
            log.info("%s: %s, %d frames, %d segments", path, split, len(positions), len(piece))
            # Frame 2 is the first with a velocity, and so the first of the first segment.
            segment = (found["frame"] - 2) // frames
            sample = (first + segment).where(segment < len(piece)).astype("Int64")
            found = found.assign(split=split, trial=trial, sample=sample)
            _warn_of(found, trial)
            glitches.append(found)
            pieces.append(piece)
        segments[split] = np.concatenate(pieces)
    metadata = Metadata(
        features=FEATURES,
        units=UNITS,
        frame_interval=1.0 / rate,
        config=settings.model_dump(mode="json"),
        shared_ranges=SHARED_RANGES,
        objects=skeleton.names,
        skeleton=skeleton.adjacency,
    )
    report = pd.concat(glitches, ignore_index=True)
    if settings.glitches == "keep":
        _write(segments, metadata, output)
    else:
        treated = treat_glitches(segments, FEATURES, SHARED_RANGES, settings.glitches)
        report["sample"] = _renumbered(report, treated)
        with atomic_path(output) as temporary:
            _write(treated.samples, metadata, temporary)
            note_glitches(temporary, treated)
    return report[["split", "trial", "sample", "frame", "joint", "acceleration"]]


def _write(
    segments: Mapping[str, np.ndarray], metadata: Metadata, output: str | os.PathLike
) -> None:
    with DatasetWriter(output, metadata) as writer:
        for split, samples in segments.items():
            count, joints, frames, _ = samples.shape
            writer.create_split(split, count, joints, frames, with_edges=False)
            writer.write(split, 0, samples)


def _renumbered(report: pd.DataFrame, treated: Glitches) -> pd.Series:
    """The samples of glitches as they are numbered after some were dropped; empty for those."""
    numbers = [
        np.cumsum(treated.kept[row.split])[row.sample] - 1
        if pd.notna(row.sample) and treated.kept[row.split][row.sample]
        else None
        for row in report.itertuples()
    ]
    return pd.Series(numbers, index=report.index, dtype="Int64")


def _warn_of(glitches: pd.DataFrame, trial: int) -> None:
    if not glitches.empty:
        joints = ", ".join(glitches["joint"].unique())
        frames = ", ".join(map(str, glitches["frame"].unique()))
        log.warning("trial %s: %s jump in frames %s", trial, joints, frames)
