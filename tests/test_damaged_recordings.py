"""Damaged copies of the real recordings: each error names the file, the place and the remedy.

Those of tracking data are in test_sportvu.py, and made-up files with every other damage beside the
tests of their readers.
"""

import os
import re
import shutil

import h5py
import numpy as np
import pytest

from nri.data.format import DataFormatError, read_metadata, read_split
from nri.data.mocap.asf_amc import MotionFileError, read_amc, read_asf
from nri.data.own.prepare import prepare_own
from nri.data.own.recordings import RecordingError
from nri.data.own.settings import OwnSettings

SUBJECT = "mirror/mocap.cs.cmu.edu/subjects/35"


@pytest.fixture
def walk(data_dir, tmp_path):
    """Copies of the skeleton and of trial 2, which may be edited: text to text."""

    def edit(skeleton=lambda text: text, trial=lambda text: text):
        for name, change in (("35.asf", skeleton), ("35_02.amc", trial)):
            text = (data_dir / SUBJECT / name).read_bytes().decode()
            (tmp_path / name).write_bytes(change(text).encode())
        return read_amc(tmp_path / "35_02.amc", read_asf(tmp_path / "35.asf"))

    return edit


def without(section):
    return lambda text: re.sub(rf":{section}\r?\n(?:[^:].*\n)*", "", text)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"skeleton": without("root")}, r"35\.asf:\d+: .*no section :root"),
        ({"skeleton": without("hierarchy")}, r"35\.asf:\d+: .*no section :hierarchy"),
        ({"skeleton": lambda text: text[: len(text) // 2]}, r"35\.asf:\d+: "),
        ({"skeleton": lambda text: ""}, r"35\.asf:\d+: .*no section"),
        (
            {"skeleton": lambda text: text.replace("dof rx ry rz", "dof rx ry", 1)},
            r"35_02\.amc:30: .*expected 2",
        ),
        ({"trial": lambda text: text[: len(text) // 2]}, r"35_02\.amc:\d+: "),
        ({"trial": lambda text: text[:200]}, r"35_02\.amc:\d+: "),
        ({"trial": lambda text: ""}, r"35_02\.amc:1: .*no :DEGREES"),
        ({"trial": lambda text: text.replace("\r\n77\r\n", "\r\n78\r\n")}, r"frame 78 where .* 77"),
        (
            {"trial": lambda text: re.sub(r"thorax \S+", "thorax nan", text)},
            r"amc:\d+: .*not finite",
        ),
        (
            {"trial": lambda text: text.replace("lfoot", "left_foot", 1)},
            r"'left_foot' is no moving",
        ),
    ],
)
def test_motion_capture(walk, damage, says):
    assert len(walk()["root"]) > 300
    with pytest.raises(MotionFileError, match=says) as error:
        walk(**damage)
    assert "fetch it again" in str(error.value)


PEOPLE = {
    "names": ["frame", "who", "x", "y"],
    "separator": "\t",
    "columns": {"time": "frame", "object": "who"},
    "features": ["x", "y"],
    "time_unit": 0.04,
    "frames": {"train": 8, "valid": 8, "test": 12},
    "objects": 3,
}


def own(**changes):
    return OwnSettings(**({"source": "own", "path": "own", **PEOPLE} | changes))


@pytest.fixture
def people(data_dir, tmp_path):
    """Lines of a scene of pedestrians, and a way to read what is made of them."""
    lines = (data_dir / "own_data/eth_ucy/biwi_eth.txt").read_text().splitlines()

    def read(text, **changes):
        (tmp_path / "biwi_eth.txt").write_text(text)
        files = {"files": [tmp_path / "biwi_eth.txt"]}
        return prepare_own(own(**changes), files, None, tmp_path / "own.h5")

    return lines, read


def test_pedestrians(people, tmp_path):
    lines, read = people
    assert len(read("\n".join(lines), gaps="cut"))
    first = lines[20].split("\t")
    place = r"biwi_eth\.txt, lines? 21"
    for line, says in (
        ("\t".join([*first[:2], "nan", first[3]]), rf"{place}, column x: 'nan' is missing; set"),
        (
            "\t".join([*first[:2], "1,5", first[3]]),
            rf"{place}, column x: '1,5' has a decimal",
        ),
        ("\t".join([*first[:2], "-inf", first[3]]), rf"{place}, column x: '-inf' is not a finite"),
        ("\t".join(first[:3]), rf"{place}, column y: '' is missing"),
        ("\t".join(["", *first[1:]]), rf"{place}, column frame: '' is no time"),
        ("\t".join([*first, "1", "2"]), r"not readable as a table .*line 21"),
        (lines[20] + "\n" + lines[20], rf"{place} and 22: object .* is there twice at time"),
        (" ".join(first), rf"{place}, column who: '' is empty"),
    ):
        with pytest.raises(RecordingError, match=says):
            read("\n".join([*lines[:20], line, *lines[21:]]))
    cut = "\n".join(lines)[: -len(lines[-1]) + 8]
    with pytest.raises(RecordingError, match=rf"line {len(lines)}, column \w+: "):
        read(cut)
    with pytest.raises(RecordingError, match=r"biwi_eth\.txt: no row with all of x, y"):
        read("")


def test_a_stored_copy(people, tmp_path):
    """A dataset file of the real data, damaged as files are."""
    lines, read = people
    read("\n".join(lines), gaps="cut")
    path, copy = tmp_path / "own.h5", tmp_path / "copy.h5"

    def damaged(change):
        shutil.copy(path, copy)
        with h5py.File(copy, "a") as file:
            change(file)
        return copy

    def with_edges(file, types, version=1, kind=int):
        file.attrs["edge_types"], file.attrs["version"] = ["none", "near"], version
        for split in ("train", "valid", "test"):
            count, objects, *_ = file[f"{split}/trajectories"].shape
            file[f"{split}/edges"] = np.full((count, objects, objects), types, kind)

    typed = {"edge_types": ["none", "near"], "gaps": "cut"}
    for change, settings, says in (
        (
            lambda f: f.attrs.update(version=3),
            {},
            r"version=3, expected .*version=1 or 2; see docs",
        ),
        (
            lambda f: with_edges(f, 2),
            typed,
            r"/edges: values from 2 to 2 must be indices .* 2 names",
        ),
        (
            lambda f: with_edges(f, 1, 2),
            {**typed, "edges_change": True},
            r"/edges has shape .*2$|v",
        ),
        (lambda f: with_edges(f, 1, 2), typed, r"copy\.h5: the file's edges change in time; set"),
        (lambda f: f.pop("valid"), {}, r"copy\.h5: no valid/trajectories; the file has: train, te"),
        (lambda f: f.attrs.pop("features"), {}, r"root attribute 'features' is missing; see docs"),
    ):
        with pytest.raises((DataFormatError, RecordingError), match=says) as error:
            prepare_own(own(**settings), {"files": [damaged(change)]}, None, tmp_path / "again.h5")
        assert str(copy) in str(error.value)
    shutil.copy(path, copy)
    os.truncate(copy, path.stat().st_size // 2)
    with pytest.raises(
        DataFormatError, match=r"copy\.h5: not a readable HDF5 file .*make it again"
    ):
        read_metadata(copy)
    with pytest.raises(DataFormatError, match=r"no such file"):
        read_split(tmp_path / "none.h5", "train")


def test_arrays(data_dir, tmp_path):
    """A NumPy file of the real oscillator, damaged as files are."""
    table = np.loadtxt(data_dir / "own_data/real_double_oscillator/real_double_linear_h_1.txt")
    values = np.stack([table[:, [2, 4]], table[:, [3, 5]]])[None]
    changes = {"features": ["x", "v"], "frame_interval": 0.033, "objects": None, "columns": {}}
    changes |= {"names": None, "time_unit": 1.0}
    path, output = tmp_path / "own.npz", tmp_path / "own.h5"

    def read(content, **more):
        np.savez(path, **content)
        return prepare_own(own(**changes, **more), {"files": [path]}, None, output)

    assert len(read({"trajectories": values}))
    hole, types = values.copy(), {"edge_types": ["none", "spring"]}
    hole[0, 1, 40] = np.nan
    for content, more, says in (
        (
            {"trajectories": hole},
            {},
            r"recording 0: object 1 has no value at time 1\.32 s .*set `ga",
        ),
        ({"trajectories": values + np.inf}, {}, r"own\.npz: trajectories must be finite"),
        (
            {"trajectories": values[0]},
            {},
            r"own\.npz: trajectories has shape \(2, 495, 2\), expected",
        ),
        ({"positions": values}, {}, r"own\.npz: no array 'trajectories'; the file has positions"),
        (
            {"trajectories": values, "edges": 3 * np.ones((1, 2, 2), int)},
            types,
            r"own\.npz: edges from 3 to 3 must be indices into the 2",
        ),
        ({"trajectories": values}, types, r"own\.npz: edges and `edge_types` belong together"),
        ({"trajectories": values.astype(object)}, {}, r"own\.npz: not a readable NumPy file"),
    ):
        with pytest.raises(RecordingError, match=says):
            read(content, **more)
    read({"trajectories": values})
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(RecordingError, match=r"own\.npz: not a readable NumPy file .*numpy\.savez"):
        prepare_own(own(**changes), {"files": [path]}, None, output)


def test_edges_that_change(data_dir, tmp_path):
    """The real files, one of them cut off; every cut is noticed."""
    settings = own(
        features=["x", "y", "vx", "vy"],
        frame_interval=1,
        objects=None,
        edge_types=["none", "push"],
        edges_change=True,
        columns={},
        names=None,
        time_unit=1.0,
        frames={"train": 12, "valid": 12, "test": 50},
    )
    for name in ("train_feats", "val_edges"):
        synth = tmp_path / name
        shutil.copytree(data_dir / "dynamic_edges", synth, copy_function=shutil.copyfile)
        size = (synth / name).stat().st_size
        for keep in (0, 100, 700, size // 2, size - 1):
            shutil.copyfile(data_dir / "dynamic_edges" / name, synth / name)
            os.truncate(synth / name, keep)
            with pytest.raises(RecordingError, match=rf"{name}: not a readable .*fetch it again"):
                prepare_own(settings, {"files": [synth]}, None, tmp_path / "own.h5")
