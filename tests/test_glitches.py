"""Values far beyond all others are clipped, or their samples dropped, and how many is noted."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest

from nri.data.format import read_metadata, read_split
from nri.data.glitches import treat_glitches
from nri.data.own.prepare import prepare_own
from nri.data.own.settings import OwnSettings

FEATURES = ("x", "y")


@pytest.fixture
def samples():
    """Normal motion with one jump of x in a training sample, and one of y in a test sample."""
    random = np.random.default_rng(0)
    found = {split: random.normal(size=(8, 3, 20, 2)) for split in ("train", "valid", "test")}
    found["train"][2, 1, 5, 0], found["test"][0, 0, 0, 1] = 500.0, -80.0
    return found


def test_clipped(samples):
    found = treat_glitches(samples, FEATURES, [], "clip")
    assert found.values == {"train": 1, "valid": 0, "test": 1}
    assert found.counts()["train"] == {"values": 1, "dropped": 0}
    for split, jump in (("train", (2, 1, 5, 0)), ("test", (0, 0, 0, 1))):
        changed = found.samples[split] != samples[split]
        assert changed.sum() == 1
        assert changed[jump]
        assert 4 < abs(found.samples[split][jump]) < 12  # three times what 99 % of all are below
    np.testing.assert_array_equal(found.samples["valid"], samples["valid"])


def test_dropped(samples):
    found = treat_glitches(samples, FEATURES, [["x", "y"]], "drop")
    np.testing.assert_array_equal(found.samples["train"], np.delete(samples["train"], 2, axis=0))
    np.testing.assert_array_equal(np.flatnonzero(~found.kept["test"]), [0])
    samples["valid"][:, 0, 0, 0] = 500
    with pytest.raises(ValueError, match=r"all 8 samples of valid have glitches; set `glitches: c"):
        treat_glitches(samples, FEATURES, [], "drop")


def test_limits_are_those_of_the_training_split_and_of_features_on_one_scale(samples):
    samples["test"] *= 100  # no reason to think more of them usual
    assert treat_glitches(samples, FEATURES, [], "clip").values["test"] > 500
    samples["train"][..., 1] *= 0.01
    alone = treat_glitches(samples, FEATURES, [], "clip").values
    together = treat_glitches(samples, FEATURES, [["x", "y"]], "clip").values
    assert alone["valid"] > together["valid"] == 0


def test_what_hardly_changes_has_no_limits(samples):
    samples["train"][..., 1] = 3.0
    samples["train"][0, 0, 0, 1] = 4.0
    assert treat_glitches(samples, FEATURES, [], "clip").values["train"] == 1  # that of x


@pytest.mark.parametrize("how", ["keep", "clip", "drop"])
def test_own_data(how, tmp_path):
    """A lost marker in one recording of nine; windows are numbered as the file has them."""
    random = np.random.default_rng(0)
    values = random.normal(size=(9, 2, 12, 2))
    values[4, 1, 6, 0] = 1e4
    types = ["no", "yes"]
    np.savez(
        tmp_path / "own.npz",
        trajectories=values,
        edges=np.arange(9)[:, None, None] % 2 * np.ones((9, 2, 2), int),
    )
    settings = OwnSettings(
        source="own",
        path="own.npz",
        features=["x", "y"],
        frame_interval=1,
        frames={"train": 5, "valid": 5, "test": 8},
        split={"by": "sample", "train": 0.6, "valid": 0.2, "test": 0.2},
        edge_types=types,
        glitches=how,
    )
    output = tmp_path / "own.h5"
    windows = prepare_own(settings, {"files": [tmp_path / "own.npz"]}, None, output)
    split = windows.query("recording == '3'")["split"].iloc[0]
    with h5py.File(output) as file:
        assert ("glitches" in file.attrs) == (how != "keep")
        found = json.loads(file.attrs.get("glitches", "{}"))
    touched = {name: each["values"] for name, each in found.items() if each["values"]}
    assert sum(touched.values()) == (how != "keep")
    largest = max(np.abs(read_split(output, name).trajectories).max() for name in found or [split])
    assert how == "keep" or largest < 12
    for name, rows in windows.groupby("split"):
        stored = read_split(output, name)
        assert len(stored.trajectories) == len(rows)
        np.testing.assert_array_equal(rows["sample"], range(len(rows)))
        edges = stored.known_edges[:, 0, 1]
        np.testing.assert_array_equal(edges, pd.to_numeric(rows["recording"]) % 2)
    assert read_metadata(output).config["glitches"] == how
