"""Simulated datasets: reproducible however the work is cut, and never silently wrong."""

import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from datasets import contradictions, parse, simulate
from pydantic import ValidationError

from nri.data.format import SPLITS, DataFormatError, read_metadata, read_split
from nri.data.simulated import prepare
from nri.data.simulated.prepare import simulate_samples
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


def contents(path):
    with h5py.File(path) as file:
        arrays = {}
        file.visititems(
            lambda name, item: isinstance(item, h5py.Dataset) and arrays.update({name: item[()]})
        )
        return arrays


@pytest.mark.parametrize("source", SOURCES)
def test_neither_threads_nor_pieces_change_a_bit(tmp_path, monkeypatch, source):
    settings = settings_of(source)
    simulate(settings, tmp_path / "whole.h5")
    whole = contents(tmp_path / "whole.h5")
    for samples in (1, 37, 64):
        monkeypatch.setattr(prepare, "PIECE_BYTES", 8 * 5 * 20 * 4 * samples)
        simulate(settings, tmp_path / "cut.h5", threads=2)
        cut = contents(tmp_path / "cut.h5")
        assert cut.keys() == whole.keys()
        for name, values in whole.items():
            np.testing.assert_array_equal(cut[name], values, err_msg=name)


@pytest.mark.parametrize("source", SOURCES)
def test_more_samples_and_more_frames_leave_the_first_as_they_were(source):
    system, settings = parse(settings_of(source))
    _, longer = parse(settings_of(source, frames={"train": 30, "valid": 12, "test": 20}))
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
    entry = settings_of(source)
    path = simulate(entry, tmp_path / "data.h5")
    metadata, (system, settings) = read_metadata(path), parse(entry)
    assert metadata.config == entry
    assert metadata.features == system.features(settings)
    assert metadata.edge_types == system.edge_types(settings)
    assert metadata.observed_frames == 12
    assert metadata.frame_interval == 0.1
    for split in SPLITS:
        data = read_split(path, split)
        samples, frames = entry["samples"][split], entry["frames"][split]
        assert data.trajectories.shape == (samples, 5, frames, len(metadata.features))
        expected, edges = simulate_samples(system, settings, split, 0, samples)
        np.testing.assert_array_equal(data.trajectories, expected.astype(np.float32))
        np.testing.assert_array_equal(data.edges, edges)
    normalised = metadata.normalisation.apply(read_split(path, "train").trajectories)
    assert normalised.min() == -1.0
    assert normalised.max() == 1.0


def test_a_trajectory_that_is_not_finite_stops_the_dataset(tmp_path, monkeypatch):
    def broken(settings, initial, edges, frames):
        trajectories = np.zeros((*initial.shape[:2], frames, 4))
        trajectories[3, 1, 2, 0] = np.nan
        return trajectories

    monkeypatch.setattr(Springs, "simulate", staticmethod(broken))
    with pytest.raises(DataFormatError, match=r"data\.h5: train/trajectories: sample 3 "):
        simulate(settings_of("springs"), tmp_path / "data.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"probabilities": [0.5, 0.4]}, r"probabilities\n.*\[0\.5, 0\.4\] sum to 0\.9, not to 1"),
        ({"probabilities": [1.5, -0.5]}, r"probabilities\.0\n"),
        ({"objects": 1}, r"objects\n.*greater than or equal to 2"),
        ({"source": "kuramoto", "strengths": [0.0, 0.1]}, r"unknown key 'strengths'"),
    ],
)
def test_impossible_settings_are_named(changes, message):
    with pytest.raises(ValidationError, match=message):
        parse(settings_of("springs") | changes)


def test_settings_that_contradict_themselves_are_named():
    three = [0.2, 0.3, 0.5]
    for entry, types in (
        (settings_of("springs", strengths=[0.0, 0.1, 0.2]), 3),
        (settings_of("springs", probabilities=three), 2),
        (settings_of("kuramoto", probabilities=three), 2),
    ):
        assert f"{types} types expected" in contradictions(entry)["probabilities"]
    assert contradictions(settings_of("springs")) == {}


def test_the_program_writes_the_file_and_explains_a_refusal(repository, tmp_path):
    def run(settings):
        program, output = repository / "scripts" / "prepare.py", tmp_path / "new" / "data.h5"
        arguments = ["--settings", json.dumps(settings), "--output", output, "--threads", "1"]
        return subprocess.run(
            [sys.executable, program, *arguments],
            env=os.environ | {"PYTHONPATH": str(repository)},
            capture_output=True,
            text=True,
        )

    refused = run(settings_of("springs", probabilities=[0.5, 0.4]))
    assert refused.returncode == 1
    assert "error: " in refused.stderr
    assert "[0.5, 0.4] sum to 0.9, not to 1" in refused.stderr
    refused = run(settings_of("springs", strengths=[0.0, 0.1, 0.2]))
    assert refused.stderr.startswith("error: probabilities: [0.5, 0.5]: 3 types expected")
    done = run(settings_of("springs", train=5))
    assert done.returncode == 0, done.stderr
    assert "train: 5 simulations" in done.stderr
    assert len(read_split(tmp_path / "new" / "data.h5", "train").trajectories) == 5
