"""Damaged files of every kind are read or refused by the reader's own error."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from fuzzing import attack
from test_asf_amc import AMC, ASF
from tracking import moments, pick_and_roll, write_game

from nri.data.basketball.sportvu import TrackingFileError, check_archive, read_game
from nri.data.basketball.stretches import find_stretches
from nri.data.download import read_checksums
from nri.data.format import DataFormatError, Dataset, Metadata
from nri.data.mocap.asf_amc import MotionFileError, read_amc, read_asf
from nri.data.mocap.kinematics import joint_positions
from nri.data.own.prepare import prepare_own
from nri.data.own.recordings import RecordingError
from nri.data.own.settings import OwnSettings
from nri.data.splits import SPLITS
from nri.data.writer import DatasetWriter

OWN = (RecordingError, DataFormatError)
# Some errors name a recording or the data set, where one of many files is not what is wrong.
FRAMES = {"train": 4, "valid": 4, "test": 6}
VALUES = np.random.default_rng(0).normal(size=(4, 3, 12, 2))


def own(**changes):
    entry = {"source": "own", "path": "own", "features": ["x", "y"], "frames": FRAMES}
    return OwnSettings(**(entry | {"split": {"by": "sample"}} | changes))


def prepare(settings, path, edges=None):
    return prepare_own(settings, {"files": [path]}, edges, path.with_name("made.h5"))


def write_table(path):
    """Rows of four scenes of three objects; and the edges of each scene."""
    axes = [range(4), range(12), ["a", "b", "c"]]
    rows = pd.MultiIndex.from_product(axes, names=["scene", "t", "who"]).to_frame(index=False)
    rows[["x", "y"]] = VALUES.swapaxes(1, 2).reshape(-1, 2).round(3)
    rows.to_csv(path, index=False)
    edges = path.with_name("edges.csv")
    edges.write_text("sample,time,receiver,sender,type\n0,0,a,b,push\n1,2,b,c,push\n1,5,b,c,none\n")
    return edges


@pytest.mark.parametrize("gaps", ["refuse", "cut", "interpolate"])
def test_tables(tmp_path, gaps, seeds):
    path = tmp_path / "own.csv"
    write_table(path)
    columns = {"sample": "scene", "time": "t", "object": "who"}
    changes = {"columns": columns, "gaps": gaps, "max_gap": 2.0}
    read = partial(prepare, own(**changes), path)
    attack("own table, CSV", path, read, *OWN, seeds=seeds, named=False)


def test_tables_of_edges(tmp_path, seeds):
    path = tmp_path / "own.csv"
    edges = write_table(path)
    columns = {"sample": "scene", "time": "t", "object": "who"}
    settings = own(columns=columns, edge_types=["none", "push"], edges_change=True)
    read = partial(prepare, settings, path, edges)
    attack("own known edges, CSV", edges, read, *OWN, seeds=seeds, named=False)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives_of_arrays(tmp_path, save, seeds):
    path = tmp_path / "own.npz"
    edges = np.zeros((4, 3, 3), dtype=int)
    save(path, trajectories=VALUES, edges=edges, objects=["a", "b", "c"])
    settings = own(frame_interval=0.1, edge_types=["none", "push"])
    read = partial(prepare, settings, path)
    attack("own arrays, .npz", path, read, *OWN, seeds=seeds, named=False)


def test_arrays(tmp_path, seeds):
    path = tmp_path / "own.npy"
    np.save(path, VALUES)
    read = partial(prepare, own(frame_interval=0.1), path)
    attack("own arrays, .npy", path, read, *OWN, seeds=seeds, named=False)


@pytest.mark.parametrize("name", ["train_feats", "val_edges"])
def test_torch_files(tmp_path, name, seeds):
    for part in ("train", "val", "test"):
        torch.save(torch.from_numpy(VALUES).swapaxes(1, 2).clone(), tmp_path / f"{part}_feats")
        torch.save(torch.zeros(4, 12, 6), tmp_path / f"{part}_edges")
    settings = own(frame_interval=0.1, edge_types=["none", "push"], edges_change=True)

    def read():
        prepare_own(settings, {"files": [tmp_path]}, None, tmp_path / "made.h5")

    attack("own files of torch", tmp_path / name, read, *OWN, seeds=seeds, named=False)


def test_dataset_files(tmp_path, seeds):
    path = tmp_path / "data.h5"
    metadata = Metadata(("x", "y"), ("m", "m"), 0.1, ("none", "some"), objects=("a", "b", "c"))
    with DatasetWriter(path, metadata) as writer:
        for split in SPLITS:
            writer.create_split(split, 4, 3, 12, with_edges=True)
            writer.write(split, 0, VALUES, np.zeros((4, 3, 3), dtype=int))

    def read():
        with Dataset(path) as dataset:
            for split in SPLITS:
                dataset.split(split)

    attack("data set, HDF5", path, read, DataFormatError, seeds=seeds)


@pytest.mark.parametrize("name", ["nobody.asf", "nobody.amc"])
def test_motion_capture(tmp_path, name, seeds):
    asf, amc = tmp_path / "nobody.asf", tmp_path / "nobody.amc"
    asf.write_text(ASF)
    amc.write_text(AMC)

    def read():
        skeleton = read_asf(asf)
        joint_positions(skeleton, read_amc(amc, skeleton))

    reader = f"motion capture, {Path(name).suffix.upper()[1:]}"
    # A bone that is missing in one file is a bone too many in the other.
    attack(reader, tmp_path / name, read, MotionFileError, seeds=seeds, named=False)


@pytest.mark.parametrize("name", ["game.json", "game.7z"])
def test_tracked_games(tmp_path, name, seeds):
    path = write_game(tmp_path / name, moments(pick_and_roll(seconds=1.0)))

    def read():
        if check_archive(path):
            find_stretches(read_game(path), 5, 0.5, 3)

    reader = f"tracked game, {path.suffix}"
    attack(reader, path, read, TrackingFileError, seeds=seeds)


def test_checksums(tmp_path, repository, seeds):
    path = tmp_path / "pins.txt"
    shutil.copyfile(repository / "config/checksums/mocap.txt", path)
    read = partial(read_checksums, [path])
    attack("checksums of downloads", path, read, ValueError, seeds=seeds)
