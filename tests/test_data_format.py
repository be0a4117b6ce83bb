"""The dataset file: what is written is read, half a file is none, errors say where."""

import dataclasses
import errno
import os
import re
import signal
import time
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nri.data.format import (
    DataFormatError,
    Dataset,
    Metadata,
    read_metadata,
    read_split,
)
from nri.data.normalisation import Normalisation
from nri.data.reading import crash
from nri.data.samples import load_samples
from nri.data.writer import DatasetWriter

METADATA = Metadata(
    features=("x", "y", "charge"),
    units=("m", "m", "e"),
    frame_interval=0.04,
    edge_types=("none", "some"),
    config={"seed": 1},
    shared_ranges=(("x", "y"),),
    objects=("a", "b"),
    skeleton=np.array([[0, 1], [1, 0]], dtype=np.int8),
)
TRAJECTORIES = np.random.default_rng(0).normal(size=(4, 2, 6, 3)).astype(np.float32)
EDGES = np.array([[[0, 1], [0, 0]]] * 4, dtype=np.int8)


def interrupted(path):
    with DatasetWriter(path, METADATA) as writer:
        writer.create_split("train", 4, 2, 6, with_edges=True)
        raise KeyboardInterrupt


def write(path, trajectories=TRAJECTORIES, edges=EDGES, announced=("train", "test"), written=None):
    """A file of splits with all the same samples; returns its path."""
    samples, objects, frames, _ = trajectories.shape
    with DatasetWriter(path, METADATA) as writer:
        for split in announced:
            writer.create_split(split, samples, objects, frames, with_edges=edges is not None)
        for split in announced if written is None else written:
            writer.write(split, 0, trajectories, edges)
    return path


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "data.h5")


def test_what_is_written_is_read(path):
    metadata, split = read_metadata(path), read_split(path, "train")
    for field in ("features", "units", "frame_interval", "edge_types", "config", "objects"):
        assert getattr(metadata, field) == getattr(METADATA, field)
    assert metadata.shared_ranges == METADATA.shared_ranges
    np.testing.assert_array_equal(metadata.skeleton, METADATA.skeleton)
    np.testing.assert_array_equal(split.trajectories, TRAJECTORIES)
    np.testing.assert_array_equal(split.edges, EDGES)
    assert (split.trajectories.dtype, split.edges.dtype) == (np.float32, np.int8)
    some = read_split(path, "test", [1, 3])
    np.testing.assert_array_equal(some.trajectories, TRAJECTORIES[[1, 3]])


def test_a_file_is_opened_once(path):
    with Dataset(path) as dataset:
        assert dataset.metadata.observed_frames == TRAJECTORIES.shape[2]
        for split in ("train", "test"):
            np.testing.assert_array_equal(dataset.split(split).edges, EDGES)
    os.remove(path)  # nothing holds the file any more, and nothing reads it again
    assert dataset.metadata.features == METADATA.features


def test_the_observed_frames_are_those_of_the_config_until_there_is_a_file():
    nothing = {"features": ("x",), "units": ("m",), "frame_interval": 1.0}
    assert Metadata(**nothing).observed_frames is None
    assert Metadata(**nothing, config={"frames": {"train": 7}}).observed_frames == 7


def test_one_object_is_refused_when_writing_and_reading(path, tmp_path):
    with pytest.raises(DataFormatError, match=r"train/trajectories has 1 object; a graph joins"):
        write(tmp_path / "one.h5", TRAJECTORIES[:, :1], EDGES[:, :1, :1])
    with h5py.File(path, "a") as file:
        replace(file, "train/trajectories", TRAJECTORIES[:, :1])
    with pytest.raises(DataFormatError, match=r"data\.h5: train/trajectories has 1 object; a grap"):
        read_split(path, "train")


def test_the_normalisation_is_the_range_of_the_training_split(tmp_path):
    with DatasetWriter(tmp_path / "data.h5", METADATA) as writer:
        for split, scale in (("train", 1.0), ("test", 9.0)):
            writer.create_split(split, 4, 2, 6, with_edges=True)
            for start in (2, 0):
                piece = slice(start, start + 2)
                writer.write(split, start, scale * TRAJECTORIES[piece], EDGES[piece])
    normalisation = read_metadata(tmp_path / "data.h5").normalisation
    plane, charge = TRAJECTORIES[..., :2], TRAJECTORIES[..., 2]
    np.testing.assert_array_equal(normalisation.minimum, [plane.min(), plane.min(), charge.min()])
    np.testing.assert_array_equal(normalisation.maximum, [plane.max(), plane.max(), charge.max()])


def test_without_ground_truth_there_are_no_edges(tmp_path):
    assert read_split(write(tmp_path / "data.h5", edges=None), "train").edges is None


def test_an_interrupted_writer_leaves_what_was_there(path):
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        interrupted(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trajectories": changed(TRAJECTORIES, (2, 0, 1, 1), np.inf)}, "sample 2 is not finite"),
        ({"edges": changed(EDGES, (0, 0, 1), 2)}, "train/edges: values from 0 to 2 must be"),
        ({"edges": changed(EDGES, (0, 0, 1), -1)}, "train/edges: values from -1 to 1 must be"),
    ],
)
def test_wrong_values_are_refused_and_leave_no_file(tmp_path, arguments, message):
    with pytest.raises(DataFormatError, match=message):
        write(tmp_path / "data.h5", **arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("announced", "written", "message"),
    [
        (["train", "test"], ["train"], "not all samples written of test"),
        (["test"], ["test"], "no training split"),
    ],
)
def test_an_incomplete_file_is_none(tmp_path, announced, written, message):
    with pytest.raises(DataFormatError, match=message):
        write(tmp_path / "data.h5", announced=announced, written=written)
    assert list(tmp_path.iterdir()) == []


def test_announced_edges_have_to_come(tmp_path):
    with DatasetWriter(tmp_path / "data.h5", METADATA) as writer:
        writer.create_split("train", 4, 2, 6, with_edges=True)
        with pytest.raises(DataFormatError, match="train: edges in all pieces or none"):
            writer.write("train", 0, TRAJECTORIES)
        writer.write("train", 0, TRAJECTORIES, EDGES)


def replace(file, name, value):
    del file[name]
    file[name] = value


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda file: file.attrs.update(version=9), "version=9, expected .*data_format.md"),
        (lambda file: file.attrs.pop("format"), "format=None, .*data_format.md"),
        (lambda file: file.attrs.pop("features"), "root attribute 'features' is missing"),
        (lambda file: file.attrs.pop("frame_interval"), "attribute 'frame_interval' is missing"),
        (lambda file: file.pop("normalisation"), "normalisation/minimum and .*training split"),
        (
            lambda file: replace(file, "normalisation/maximum", [1.0, np.nan, 1.0]),
            "normalisation/maximum must hold the range of each of the 3 features",
        ),
        (lambda file: file.pop("train"), "no train/trajectories; the file has: test"),
        (
            lambda file: replace(file, "train/trajectories", TRAJECTORIES[..., :2]),
            r"train/trajectories has shape \(4, 2, 6, 2\), expected .* 3 features",
        ),
        (
            lambda file: replace(file, "train/trajectories", TRAJECTORIES[0]),
            r"train/trajectories has shape \(2, 6, 3\), expected \(samples",
        ),
        (
            lambda file: replace(file, "train/trajectories", np.nan * TRAJECTORIES),
            "train/trajectories: sample 0 is not finite",
        ),
        (
            lambda file: replace(file, "train/edges", EDGES[:, :1]),
            r"train/edges has shape \(4, 1, 2\), expected \(4, 2, 2\)",
        ),
        (lambda file: file.attrs.pop("edge_types"), "indices into the 0 names .*'edge_types'"),
    ],
)
def test_reading_a_wrong_file_names_file_and_place(path, damage, message):
    with h5py.File(path, "a") as file:
        damage(file)

    def read():
        read_metadata(path)
        read_split(path, "train")

    with pytest.raises(DataFormatError, match=message) as error:
        read()
    assert str(path) in str(error.value)


def by_chunks(file, name, value, keep):
    """Values in chunks of one sample, of which only `keep` are written."""
    del file[name]
    stored = file.create_dataset(name, value.shape, value.dtype, chunks=(1, *value.shape[1:]))
    for sample in keep:
        stored[sample] = value[sample]


def elsewhere(file, name, value):
    """Values that are to come from another file, which is not there."""
    del file[name]
    layout = h5py.VirtualLayout(value.shape, value.dtype)
    layout[:] = h5py.VirtualSource("gone.h5", "x", value.shape)
    file.create_virtual_dataset(name, layout)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        *(
            (lambda file, value=value: file.attrs.update(frame_interval=value), rf"is {value}; set")
            for value in (np.nan, np.inf, -0.0)
        ),
        (
            lambda file: replace(file, "normalisation/maximum", [1.0, np.inf, 1.0]),
            "normalisation/maximum must hold the range",
        ),
        (
            lambda file: replace(file, "test/trajectories", TRAJECTORIES[:, [0, 1, 1]]),
            r"numbers of objects differ \(2 in train, 3 in test, 2 in .*'objects', 2 in skeleton",
        ),
        (
            lambda file: file.attrs.update(objects=["a", "b", "c"]),
            r"differ \(2 in train, 2 in test, 3 in root attribute 'objects'",
        ),
        (lambda file: file.attrs.update(objects=["a", "a"]), "'objects': 'a' is there twice"),
        (
            lambda file: file.attrs.update(features=["x", "y\x01", "z"]),
            r"'features': 'y\\x01' has a control character",
        ),
        (
            lambda file: replace(file, "train/edges", EDGES + 0.5),
            "train/edges holds float64, expected whole numbers",
        ),
        (
            lambda file: replace(file, "train/trajectories", TRAJECTORIES.astype("S8")),
            r"train/trajectories holds \|S8, expected numbers",
        ),
        (
            lambda file: elsewhere(file, "train/trajectories", TRAJECTORIES),
            "train/trajectories refers to values in other files",
        ),
        (
            lambda file: by_chunks(file, "train/trajectories", TRAJECTORIES, [0, 1, 3]),
            "train/trajectories has values that were never written",
        ),
        (
            lambda file: by_chunks(file, "train/edges", EDGES, []),
            "train/edges has values that were never written",
        ),
        (
            lambda file: file["normalisation"].attrs.update(shared_ranges="[1"),
            r"data\.h5: not a readable HDF5 file",
        ),
    ],
)
def test_a_file_that_would_be_read_as_something_else_is_refused(path, damage, message):
    with h5py.File(path, "a") as file:
        damage(file)
    with pytest.raises(DataFormatError, match=message) as error:
        read_split(path, "train")
    assert str(path) in str(error.value)


def test_a_damaged_chunk_is_an_error_with_the_file(path):
    with h5py.File(path) as file:
        chunk = file["train/trajectories"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + chunk.size // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(
        DataFormatError, match=r"data\.h5: not a readable HDF5 file .*make it again"
    ):
        read_split(path, "train")


def test_a_split_that_no_memory_holds_is_refused_before_it_is_read(path):
    with h5py.File(path, "a") as file:
        del file["train/trajectories"]
        huge = (2**31, 2, 6, 3)
        file.create_dataset("train/trajectories", huge, "f4", chunks=(2**27, 2, 6, 3))
    with pytest.raises(DataFormatError, match="train/trajectories has values that were never"):
        read_metadata(path)


def test_the_limit_of_a_split_is_named(path, monkeypatch):
    monkeypatch.setattr("nri.data.reading.LARGEST", 2**7)
    read_metadata(path)
    for read in (read_split, lambda *split: load_samples(*split, torch.device("cpu"))):
        with pytest.raises(DataFormatError, match=r"train/trajectories takes .* the limit of"):
            read(path, "train")


def test_a_full_disk_is_said_with_the_room_that_is_needed(tmp_path, monkeypatch):
    usage = SimpleNamespace(free=1_000_000)
    monkeypatch.setattr("nri.data.writer.shutil.disk_usage", lambda _: usage)
    with pytest.raises(OSError, match=r"8\.4 MB are needed to go on, 1\.0 MB are free") as error:
        write(tmp_path / "data.h5")
    assert error.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_a_feature_that_float32_cannot_hold_is_refused(tmp_path):
    output = tmp_path / "data.h5"
    northing = TRAJECTORIES.astype(float)
    northing[..., 1] = 5334000.05 + 0.05 * np.arange(6)
    with pytest.raises(
        DataFormatError, match=r"data\.h5: feature 'y' goes from 5334000\.0.*offset"
    ):
        write(output, northing)
    assert not output.exists()
    northing[..., 1] -= 5334000
    write(output, northing)
    # What does not change loses nothing, nor does what only rounding changes.
    northing[..., 1] = 5334000.05
    northing[0, ..., 2] = 0.1 + 0.2
    northing[1:, ..., 2] = 0.3
    write(output, northing)
    with pytest.raises(DataFormatError, match="sample 0 is not finite, or beyond float32"):
        write(output, 1e300 * np.ones_like(northing))


def test_names_that_no_other_file_can_hold_are_not_written(tmp_path):
    for change, message in (
        ({"objects": ("a", "a")}, r"'objects': 'a' is there twice"),
        ({"features": ("x", "y", "\ud800")}, r"'features': '\\ud800' has a control character"),
        ({"edge_types": ("none", "so\x00me")}, r"'edge_types': 'so\\x00me' has a control"),
    ):
        with pytest.raises(DataFormatError, match=message):
            DatasetWriter(tmp_path / "data.h5", dataclasses.replace(METADATA, **change))


def test_no_file_and_no_hdf5_are_told_apart(tmp_path):
    with pytest.raises(DataFormatError, match=r"none\.h5: no such file"):
        read_metadata(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("x,y\n")
    with pytest.raises(DataFormatError, match=r"text\.h5: not a readable HDF5 file"):
        read_split(tmp_path / "text.h5", "train")


def test_the_documented_example_is_a_valid_file(repository, tmp_path, monkeypatch):
    text = (repository / "docs" / "data_format.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    metadata = read_metadata("own.h5")
    assert metadata.features == ("x", "y")
    for split in ("train", "valid", "test"):
        assert read_split("own.h5", split).trajectories.shape == (20, 3, 99, 2)
    normalised = metadata.normalisation.apply(read_split("own.h5", "train").trajectories)
    np.testing.assert_allclose([normalised.min(), normalised.max()], [-1.0, 1.0], atol=1e-6)


def test_names_of_fixed_length_are_read(path):
    with h5py.File(path, "a") as file:
        file.attrs["features"] = np.array([b"x", b"y", b"charge"])
    assert read_metadata(path).features == METADATA.features


values = st.floats(-1e6, 1e6, width=32)


@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=3), elements=values),
    st.sampled_from([np.float32, np.float64]),
)
def test_normalisation_maps_the_range_to_one_and_back(trajectories, dtype):
    trajectories = trajectories.astype(dtype)
    axes = tuple(range(trajectories.ndim - 1))
    bounds = [np.float64(bound) for bound in (trajectories.min(axes), trajectories.max(axes))]
    normalisation = Normalisation(*bounds)
    normalised = normalisation.apply(trajectories)
    assert normalised.dtype == dtype
    assert np.abs(normalised).max() <= 1 + 1e-6
    restored = normalisation.invert(normalised)
    assert restored.dtype == dtype
    # Rounding is relative to the largest number that occurs, not to each.
    np.testing.assert_allclose(
        restored, trajectories, rtol=0, atol=1e-6 * max(np.abs(trajectories).max(), 1e-30)
    )


def test_what_stops_a_child_is_said_and_what_it_raises_is_not():
    """libhdf5 crashes on some damaged files, and never returns from others."""
    began = time.monotonic()
    assert crash(lambda: time.sleep(600), seconds=0.2) == "it does not come to an end in 0.2 s"
    assert crash(lambda: os.kill(os.getpid(), signal.SIGSEGV)) == "it ends by SIGSEGV"
    assert crash(lambda: 1 / 0) is None
    assert crash(lambda: None) is None
    assert time.monotonic() - began < 60


def test_a_file_that_stops_libhdf5_is_refused(path, monkeypatch):
    monkeypatch.setattr("nri.data.format._check_version", lambda _: os.abort())
    with pytest.raises(DataFormatError, match=r"\.h5: damaged, .*SIGABRT.*make it again"):
        read_metadata(path)
