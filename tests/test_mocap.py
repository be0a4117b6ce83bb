import itertools
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from datasets import contradictions
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nri.data.format import read_metadata, read_split
from nri.data.mocap.asf_amc import MotionFileError, read_amc, read_asf
from nri.data.mocap.kinematics import joint_positions
from nri.data.mocap.prepare import cut, find_glitches, prepare_mocap
from nri.data.mocap.settings import MocapSettings
from nri.data.mocap.source import Mocap
from nri.data.velocities import with_velocities

RATE = 120
SUBJECT = "mirror/mocap.cs.cmu.edu/subjects/35"


@pytest.fixture(scope="module")
def settings(repository):
    return yaml.safe_load((repository / "config/mocap.yaml").read_text())["datasets"]["mocap35"]


@pytest.fixture(scope="module")
def walks(data_dir, settings):
    """Skeleton, and positions (frames, joints, 3) of each trial of the default dataset."""
    directory = data_dir / SUBJECT
    skeleton = read_asf(directory / "35.asf")
    trials = sorted(itertools.chain(*settings["trials"].values()))
    return skeleton, {
        trial: joint_positions(skeleton, read_amc(directory / f"35_{trial:02}.amc", skeleton))
        for trial in trials
    }


@pytest.fixture(scope="module")
def prepared(data_dir, settings, tmp_path_factory):
    """The default dataset file and its glitches."""
    path = tmp_path_factory.mktemp("mocap") / "mocap35.h5"
    return path, prepare_mocap(MocapSettings(**settings), files_of(settings, data_dir), path)


def files_of(settings, data_dir):
    """The files of a data set, by role, where they are on this machine."""
    inputs = Mocap.inputs(MocapSettings(**settings), None)
    folder = data_dir / "mirror"
    return {
        role: [folder / path.removeprefix("results/downloads/") for path in paths]
        for role, paths in inputs.items()
    }


def test_velocity_is_the_step_that_led_here():
    time = np.arange(5)[:, None, None] / RATE
    positions = np.array([1.0, 2.0, 3.0]) + time * np.array([0.5, 0.0, -1.5])
    found = with_velocities(positions, axis=0, rate=RATE)
    assert found.shape == (4, 1, 6)
    np.testing.assert_array_equal(found[..., :3], positions[1:])
    np.testing.assert_allclose(found[..., 3:], np.broadcast_to([0.5, 0.0, -1.5], (4, 1, 3)))
    jump = np.zeros((4, 1, 3))
    jump[2:] = 1.0
    np.testing.assert_array_equal(with_velocities(jump, axis=0)[:, 0, 3], [0, 1, 0])


@given(st.integers(0, 60), st.integers(1, 20))
def test_segments_are_the_trial_in_order(length, frames):
    trial = np.arange(length * 2 * 3).reshape(length, 2, 3)
    segments = cut(trial, frames)
    assert segments.shape == (length // frames, 2, frames, 3)
    joined = segments.swapaxes(1, 2).reshape(-1, 2, 3)
    np.testing.assert_array_equal(joined, trial[: len(joined)])


@pytest.mark.parametrize("rate", [60, 120])
def test_glitch_is_found_where_it_is(rate):
    time = np.arange(60) / rate
    positions = np.stack([1.2 * time, 1.0 + 0.03 * np.sin(12 * time), 0 * time], -1)
    positions = np.repeat(positions[:, None], 3, axis=1)
    names = ("a", "b", "c")
    assert find_glitches(positions, rate, names).empty
    # One frame out of place by d: acceleration 2d·rate² there and d·rate² on either side.
    positions[19, 1, 2] += 1.2 * 1500 / rate**2 / 2
    found = find_glitches(positions, rate, names)
    assert found[["frame", "joint"]].to_numpy().tolist() == [[20, "b"]]
    assert found["acceleration"][0] == pytest.approx(1800, rel=0.01)


def test_a_trial_belongs_to_one_split(settings):
    twice = settings | {"trials": settings["trials"] | {"valid": [12, 28]}}
    assert contradictions(twice) == {"trials.test": "trial 28 is in valid too"}
    assert contradictions(settings) == {}
    for trials, problem in (([], "at least 1 item"), ([12, 12], "12 is there twice")):
        with pytest.raises(ValidationError, match=problem):
            MocapSettings(**settings | {"trials": settings["trials"] | {"valid": trials}})
    trials = list(itertools.chain(*settings["trials"].values()))
    assert len(set(trials)) == len(trials) == 23
    assert [len(settings["trials"][split]) for split in ("train", "valid", "test")] == [11, 5, 7]


def test_too_short_a_trial_is_named(data_dir, settings, tmp_path):
    long = settings | {"frames": {"train": 49, "valid": 443, "test": 99}}
    with pytest.raises(MotionFileError, match=r"35_12\.amc: 397 frames are too few"):
        prepare_mocap(MocapSettings(**long), files_of(long, data_dir), tmp_path / "out.h5")
    assert not list(tmp_path.iterdir())


def test_bones_keep_their_length(walks):
    skeleton, trials = walks
    parent, child = skeleton.bones.T
    rest = np.linalg.norm(skeleton.offsets[child], axis=-1)
    for positions in trials.values():
        lengths = np.linalg.norm(positions[:, child] - positions[:, parent], axis=-1)
        assert np.abs(lengths - rest).max() < 1e-6


def test_a_person_walks(walks):
    skeleton, trials = walks
    assert len(trials) == 23
    assert sum(map(len, trials.values())) == 9591
    feet = [skeleton.names.index(name) for name in ("ltibia", "lfoot", "rtibia", "rfoot")]
    for trial, positions in trials.items():
        height = np.ptp(positions[..., 1], axis=1)
        assert height.min() > 1.56
        assert height.max() < 1.66
        # Angles, axes and their order are right if one foot always stands on the floor.
        assert positions[..., 1].min(axis=1).min() > -0.01
        assert positions[..., 1].min(axis=1).max() < 0.08
        speed = np.linalg.norm(np.diff(positions, axis=0), axis=-1) * RATE
        assert np.median(speed[:, feet].min(axis=1)) < 0.3
        walking = np.linalg.norm(positions[-1, 0] - positions[0, 0]) / (len(positions) - 1) * RATE
        assert (1.05 if trial == 29 else 1.1) < walking < 1.3


def test_dataset_file(prepared, settings, walks):
    path, _ = prepared
    skeleton, trials = walks
    metadata = read_metadata(path)
    assert metadata.config == {**settings, "glitches": "keep"}
    assert metadata.observed_frames == 49
    assert metadata.features == ("x", "y", "z", "vx", "vy", "vz")
    assert metadata.units == ("m",) * 3 + ("m/s",) * 3
    assert metadata.frame_interval == pytest.approx(1 / 120)
    assert metadata.objects == skeleton.names
    np.testing.assert_array_equal(metadata.skeleton, skeleton.adjacency)
    for name, samples, frames in (("train", 85, 49), ("valid", 42, 49), ("test", 28, 99)):
        split = read_split(path, name)
        assert split.edges is None
        assert split.trajectories.shape == (samples, 31, frames, 6)
        # Inside a segment every step is the velocity; across trials it could not be.
        steps = np.diff(split.trajectories[..., :3], axis=2) * RATE
        np.testing.assert_allclose(steps, split.trajectories[:, :, 1:, 3:], atol=1e-3)
        # The first segment starts at the second frame of the first trial.
        first = trials[settings["trials"][name][0]][1]
        np.testing.assert_allclose(split.trajectories[0, :, 0, :3], first, atol=1e-6)
    normalised = metadata.normalisation.apply(read_split(path, "train").trajectories)
    for group in (slice(0, 3), slice(3, 6)):
        assert normalised[..., group].min() == pytest.approx(-1, abs=1e-6)
        assert normalised[..., group].max() == pytest.approx(1, abs=1e-6)


def test_glitches_of_the_default_dataset(prepared, walks):
    path, glitches = prepared
    joints = glitches.groupby("trial")["joint"].agg(lambda names: sorted(set(names))).to_dict()
    assert joints == {
        1: ["ltoes"],
        6: ["ltoes"],
        11: ["rfoot", "rtoes"],
        13: ["ltoes"],
        14: ["lthumb"],
        29: ["lthumb"],
    }
    # The sample named in the table holds the frame, unaltered.
    skeleton, trials = walks
    for row in glitches.itertuples():
        joint = skeleton.names.index(row.joint)
        where = trials[row.trial][row.frame - 1, joint]
        sample = read_split(path, row.split, slice(row.sample, row.sample + 1)).trajectories[0]
        assert np.linalg.norm(sample[joint, :, :3] - where, axis=-1).min() < 1e-6


def test_command_line(data_dir, settings, repository, tmp_path):
    small = settings | {"trials": {"train": [17], "valid": [18], "test": [20]}}
    output, glitches = tmp_path / "run.h5", tmp_path / "run.glitches.csv"
    files = files_of(small, data_dir)
    files = {role: list(map(str, paths)) for role, paths in files.items()}
    command = [sys.executable, repository / "scripts/prepare.py", "--output", output]
    command += ["--settings", json.dumps(small), "--inputs", json.dumps(files)]
    environment = {"PYTHONPATH": str(repository)}
    subprocess.run(command, check=True, env=environment)
    assert read_split(output, "test").trajectories.shape == (1, 31, 99, 6)
    assert pd.read_csv(glitches).columns.tolist()[:3] == ["split", "trial", "sample"]


def test_segments_with_glitches_can_be_dropped(data_dir, settings, prepared, tmp_path):
    """All reported jumps go with their segments, and the velocities fill more of their range."""
    path, glitches = prepared
    chosen = MocapSettings(**settings, glitches="drop")
    output = tmp_path / "mocap35.h5"
    left = prepare_mocap(chosen, files_of(settings, data_dir), output)
    assert len(left) == len(glitches)
    assert left["sample"].isna().all()
    before, after = (read_metadata(each).normalisation.maximum[3] for each in (path, output))
    assert after < 0.5 * before
    assert len(read_split(output, "train").trajectories) == 80
