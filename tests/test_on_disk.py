"""Data that the memory should not hold: trained from the disk, with the same results."""

import errno
import json
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from test_scale import path as large  # noqa: F401

from nri.config.runs import Run
from nri.data.format import Dataset, Metadata
from nri.data.on_disk import SamplesOnDisk, open_samples
from nri.data.samples import Samples, load_samples
from nri.data.writer import DatasetWriter
from nri.training.runs import Job, carry_out

CPU = torch.device("cpu")


@pytest.fixture
def nothing_fits(monkeypatch):
    monkeypatch.setattr("nri.data.on_disk.IN_MEMORY", 0)


@pytest.fixture(params=["none", "fixed", "changing"])
def file(request, tmp_path):
    """A data set of 7 samples, 3 objects, 4 frames, with edges of each kind."""
    random, changing = np.random.default_rng(1), request.param == "changing"
    metadata = Metadata(("x", "y"), ("", ""), 0.1, ("a", "b"), edges_change=changing)
    edges = random.integers(0, 2, (7, *(4,) * changing, 3, 3))
    with DatasetWriter(tmp_path / "data.h5", metadata) as writer:
        writer.create_split("train", 7, 3, 4, with_edges=request.param != "none")
        known = None if request.param == "none" else edges
        writer.write("train", 0, random.normal(size=(7, 3, 4, 2)), known)
    return tmp_path / "data.h5"


def same(one: Samples, other: Samples) -> bool:
    if one.edges is None or other.edges is None:
        return one.edges is other.edges and torch.equal(one.x, other.x)
    return torch.equal(one.edges, other.edges) and torch.equal(one.x, other.x)


def test_samples_are_those_in_memory(file, nothing_fits, tmp_path):
    loaded = load_samples(file, "train", CPU)
    stored = open_samples(file, "train", CPU, tmp_path / "scratch")
    assert isinstance(stored, SamplesOnDisk)
    assert (stored.shape, stored.device, len(stored)) == (loaded.x.shape, CPU, 7)
    assert loaded.edges is None or stored.take(slice(1)).edges.dtype == loaded.edges.dtype
    for index in (slice(None), slice(2, 5), slice(6, 99), torch.tensor([6, 0, 3, 3])):
        assert same(stored.take(index), loaded.take(index))
    assert [len(batch) for batch in stored.batches(3)] == [3, 3, 1]
    assert list((tmp_path / "scratch").iterdir()) == []  # the files have no names


def test_a_split_that_fits_is_loaded(file, tmp_path):
    assert isinstance(open_samples(file, "train", CPU, tmp_path / "scratch"), Samples)
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(("room", "step"), [(7, 1), (4, 2), (3, 3), (1, 7)])
def test_scales_come_from_samples_at_equal_distances(
    room, step, file, nothing_fits, tmp_path, monkeypatch
):
    loaded = load_samples(file, "train", CPU)
    assert loaded.typical() is loaded
    monkeypatch.setattr("nri.data.on_disk.TYPICAL", room * loaded.x[0].nbytes)
    stored = open_samples(file, "train", CPU, tmp_path)
    assert same(stored.typical(), loaded.take(slice(None, None, step)))


def test_a_disk_without_room_is_said_before_the_training(file, nothing_fits, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 10))
    with pytest.raises(OSError, match=r"0\.0 MB are free") as error:
        open_samples(file, "train", CPU, tmp_path / "scratch")
    assert error.value.errno == errno.ENOSPC


def trained(directory, data, settings) -> tuple[bytes, list[str]]:
    """The weights, and the curve without its seconds, of a training."""
    run = Run(dataset="springs5", encoder="mlp", decoder="mlp", edge_types=2, training=settings)
    carry_out(Job(run, 1, data, directory / "checkpoints", 30.0, "", 1, directory / "run"))
    rows = (directory / "run" / "curve.csv").read_text().splitlines()
    header = rows[0].split(",")
    kept = [number for number, name in enumerate(header) if not name.endswith("_seconds")]
    curve = [",".join(row.split(",")[number] for number in kept) for row in rows]
    return (directory / "run" / "model.safetensors").read_bytes(), curve


def test_a_training_from_the_disk_is_the_same_bit_for_bit(
    small_springs, make_settings, tmp_path, monkeypatch
):
    stages = [{}, {"graph": "refined", "freeze": "encoder"}]
    settings = make_settings(
        epochs=1, standardise=True, encoder_inputs="changes", stages=stages, undirected=True
    )
    loaded = trained(tmp_path / "loaded", small_springs, settings)
    monkeypatch.setattr("nri.data.on_disk.IN_MEMORY", 0)
    assert trained(tmp_path / "stored", small_springs, settings) == loaded


MEASURE = r"""
import json, re, sys
from pathlib import Path
import torch
from nri.data import on_disk
on_disk.IN_MEMORY = int(sys.argv[3])
status = Path("/proc/self/status")
peak = lambda: 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1])
before = peak()
samples = on_disk.open_samples(sys.argv[1], "train", torch.device("cpu"), Path(sys.argv[2]))
total = sum(samples.take(index).x.double().sum().item() for index in
            torch.randperm(len(samples), generator=torch.Generator().manual_seed(0)).split(128))
print(json.dumps([peak() - before, total]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells the peak")
def test_memory_as_the_operating_system_counts_it(large, tmp_path, repository):  # noqa: F811
    """An epoch in a drawn order, of 80 MB of trajectories."""
    with Dataset(large) as data:
        size = data.size("train")

    def measure(limit):
        command = [sys.executable, "-c", MEASURE, str(large), str(tmp_path), str(limit)]
        result = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
        return json.loads(result.stdout)

    (loaded, total), (stored, again) = measure(size), measure(size - 1)
    assert again == total
    assert loaded > 80e6
    assert stored < loaded - 60e6
