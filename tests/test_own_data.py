"""Own data: what is read is what was written, windows keep the rules, damage is named."""

import io
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from zipfile import ZipFile

import networkx
import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from nri.data.format import DataFormatError, read_metadata, read_split
from nri.data.own.prepare import prepare_own
from nri.data.own.recordings import Recording, RecordingError
from nri.data.own.settings import OwnSettings
from nri.data.own.source import Own
from nri.data.own.windows import find_windows
from nri.evaluation.inference import edge_table, write_edges, write_graphs
from nri.evaluation.new_data import features_beyond_range
from nri.evaluation.posterior_file import StoredPosterior
from nri.matching import true_order

FRAMES = {"train": 5, "valid": 5, "test": 8}
STEP = 0.25


def settings(**changes):
    entry = {
        "source": "own",
        "path": "own.csv",
        "columns": {"sample": "scene", "time": "t", "object": "who"},
        "features": ["x", "y"],
        "frames": FRAMES,
        "split": {"by": "sample"},
    }
    return OwnSettings(**(entry | changes))


def table(scenes=4, objects=3, frames=16):
    """Rows of scenes, with x and y that tell scene, object and frame."""
    index = pd.MultiIndex.from_product(
        [range(scenes), range(frames), range(objects)], names=["scene", "frame", "who"]
    )
    rows = index.to_frame(index=False)
    rows["t"] = 10.0 + STEP * rows["frame"]
    rows["x"] = 100.0 * rows["scene"] + 10 * rows["who"] + rows["frame"] ** 2 / 64
    rows["y"] = -rows["x"]
    return rows[["scene", "t", "who", "x", "y"]]


def prepare(directory, rows, edges=None, **changes):
    """Write rows (a frame, or text) and make the dataset file: its path, and the windows."""
    source, output = directory / "own.csv", directory / "own.h5"
    if isinstance(rows, str):
        source.write_text(rows)
    else:
        rows.to_csv(source, index=False)
    if edges is not None:
        edges.to_csv(directory / "edges.csv", index=False)
        edges = directory / "edges.csv"
    return output, prepare_own(settings(**changes), {"files": [source]}, edges, output)


def test_a_table_is_what_the_samples_hold(tmp_path):
    rows = table().sample(frac=1, random_state=0)
    path, windows = prepare(tmp_path, rows, units=["m", "m"], shared_ranges=[["x", "y"]])
    metadata = read_metadata(path)
    assert metadata.features == ("x", "y")
    assert metadata.units == ("m", "m")
    assert metadata.frame_interval == pytest.approx(STEP)
    assert metadata.normalisation.minimum[0] == metadata.normalisation.minimum[1]
    for row in windows.itertuples():
        sample = read_split(path, row.split, [row.sample]).trajectories[0]
        frame = round((row.start - 10) / STEP) + np.arange(FRAMES[row.split])
        who = np.array([int(name) for name in row.objects.split(";")])[:, None]
        x = 100 * int(row.recording) + 10 * who + frame**2 / 64
        np.testing.assert_allclose(sample, np.stack([x, -x], -1), rtol=1e-6)
        assert row.end - row.start == pytest.approx(STEP * (FRAMES[row.split] - 1))
    scenes = windows.groupby("split")["recording"].agg(set)
    assert set.union(*scenes) == {"0", "1", "2", "3"}
    assert sum(map(len, scenes)) == 4


def test_parts_of_a_split_by_time_share_no_frame(tmp_path):
    rule = {"by": "time", "train": 0.5, "valid": 0.25, "test": 0.25}
    changes = {"split": rule, "stride": 1, "velocities": ["x"]}
    _, windows = prepare(tmp_path, table(frames=40), **changes)
    ranges = windows.groupby("split").agg({"start": "min", "end": "max"})
    assert ranges.loc["train", "end"] < ranges.loc["valid", "start"] - STEP * 1.5
    assert ranges.loc["valid", "end"] < ranges.loc["test", "start"] - STEP * 1.5
    # 20 frames, of which the first has no velocity; windows of 5 that begin at every frame.
    assert (windows["split"] == "train").sum() == 4 * 15


def test_velocities_are_the_step_that_led_here(tmp_path):
    path, _ = prepare(tmp_path, table(frames=17), velocities=["x"], units=["m", ""])
    metadata, data = read_metadata(path), read_split(path, "train").trajectories
    assert metadata.features == ("x", "y", "vx")
    assert metadata.units == ("m", "", "m/s")
    step = np.diff(data[..., 0], axis=2) / STEP
    np.testing.assert_allclose(data[:, :, 1:, 2], step, atol=1e-4)
    assert data[0, 0, 0, 2] == pytest.approx(1 / 64 / STEP, abs=1e-4)


def test_a_row_for_all_objects(tmp_path):
    wide = table(objects=2).pivot(index=["scene", "t"], columns="who", values=["x", "y"])
    wide.columns = [f"{name}{who}" for name, who in wide.columns]
    columns = {"sample": "scene", "time": "t", "objects": {"l": ["x0", "y0"], "r": ["x1", "y1"]}}
    path, windows = prepare(tmp_path, wide.reset_index(), columns=columns)
    assert read_metadata(path).objects == ("l", "r")
    first = windows.query("split == 'train'").iloc[0]
    x = read_split(path, "train").trajectories[0, 1, 0, 0]
    assert x == 100 * int(first["recording"]) + 10


def test_objects_that_come_and_go():
    values = np.zeros((4, 20, 1))
    values[1, :3] = np.nan  # comes at frame 3
    values[2, 12:] = np.nan  # goes at frame 12
    values[3, 9] = np.nan  # is lost for a frame
    recording = Recording("a", 0.0, 1.0, ("A", "B", "C", "D"), values)
    windows = find_windows([recording], 6, 2, 6)
    found = [(row["start"], row["objects"]) for row in windows.rows]
    # Of three that are there, C is the rest; with B there are four, two and two.
    assert found == [(0, "A;C"), (6, "A;B"), (12, "A;B")]
    assert find_windows([recording], 6, None, 6).rows[0]["start"] == 3
    assert len(find_windows([recording], 6, 4, 6)) == 1
    assert not len(find_windows([recording], 7, 4, 7))


@pytest.fixture
def damaged():
    """A table without one row inside a scene."""
    rows = table()
    return rows.drop(rows.query("scene == 1 and who == 2 and t == 11.5").index)


def test_a_gap_is_refused_cut_or_filled(damaged, tmp_path):
    with pytest.raises(RecordingError, match=r"recording 1: object 2 has no value at time 11\.5 s"):
        prepare(tmp_path, damaged)
    assert not (tmp_path / "own.h5").exists()
    with pytest.raises(RecordingError, match=r"object 2 has no value"):
        prepare(tmp_path, damaged, objects=3)
    whole = len(prepare(tmp_path, table())[1])
    assert len(prepare(tmp_path, damaged, gaps="cut")[1]) < whole
    _, windows = prepare(tmp_path, damaged, gaps="interpolate", max_gap=2 * STEP)
    assert len(windows) == whole
    _, windows = prepare(tmp_path, damaged, gaps="interpolate", max_gap=STEP)
    assert len(windows) < whole


def test_what_is_filled_is_linear(damaged, tmp_path):
    changes = {"gaps": "interpolate", "max_gap": 1.0, "frames": {**FRAMES, "test": 16}}
    rule = {"by": "sample", "train": 1, "valid": 1, "test": 2, "seed": 3}
    for seed in range(20):  # a seed that puts the damaged scene into the test split
        path, windows = prepare(tmp_path, damaged, **changes, split=rule | {"seed": seed})
        test = windows.query("split == 'test' and recording == '1'")
        if len(test):
            break
    x = read_split(path, "test", [test["sample"].iloc[0]]).trajectories[0, 2, :, 0]
    assert x[6] == pytest.approx((x[5] + x[7]) / 2)
    assert x[6] != pytest.approx(120 + 36 / 64)


def test_irregular_times_are_resampled_only_on_demand(tmp_path):
    rows = table()
    rows.loc[rows["who"] == 1, "t"] += 0.3 * STEP * (rows["t"] > 11)
    with pytest.raises(RecordingError, match=r"own\.csv, line \d+: time .* is not a multiple"):
        prepare(tmp_path, rows)
    prepare(tmp_path, rows, gaps="interpolate", max_gap=1.0, frame_interval=STEP)


HEAD = "scene,t,who,x,y\n"
LINES = "".join(f"0,{t},{who},1.0,{t}\n" for t in range(9) for who in "ab")
DAMAGE = [
    (HEAD + "0,0,a,one,2\n", {}, r"own\.csv, line 2, column x: 'one' is not a finite number"),
    (HEAD + "0,0,a,1,2\n0,1,a,,2\n", {}, r"line 3, column x: '' is missing; set `gaps"),
    (HEAD + "0,0,a,1,inf\n", {}, r"line 2, column y: 'inf' is not a finite number"),
    (HEAD + "0,,a,1,2\n", {}, r"line 2, column t: '' is no time"),
    (HEAD + "0,1e308,a,1,2\n", {"time_unit": 60.0}, r"line 2, column t: '1e308' is not a finite"),
    (HEAD + "0,0,,1,2\n", {}, r"line 2, column who: '' is empty"),
    (HEAD + "0,0,a,1,2\n0,1,a,1\n", {}, r"line 3, column y: '' is missing"),
    (HEAD + "0,0,a,1,2\n0,1,a,1,2,3,4\n", {}, r"own\.csv: not readable as a table.*line 3"),
    (
        HEAD + LINES + "0,3,a,1,2\n",
        {"split": {"by": "time"}},
        r"lines 8 and 20: object a is there twice at time 3 s",
    ),
    (HEAD + "0,0,a,1,2\n0,0,b,1,2\n", {}, r"no object has two times"),
    (HEAD + LINES, {"features": ["x", "z"]}, r"no column z; the columns are scene, t, who, x, y"),
    (HEAD + LINES, {"separator": ";"}, r"no column t, scene, who, x, y"),
    (HEAD + LINES, {}, r"1 recordings are too few to split by sample; set `split: \{by: time\}`"),
    (HEAD + LINES, {"split": {"by": "time"}}, r"no window of 5 frames for valid.*lower frames"),
    (HEAD + LINES.replace(",b,", ",b;c,"), {}, r"object 'b;c' has a ';' in its name"),
    # A decimal comma in every row, and a name that was forgotten: the rest must not move up.
    (HEAD + LINES.replace("1.0,", "1.0,1,"), {}, r"own\.csv: not readable as a table .*decimal co"),
    (
        LINES.replace("1.0,", "1.0,1,"),
        {"names": ["scene", "t", "who", "x", "y"]},
        r"own\.csv: not readable as a table .*`names`",
    ),
    (HEAD + LINES, {"separator": "(("}, r"own\.csv: not readable as a table"),
    (
        HEAD + LINES.replace(",b,", ",b\x01,"),
        {"split": {"by": "time"}},
        r"own\.csv: recording '0': object 'b\\x01' has a control character",
    ),
    ("", {}, r"own\.csv: not readable as a table"),
    (HEAD, {}, r"own\.csv: no row with all of x, y"),
]


@pytest.mark.parametrize(("text", "changes", "message"), DAMAGE, ids=lambda v: str(v)[-50:])
def test_damage_is_named(text, changes, message, tmp_path):
    with pytest.raises(RecordingError, match=message):
        prepare(tmp_path, text, **changes)
    assert not (tmp_path / "own.h5").exists()


@pytest.mark.parametrize("stray", ["1e6", "20200101", "1e18"])
def test_one_stray_time_is_named_before_there_is_an_array(tmp_path, stray):
    rows = table(scenes=1).astype({"t": object})
    rows.loc[20, "t"] = stray
    changes = {"frame_interval": 1e-3, "split": {"by": "time"}, "gaps": "cut"}
    message = r"own\.csv, lines 49 and 22: recording 0 goes from time 13\.75 s \(object 2\) to .*"
    with pytest.raises(RecordingError, match=message + r"\(object 2\).* the limit of 1 GiB"):
        prepare(tmp_path, rows, **changes)


@pytest.mark.parametrize("name", ["line", "first", "object", "sample", "time", "frame"])
def test_columns_may_have_the_names_of_what_is_made_of_them(tmp_path, name):
    rows = table()
    expected = read_split(prepare(tmp_path, rows)[0], "train").trajectories
    path, _ = prepare(tmp_path, rows.rename(columns={"x": name}), features=[name, "y"])
    np.testing.assert_array_equal(read_split(path, "train").trajectories, expected)
    assert read_metadata(path).frame_interval == pytest.approx(STEP)


@pytest.mark.skipif(find_spec("pyarrow") is not None, reason="pyarrow reads Parquet")
def test_parquet_without_a_reader_says_what_to_install(tmp_path):
    (tmp_path / "own.parquet").write_bytes(b"PAR1")
    with pytest.raises(RecordingError, match=r"own\.parquet: no reader .*`pip install pyarrow`"):
        prepare_own(settings(), {"files": [tmp_path / "own.parquet"]}, None, tmp_path / "own.h5")


def test_parquet_is_read_as_csv_is(damaged, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: Parquet is optional")
    damaged.loc[damaged.index[7], "x"] = np.nan
    source, ours = tmp_path / "own.parquet", tmp_path / "parquet.h5"
    damaged.astype({"x": np.float32, "who": "string"}).to_parquet(source)
    windows = prepare_own(settings(gaps="cut"), {"files": [source]}, None, ours)
    theirs, expected = prepare(tmp_path, damaged, gaps="cut")
    pd.testing.assert_frame_equal(windows, expected)
    for split in FRAMES:
        found = read_split(ours, split).trajectories
        np.testing.assert_allclose(found, read_split(theirs, split).trajectories, rtol=1e-6)
    with pytest.raises(RecordingError, match=r"own\.parquet, line 8, column x: '' is missing"):
        prepare_own(settings(), {"files": [source]}, None, ours)
    os.truncate(source, source.stat().st_size // 2)
    with pytest.raises(RecordingError, match=r"own\.parquet: not readable as Parquet"):
        prepare_own(settings(gaps="cut"), {"files": [source]}, None, ours)


def test_known_edges(tmp_path):
    pairs = [("0", "1", "spring"), ("2", "0", "spring")]
    edges = pd.DataFrame(pairs, columns=["receiver", "sender", "type"])
    path, windows = prepare(tmp_path, table(), edges, edge_types=["none", "spring"])
    expected = np.array([[0, 1, 0], [0, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(read_split(path, "test").edges[0], expected)
    own = edges.assign(sample=["2", "3"])
    path, windows = prepare(tmp_path, table(), own, edge_types=["none", "spring"])
    for row in windows.itertuples():
        found = read_split(path, row.split, [row.sample]).edges[0]
        count = {"2": expected[0].sum(), "3": expected[2].sum()}.get(row.recording, 0)
        assert found.sum() == count
        assert found[0, 1] == (row.recording == "2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": ["rod", "rod"]}, r"edges\.csv, line 2, column type: 'rod' is none of edge_types"),
        ({"sender": ["1", "9"]}, r"line 3, column sender: '9' is no object"),
        ({"sender": ["1", "2"]}, r"line 3, column sender: '2' is the receiver too"),
        ({"receiver": ["0", "0"], "sender": ["1", "1"]}, r"line 3.*there twice"),
        ({"sample": ["0", "8"]}, r"line 3, column sample: '8' is no recording"),
    ],
)
def test_wrong_edges_are_named(change, message, tmp_path):
    edges = {"receiver": ["0", "2"], "sender": ["1", "0"], "type": ["spring"] * 2} | change
    with pytest.raises(RecordingError, match=message):
        prepare(tmp_path, table(), pd.DataFrame(edges), edge_types=["none", "spring"])


def test_a_row_of_edges_that_is_longer_than_the_header_is_refused(tmp_path):
    """It would move all its columns."""
    edges = pd.DataFrame({"receiver": "0", "sender": "1", "type": ["spring"], "note": "left"})
    source = tmp_path / "edges.csv"
    source.write_text(edges.to_csv(index=False).replace(",note", ""))
    table().to_csv(tmp_path / "own.csv", index=False)
    entry = settings(edge_types=["none", "spring"])
    with pytest.raises(RecordingError, match=r"edges\.csv: not readable as a table"):
        prepare_own(entry, {"files": [tmp_path / "own.csv"]}, source, tmp_path / "own.h5")


def test_arrays_and_dataset_files(small_springs, tmp_path):
    values = np.random.default_rng(0).normal(size=(6, 3, 16, 2))
    values[2, 1, 7] = np.nan
    array, output = tmp_path / "own.npz", tmp_path / "own.h5"
    np.savez(array, trajectories=values, objects=["a", "b", "c"])
    changes = {"frame_interval": 0.1, "gaps": "cut"}
    windows = prepare_own(settings(**changes), {"files": [array]}, None, output)
    assert read_metadata(output).objects == ("a", "b", "c")
    row = windows.query("split == 'train'").iloc[-1]
    start = round(row["start"] / 0.1)
    expected = values[int(row["recording"]), :, start : start + 5]
    found = read_split(output, "train", [row["sample"]]).trajectories[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    for changed, message in (
        ({"gaps": "cut"}, r"set `frame_interval`"),
        ({**changes, "features": ["x"]}, r"shape \(6, 3, 16, 2\).*1 of `features`"),
        ({**changes, "edge_types": ["no", "yes"]}, r"edges and `edge_types` belong together"),
    ):
        with pytest.raises(RecordingError, match=message):
            prepare_own(settings(**changed), {"files": [array]}, None, output)

    springs = {"features": ["x", "y", "vx", "vy"], "edge_types": ["none", "spring"]}
    springs["frames"] = {"train": 49, "valid": 49, "test": 99}
    prepare_own(settings(**springs), {"files": [small_springs]}, None, output)
    for split in ("train", "test"):
        ours, theirs = read_split(output, split), read_split(small_springs, split)
        np.testing.assert_array_equal(ours.trajectories, theirs.trajectories)
        np.testing.assert_array_equal(ours.edges, theirs.edges)
    with pytest.raises(RecordingError, match=r"the file's features are x, y, vx, vy"):
        prepare_own(settings(), {"files": [small_springs]}, None, output)
    with pytest.raises(DataFormatError, match="no such file"):
        prepare_own(settings(), {"files": [tmp_path / "absent.h5"]}, None, output)


def save_npz(path, **members):
    """An archive of arrays as NumPy makes them, or of bytes."""
    with ZipFile(path, "w") as archive:
        for name, value in members.items():
            if isinstance(value, np.ndarray):
                with archive.open(f"{name}.npy", "w") as file:
                    np.save(file, value)
            else:
                archive.writestr(f"{name}.npy", value)


def announcing(shape):
    """A file in NumPy's format that announces an array and holds nothing of it."""
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


VALUES = np.random.default_rng(0).normal(size=(6, 3, 16, 2))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"trajectories": announcing((10**6, 10**6))}, r"announces an array \(1000000, 1000000\)"),
        ({"trajectories": b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8', \n"}, "not a readable NumPy"),
        ({"trajectories": b"\x93NUMPY\x09\x00"}, "not a readable NumPy"),
        ({"positions": VALUES}, "no array 'trajectories'; the file has positions"),
        (
            {"trajectories": VALUES, "objects": np.array(["a", "b", "a"])},
            r"own\.npz: recording '0': object 'a' is there twice",
        ),
        ({"trajectories": VALUES, "objects": np.array("abc")}, r"`objects` of <U3 has shape \(\)"),
        ({"trajectories": VALUES, "objects": np.ones(3)}, "`objects` of float64 has shape"),
    ],
)
def test_odd_arrays_are_refused(tmp_path, members, message):
    path = tmp_path / "own.npz"
    save_npz(path, **members)
    with pytest.raises(RecordingError, match=message) as error:
        prepare_own(settings(frame_interval=0.1), {"files": [path]}, None, tmp_path / "own.h5")
    assert str(path) in str(error.value)


def test_what_is_not_needed_of_an_archive_is_not_unpacked(tmp_path, monkeypatch):
    path, output = tmp_path / "own.npz", tmp_path / "own.h5"
    save_npz(path, trajectories=VALUES, more=b"no array at all")
    prepare_own(settings(frame_interval=0.1), {"files": [path]}, None, output)
    monkeypatch.setattr("nri.data.reading.LARGEST", VALUES.nbytes - 1)
    with pytest.raises(RecordingError, match=r"own\.npz: trajectories takes .*limit of"):
        prepare_own(settings(frame_interval=0.1), {"files": [path]}, None, output)


def test_names_in_the_settings_can_be_written():
    for key in ("features", "edge_types"):
        found = dict(Own.contradictions(settings(**{key: ["x", "y\x1b"]})))
        assert found[key] == r"'y\x1b' has a control character in its name; rename it"


def test_recordings_of_one_object_are_refused(tmp_path):
    with pytest.raises(RecordingError, match=r"own\.csv: no recording has two objects"):
        prepare(tmp_path, table(objects=1))
    array, one = tmp_path / "own.npz", np.zeros((6, 1, 16, 2))
    np.savez(array, trajectories=one)
    with pytest.raises(RecordingError, match=r"own\.npz: trajectories has 1 object, but"):
        prepare_own(settings(frame_interval=0.1), {"files": [array]}, None, tmp_path / "own.h5")
    assert not (tmp_path / "own.h5").exists()


def test_a_file_of_each_split(tmp_path):
    files = {}
    for seed, split in enumerate(("train", "valid", "test")):
        files[split] = [tmp_path / f"{split}.csv"]
        table(scenes=seed + 1).to_csv(files[split][0], index=False)
    windows = prepare_own(settings(), files, None, tmp_path / "own.h5")
    recordings = windows.groupby("split")["recording"].unique()
    assert list(recordings["valid"]) == ["valid:0", "valid:1"]
    files["test"] = files["valid"]
    with pytest.raises(RecordingError, match=r"valid\.csv is in valid and in test"):
        prepare_own(settings(), files, None, tmp_path / "own.h5")


def test_a_real_double_oscillator(data_dir, tmp_path):
    source = data_dir / "own_data/real_double_oscillator/real_double_linear_h_1.txt"
    entry = settings(
        names=["trial", "t", "x1", "x2", "v1", "v2"],
        separator="whitespace",
        columns={"time": "t", "objects": {"left": ["x1", "v1"], "right": ["x2", "v2"]}},
        features=["x", "v"],
        frames={"train": 25, "valid": 25, "test": 45},
        split={"by": "time", "train": 0.7},
        stride=5,
    )
    windows = prepare_own(entry, {"files": [source]}, None, tmp_path / "own.h5")
    metadata = read_metadata(tmp_path / "own.h5")
    assert metadata.frame_interval == pytest.approx(1 / 30, rel=0.002)
    assert windows["split"].value_counts().to_dict() == {"train": 65, "valid": 3, "test": 1}
    first = read_split(tmp_path / "own.h5", "train").trajectories[0]
    np.testing.assert_array_equal(first[:, 1, 0], [-1, -143])


def test_real_pedestrians(data_dir, tmp_path):
    folder = data_dir / "own_data/eth_ucy"
    entry = settings(
        names=["frame", "who", "x", "y"],
        separator="\t",
        columns={"time": "frame", "object": "who"},
        time_unit=0.04,
        velocities=["x", "y"],
        frames={"train": 8, "valid": 8, "test": 20},
        objects=3,
        gaps="cut",
    )
    names = {"train": ["biwi_hotel", "crowds_zara02"], "valid": ["biwi_eth"]}
    names["test"] = ["crowds_zara01"]
    files = {split: [folder / f"{name}.txt" for name in each] for split, each in names.items()}
    windows = prepare_own(entry, files, None, tmp_path / "own.h5")
    assert read_metadata(tmp_path / "own.h5").frame_interval == pytest.approx(0.4)
    assert windows["split"].value_counts().min() >= 10
    assert windows["objects"].str.split(";").str.len().eq(3).all()
    speed = np.abs(read_split(tmp_path / "own.h5", "train").trajectories[..., 2:])
    assert 0.1 < np.median(speed) < 2.5


WINDOW = {"sample": [7], "recording": ["r"], "start": [1.0], "end": [2.0], "objects": ["a;b;c"]}


def test_edges_as_table_and_graphml(tmp_path):
    posterior = np.full((2, 1, 6, 2), 0.5)
    posterior[:, 0, :, 1] = [[0.9, 0.2, 0.6, 0.1, 0.2, 0.3], [0.7, 0.2, 0.2, 0.1, 0.2, 0.3]]
    posterior[..., 0] = 1 - posterior[..., 1]
    edges = edge_table(posterior, None, pd.DataFrame(WINDOW))
    assert not any("refined" in column for column in edges)
    first, third = edges.iloc[0], edges.iloc[2]
    assert (first["receiver"], first["sender"], first["type"]) == ("a", "b", 1)
    assert first["probability"] == pytest.approx(0.8)
    assert (third["receiver"], third["sender"], third["type"]) == ("b", "a", 0)
    assert third["agreement"] == 0.5
    write_graphs(edges, tmp_path / "graphs", without_first=True)
    graph = networkx.read_graphml(tmp_path / "graphs" / "sample_0007.graphml")
    assert list(graph.edges) == [("b", "a")]
    assert graph.edges["b", "a"]["probability"] == pytest.approx(0.8)
    assert set(graph.edges["b", "a"]) == {"type", "probability", "agreement"}
    assert set(graph) == {"a", "b", "c"}


def two_types(*of_type_1):
    """A posterior (1, E, 2) from the probabilities of type 1."""
    found = np.array([of_type_1])
    return np.stack([1 - found, found], axis=-1)


def test_refined_types_have_the_names_of_the_encoder_s(tmp_path):
    """Seed 2 calls type 0 what seed 1 calls type 1, in both graphs.

    The refined graphs of the seeds differ on most edges; matched by themselves they would seem
    to agree.
    """
    inferred = two_types(0.9, 0.8, 0.1, 0.2, 0.1, 0.1)
    ours = two_types(0.9, 0.7, 0.8, 0.8, 0.1, 0.1)
    theirs = two_types(0.7, 0.2, 0.1, 0.1, 0.6, 0.8)
    table = write_edges(
        posteriors=np.stack([inferred, inferred[..., ::-1]]),
        refined=np.stack([ours, theirs[..., ::-1]]),
        windows=pd.DataFrame(WINDOW),
        truth=None,
        without_first=False,
        directory=tmp_path,
    )
    assert table["type"].tolist() == [1, 1, 0, 0, 0, 0]
    assert table["agreement"].eq(1).all()
    assert table["refined_type"].tolist() == [1, 0, 0, 0, 0, 0]
    assert table["refined_agreement"].tolist() == [1] + 5 * [0.5]
    np.testing.assert_allclose(table["refined_probability"], [0.8, 0.55, 0.55, 0.55, 0.65, 0.55])
    np.testing.assert_allclose(table["refined_probability_1"], ((ours + theirs) / 2)[0, :, 1])


def test_graphml_has_the_edges_of_either_graph(tmp_path):
    inferred = two_types(0.9, 0.8, 0.1, 0.2, 0.1, 0.1)
    refined = two_types(0.7, 0.1, 0.8, 0.2, 0.1, 0.1)
    table = edge_table(inferred[None], refined[None], pd.DataFrame(WINDOW))
    write_graphs(table, tmp_path, without_first=True)
    graph = networkx.read_graphml(tmp_path / "sample_0007.graphml")
    assert set(graph.edges) == {("b", "a"), ("c", "a"), ("a", "b")}
    only_inferred, only_refined = graph.edges["c", "a"], graph.edges["a", "b"]
    assert (only_inferred["type"], only_inferred["refined_type"]) == (1, 0)
    assert (only_refined["type"], only_refined["refined_type"]) == (0, 1)
    assert only_refined["probability"] == pytest.approx(0.9)
    assert only_refined["refined_probability"] == pytest.approx(0.8)
    assert only_refined["refined_agreement"] == 1


def test_data_in_other_units_are_noticed():
    x = torch.zeros(2, 3, 4, 2)
    x[1, 2, 3, 1] = 2.5
    assert features_beyond_range(x, ("x", "y")) == ["y"]


@pytest.fixture(scope="module")
def inferred(repository, tmp_path_factory):
    """config/own.yaml at toy size, run to its end, with new data: its directory."""
    directory = tmp_path_factory.mktemp("own")
    overlay = yaml.safe_load((repository / "config" / "own.yaml").read_text())
    overlay |= {"seeds": [1, 2], "training": {"encoder_hidden": 8, "decoder_hidden": 8}}
    fast = overlay["recipes"]["fast"]
    fast |= {"encoder_hidden": 8, "decoder_hidden": 8, "epochs": 1}
    fast["stages"][1]["epochs"] = 1
    overlay["runs"], overlay["baselines"] = overlay["runs"][:1], overlay["baselines"][:1]
    run = {"dataset": "pendulums", "run": "mlp-mlp-k2-fast"}
    overlay["infer_on"] = {"monday": {**run, "path": "new.csv", "settings": {"objects": 4}}}
    (directory / "own.yaml").write_text(yaml.safe_dump(overlay))
    rows = pd.read_csv(repository / "docs/examples/pendulums.csv")
    rows.query("scene == 1 and pendulum != 'C' and time < 9.8").to_csv(directory / "new.csv")
    command = [sys.executable, "-m", "snakemake", "--snakefile", repository / "Snakefile"]
    command += ["--directory", directory, "--cores", "1", "--configfile", directory / "own.yaml"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return directory / "results"


def test_the_example_end_to_end(inferred):
    edges = pd.read_csv(inferred / "graphs/pendulums/mlp-mlp-k2-fast/edges.csv")
    windows = pd.read_csv(inferred / "data/pendulums.windows.csv").query("split == 'test'")
    assert len(edges) == 20 * len(windows)
    assert set(edges["agreement"]) | set(edges["refined_agreement"]) <= {0.5, 1.0}
    assert (edges["end"] - edges["start"]).round(6).eq(4.8).all()
    graphs = sorted((inferred / "graphs/pendulums/mlp-mlp-k2-fast/graphml").glob("*.graphml"))
    assert set(networkx.read_graphml(graphs[0])) == set("ABCDE")
    # The consensus of one seed is what the evaluation scores.
    metrics = pd.read_csv(inferred / "metrics.csv")
    assert {"edge_accuracy", "mse"} <= set(metrics["metric"])
    assert {"static", "nri_learned"} == set(metrics["model"])
    assert (inferred / "figures/edges_pendulums_mlp-mlp-k2-fast.png").exists()
    assert "Inferred edges" in (inferred / "index.html").read_text()
    new = pd.read_csv(inferred / "inferred/monday/edges.csv")
    assert set(new["sender"]) == set("ABDE")
    assert len(new) == 2 * 12
    assert "true_type" not in new
    assert set(new["refined_type"]) <= {0, 1}


def infer(repository, inferred, data, *arguments, run="seed1"):
    """scripts/infer.py with one seed of the example: the finished process and its output."""
    directory = inferred / "runs/pendulums/mlp-mlp-k2-fast" / run
    output = inferred.parent / "out"
    command = [sys.executable, repository / "scripts/infer.py", "--runs", directory]
    command += ["--data", data, "--output", output, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done, output / "edges.csv"


def test_inference_is_what_the_evaluation_scored(inferred, repository):
    done, output = infer(repository, inferred, inferred / "data/pendulums.h5")
    assert done.returncode == 0, done.stderr
    edges = pd.read_csv(output)
    metrics = pd.read_csv(inferred / "runs/pendulums/mlp-mlp-k2-fast/seed1/metrics.csv")
    accuracy = metrics.query("metric == 'edge_accuracy' and graph == 'inferred'")["value"].item()
    assert (edges["type"] == edges["true_type"]).mean() == pytest.approx(accuracy)
    stored = StoredPosterior.load(inferred / "runs/pendulums/mlp-mlp-k2-fast/seed1/posterior.npz")
    refined = stored.refined[..., true_order(stored.matching)].reshape(-1, 2)
    columns = ["refined_probability_0", "refined_probability_1"]
    np.testing.assert_allclose(edges[columns], refined, atol=1e-5)


def test_refined_graphs_can_be_left_out(inferred, repository):
    done, output = infer(repository, inferred, inferred / "data/pendulums.h5", "--no-refine")
    assert done.returncode == 0, done.stderr
    assert not any("refined" in column for column in pd.read_csv(output))


def test_new_data_are_read_in_the_units_of_the_training(inferred, repository):
    stored = inferred.parent / "same.npz"
    data = read_split(inferred / "data/pendulums.h5", "test").trajectories[:, :, :49]
    np.savez(stored, trajectories=data)
    settings = json.dumps({"frame_interval": 0.1, "edge_types": [], "edges": None})
    done, output = infer(repository, inferred, stored, "--settings", settings)
    assert done.returncode == 0, done.stderr
    ours = pd.read_csv(output)[["probability_0", "probability_1"]].to_numpy()
    done, output = infer(repository, inferred, inferred / "data/pendulums.h5")
    theirs = pd.read_csv(output)[["probability_0", "probability_1"]].to_numpy()
    # The types of the one are matched with the truth, those of the other are as learned.
    assert min(np.abs(ours - theirs).max(), np.abs(ours - theirs[:, ::-1]).max()) < 1e-5
    np.savez(stored, trajectories=50 * data)
    done, _ = infer(repository, inferred, stored, "--settings", settings)
    assert "angle, velocity far beyond the range" in done.stderr


def test_what_does_not_fit_a_model_is_refused(inferred, repository, small_springs, tmp_path):
    done, _ = infer(repository, inferred, small_springs)
    assert "features x, y, vx, vy, but the model was trained on angle, velocity" in done.stderr
    rows = pd.read_csv(repository / "docs/examples/pendulums.csv").query("scene == 1")
    rows.assign(time=2 * rows["time"]).to_csv(tmp_path / "slow.csv", index=False)
    done, _ = infer(repository, inferred, tmp_path / "slow.csv")
    assert "frames every 0.2 s, but the model was trained on frames every 0.1 s" in done.stderr
    rows.query("time < 4").to_csv(tmp_path / "short.csv", index=False)
    done, _ = infer(repository, inferred, tmp_path / "short.csv")
    assert "no window of 49 frames" in done.stderr
    done, _ = infer(repository, inferred, tmp_path / "short.csv", "--settings", '{"colour": 1}')
    assert "no key colour" in done.stderr
    done, _ = infer(repository, inferred, tmp_path / "short.csv", run="seed9")
    assert "cannot be read (No such file or directory); name the directory of a run" in done.stderr
