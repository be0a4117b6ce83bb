"""Simulated datasets: reproducible however the work is cut, and never silently wrong."""

import json
import os
import subprocess
import sys

import h5py
import numba
import numpy as np
import pytest

from nri.data.format import SPLITS, DataFormatError, read_metadata, read_split
from nri.data.simulated import prepare
from nri.data.simulated.prepare import simulate_dataset, simulate_samples, system_of
from nri.data.simulated.randomness import generators
from nri.data.simulated.springs import Springs

SETTINGS = {
    "springs": {"strengths": [0.0, 0.1], "probabilities": [0.5, 0.5]},
    "charged": {},
    "kuramoto": {"probabilities": [0.5, 0.5]},
}
SOURCES = list(SETTINGS)


def settings_of(source, train=150, **changes):
    return {
        "source": source,
        "objects": 5,
        "samples": {"train": train, "valid": 3, "test": 70},
        "frames": {"train": 12, "valid": 12, "test": 20},
        "seed": 42,
        **SETTINGS[source],
        **changes,
    }


@pytest.fixture
def threads():
    """Sets numba's number of threads, and restores it."""
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def contents(path):
    with h5py.File(path) as file:
        arrays = {}
        file.visititems(
            lambda name, item: isinstance(item, h5py.Dataset) and arrays.update({name: item[()]})
        )
        return arrays


@pytest.mark.parametrize("source", SOURCES)
def test_neither_threads_nor_pieces_change_a_bit(tmp_path, monkeypatch, threads, source):
    settings = settings_of(source)
    threads(1)
    simulate_dataset(settings, tmp_path / "whole.h5")
    whole = contents(tmp_path / "whole.h5")
    threads(min(2, numba.config.NUMBA_NUM_THREADS))
    for samples in (1, 37, 64):
        monkeypatch.setattr(prepare, "PIECE_BYTES", 8 * 5 * 20 * 4 * samples)
        simulate_dataset(settings, tmp_path / "cut.h5")
        cut = contents(tmp_path / "cut.h5")
        assert cut.keys() == whole.keys()
        for name, values in whole.items():
            np.testing.assert_array_equal(cut[name], values, err_msg=name)


@pytest.mark.parametrize("source", SOURCES)
def test_more_samples_and_more_frames_leave_the_first_as_they_were(source):
    settings = settings_of(source)
    longer = settings_of(source, frames={"train": 30, "valid": 12, "test": 20})
    system = system_of(settings)
    few, few_edges = simulate_samples(system, settings, "train", 20, 25)
    many, many_edges = simulate_samples(system, longer, "train", 0, 130)
    np.testing.assert_array_equal(few, many[20:25, :, :12])
    np.testing.assert_array_equal(few_edges, many_edges[20:25])


def test_no_two_samples_share_their_randomness():
    draws = [
        stream.random()
        for seed in (1, 2)
        for split in SPLITS
        for stream in generators(seed, split, 0, 500)
    ]
    assert len(set(draws)) == len(draws)


@pytest.mark.parametrize("source", SOURCES)
def test_the_file_says_what_is_in_it(tmp_path, source):
    settings = settings_of(source)
    path = tmp_path / "data.h5"
    simulate_dataset(settings, path)
    metadata, system = read_metadata(path), system_of(settings)
    assert metadata.config == settings
    assert metadata.features == system.features
    assert metadata.edge_types == system.edge_types
    assert metadata.frame_interval == 0.1
    for split in SPLITS:
        data = read_split(path, split)
        samples, frames = settings["samples"][split], settings["frames"][split]
        assert data.trajectories.shape == (samples, 5, frames, len(system.features))
        expected, edges = simulate_samples(system, settings, split, 0, samples)
        np.testing.assert_array_equal(data.trajectories, expected.astype(np.float32))
        np.testing.assert_array_equal(data.edges, edges)
    normalised = metadata.normalisation.apply(read_split(path, "train").trajectories)
    assert normalised.min() == -1.0
    assert normalised.max() == 1.0


def test_a_trajectory_that_is_not_finite_stops_the_dataset(tmp_path, monkeypatch):
    def broken(self, initial, edges, frames):
        trajectories = np.zeros((*initial.shape[:2], frames, 4))
        trajectories[3, 1, 2, 0] = np.nan
        return trajectories

    monkeypatch.setattr(Springs, "simulate", broken)
    with pytest.raises(DataFormatError, match=r"data\.h5: train/trajectories: sample 3 "):
        simulate_dataset(settings_of("springs"), tmp_path / "data.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "pendulum"}, "source: 'pendulum' is not one of springs"),
        ({"probabilities": [0.5, 0.4]}, "probabilities: .* do not add up to 1"),
        ({"probabilities": [1.5, -0.5]}, "probabilities: .* do not add up to 1"),
        ({"strengths": [0.0, 0.1, 0.2]}, "probabilities: 2 given for 3 strengths"),
        ({"source": "kuramoto", "probabilities": [0.2, 0.3, 0.5]}, "probabilities: give two"),
    ],
)
def test_settings_that_contradict_themselves_are_named(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        simulate_dataset(settings_of("springs") | changes, tmp_path / "data.h5")
    assert list(tmp_path.iterdir()) == []


def test_the_program_writes_the_file_and_explains_a_refusal(repository, tmp_path):
    def run(settings):
        program, output = repository / "scripts" / "simulate.py", tmp_path / "new" / "data.h5"
        arguments = ["--settings", json.dumps(settings), "--output", output, "--threads", "1"]
        return subprocess.run(
            [sys.executable, program, *arguments],
            env=os.environ | {"PYTHONPATH": str(repository)},
            capture_output=True,
            text=True,
        )

    refused = run(settings_of("springs", probabilities=[0.5, 0.4]))
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: probabilities")
    done = run(settings_of("springs", train=5))
    assert done.returncode == 0, done.stderr
    assert "train: 5 simulations" in done.stderr
    assert len(read_split(tmp_path / "new" / "data.h5", "train").trajectories) == 5
