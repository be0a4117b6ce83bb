"""A look at files of users: what is guessed is what was written, and what cannot be is named."""

import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
import yaml

from nri.config.parse import parse_config
from nri.data.format import read_metadata, read_split
from nri.data.own.guess.configuration import configuration, dataset_name
from nri.data.own.guess.dialect import guess_dialect
from nri.data.own.guess.look import look
from nri.data.own.prepare import prepare_own
from nri.data.own.recordings import RecordingError
from nri.data.own.settings import OwnSettings

STEP = 0.1
NAMES = "Müller", "Möwe", "Größe"


def table(frames=300, objects=NAMES):
    """Rows of objects on circles, each with a speed of its own."""
    rows = [
        (round(STEP * frame, 6), name, np.cos(angle), np.sin(angle))
        for frame in range(frames)
        for number, name in enumerate(objects)
        for angle in [(0.4 + 0.3 * number) * STEP * frame + number]
    ]
    return pd.DataFrame(rows, columns=["t", "name", "x", "y"]).round(5)


def write(directory, text, encoding="utf-8", name="own.csv"):
    path = directory / name
    path.write_bytes(text.encode(encoding))
    return path


def prepared(path, found):
    """The training split and the metadata of what the settings of a look make."""
    settings = OwnSettings(source="own", path=str(path), **found.settings)
    output = path.with_suffix(".h5")
    prepare_own(settings, {"files": [path]}, None, output)
    return read_split(output, "train").trajectories, read_metadata(output)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("plain"), table().to_csv(index=False))
    return prepared(path, look(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(
    ("separator", "decimal"), [(",", "."), (";", ","), ("\t", "."), ("|", "."), (" ", ",")]
)
def test_however_a_table_is_written_it_is_read_the_same(
    encoding, separator, decimal, plain, tmp_path
):
    text = table().to_csv(index=False, sep=separator, decimal=decimal)
    path = write(tmp_path, text, encoding)
    found = look(path)
    assert not found.doubts
    values, metadata = prepared(path, found)
    np.testing.assert_array_equal(values, plain[0])
    assert metadata.objects == NAMES
    assert metadata.features == ("x", "y", "vx", "vy")
    assert metadata.shared_ranges == (("x", "y"), ("vx", "vy"))
    assert metadata.frame_interval == pytest.approx(STEP)


def test_what_is_left_out_is_told(tmp_path):
    rows = table().assign(constant=1.5, remark="good", nothing="", row=range(900))
    rows["mass"] = rows["name"].map(dict(zip(NAMES, (1.0, 2.0, 3.0), strict=True)))
    found = look(write(tmp_path, rows.to_csv(index=False)))
    told = " / ".join(found.left_out)
    for words in (
        "column constant: the same value in every row",
        "column remark: text",
        "column nothing: text",
        "column row: numbers the rows",
        "column mass: does not change in time, only with name",
    ):
        assert words in told
    assert found.settings["features"] == ["x", "y"]


def test_columns_for_all_objects(tmp_path):
    rows = table(objects=("A", "B")).pivot(index="t", columns="name", values=["x", "y"])
    for names in ("{0}_{1}", "{1}.{0}", "{0}{1}"):
        wide = rows.set_axis(
            [names.format(axis, number if names == "{0}{1}" else name)
             for (axis, name), number in zip(rows.columns, (1, 2, 1, 2), strict=True)],
            axis=1,
        )  # fmt: skip
        found = look(write(tmp_path, wide.reset_index().to_csv(index=False)))
        first, second = ("1", "2") if names == "{0}{1}" else ("A", "B")
        assert list(found.settings["columns"]["objects"]) == [first, second]
        assert found.settings["features"] == ["x", "y"]
        assert not found.doubts
    stations = rows["x"].set_axis(["Ulm", "Bremen"], axis=1).reset_index()
    found = look(write(tmp_path, stations.to_csv(index=False)))
    assert found.objects == 2
    assert "Ulm, Bremen was taken for an object of its own" in found.doubts[0]


def test_a_table_without_names_of_columns_is_for_a_person(tmp_path):
    rows = table().assign(name=lambda rows: rows["name"].map(NAMES.index))
    rows["t"] = (rows["t"] / STEP).round().astype(int)
    found = look(write(tmp_path, rows.to_csv(index=False, header=False, sep="\t")))
    assert found.settings["names"] == ["time", "object", "x", "y"]
    assert found.settings["columns"] == {"time": "time", "object": "object"}
    assert "the columns have no names" in found.doubts[0]
    assert "a step of 1 was taken for a second" in found.assumed["time"]


def test_times(tmp_path):
    dates = (pd.Timestamp("2024-03-25") + pd.to_timedelta(table()["t"], unit="s")).astype(str)
    path = write(tmp_path, table().assign(t=dates).to_csv(index=False))
    assert prepared(path, look(path))[1].frame_interval == pytest.approx(STEP)
    rows = table().rename(columns={"t": "time (ms)"})
    rows["time (ms)"] *= 1000
    path = write(tmp_path, rows.to_csv(index=False))
    assert prepared(path, look(path))[1].frame_interval == pytest.approx(STEP)


def test_velocities_that_are_there_are_not_made_again(tmp_path):
    rows = table()
    speed = rows.groupby("name")["x"].diff().bfill() / STEP
    found = look(write(tmp_path, rows.assign(fast=speed).to_csv(index=False)))
    assert found.settings["velocities"] == ["y"]


def test_recordings_are_split_as_wholes(tmp_path):
    scenes = pd.concat([table(150).assign(trial=trial) for trial in range(8)])
    found = look(write(tmp_path, scenes.to_csv(index=False)))
    assert found.settings["columns"] == {"time": "t", "sample": "trial", "object": "name"}
    assert found.settings["split"]["by"] == "sample"
    assert found.settings["frames"]["train"] == 49
    assert found.samples["test"] >= 3


def test_gaps(tmp_path):
    rows, random = table(), np.random.default_rng(0)
    lost = rows.drop(random.choice(np.arange(10, 890), 20, replace=False))
    found = look(write(tmp_path, lost.to_csv(index=False)))
    assert found.settings["gaps"] == "interpolate"
    assert found.assumed["gaps"].startswith("20 of 900 states are missing")
    shaken = rows.assign(t=rows["t"] + random.uniform(-0.03, 0.03, len(rows)))
    found = look(write(tmp_path, shaken.to_csv(index=False)))
    assert "off equal steps" in found.assumed["gaps"]
    walkers = pd.concat(
        table(60, ("a", "b", "c")).assign(t=lambda rows, k=k: rows["t"] + 3 * k).replace(
            {"name": {"a": f"a{k}", "b": f"b{k}", "c": f"c{k}"}}
        )
        for k in range(12)
    )  # fmt: skip
    found = look(write(tmp_path, walkers.to_csv(index=False)))
    assert found.settings["gaps"] == "cut"
    assert 2 <= found.settings["objects"] <= 6


def test_arrays_and_dataset_files(small_springs, tmp_path):
    values = np.random.default_rng(0).normal(size=(8, 3, 100, 2)).cumsum(2)
    np.savez(tmp_path / "own.npz", trajectories=values, edges=np.ones((8, 3, 3), int))
    found = look(tmp_path / "own.npz")
    assert found.settings["features"] == ["feature1", "feature2"]
    assert found.settings["edge_types"] == ["type 0", "type 1"]
    assert "`frame_interval` says" in found.assumed["time"]
    found = look(small_springs)
    assert found.settings["features"] == ["x", "y", "vx", "vy"]
    assert found.samples == {"train": 64, "valid": 32, "test": 32}


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")


ROWS = table(30).to_csv(index=False)
REFUSED = [
    ("", "less than two lines"),
    ("# of May\n" + ROWS, "line 1: a comment; remove the lines above"),
    ("Experiment 5\n" + ROWS, "line 1: cells: 1, but most lines have 4; remove the lines above"),
    (table().drop(columns="t").to_csv(index=False), "holds times; call the one with the time"),
    (table(objects=("A",)).to_csv(index=False), "no recording has two objects"),
    (table(4).to_csv(index=False), "too few for samples of 5 frames"),
    (ROWS + ROWS.splitlines()[4] + "\n", "is there twice at time"),
    (
        ROWS.replace("0.92106", "ERR", 1) + "1,2,3,4,5,6\n",
        r"table \(line 92 has 6 cells, the lines above 4",
    ),
    (
        "t,name,x\n" + "".join(f"{t},0,{name},1,5\n" for t in range(30) for name in "AB"),
        "most lines have 5; .*numbers with decimal commas need another separator",
    ),
    (
        "\n".join(ROWS.replace("t,name,x,y\n", "").splitlines()[::-1]),
        r"the first line has no names of columns, here A, B, C, D; none .* holds times",
    ),
    (ROWS.replace("0.92106", "ERR"), "column x: 'ERR' is not a finite number; correct it"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=lambda text: text[-30:])
def test_what_needs_a_person_is_named(text, message, tmp_path):
    path = write(tmp_path, text)
    with pytest.raises(RecordingError, match=message) as error:
        look(path)
    assert str(path) in str(error.value)


def test_other_kinds_of_files_have_their_remedies(tmp_path):
    zipped(tmp_path / "own.csv")
    for read in (look, guess_dialect):
        with pytest.raises(RecordingError, match=r"Excel .* not text; open it and save it as"):
            read(tmp_path / "own.csv")
    settings = OwnSettings(
        source="own", path="own.csv", features=["x"], columns={"time": "t", "object": "name"}
    )
    with pytest.raises(RecordingError, match=r'own\.csv: this is .*save it as "CSV UTF-8"'):
        prepare_own(settings, {"files": [tmp_path / "own.csv"]}, None, tmp_path / "own.h5")
    path = write(tmp_path, table().to_csv(index=False), "cp1252")
    with pytest.raises(RecordingError, match=r"line 2: .*0xfc is no utf-8; set `encoding: cp1252`"):
        prepare_own(settings, {"files": [path]}, None, tmp_path / "own.h5")
    path = write(tmp_path, table().to_csv(index=False, sep=";", decimal=","))
    settings = settings.model_copy(update={"separator": ";"})
    with pytest.raises(RecordingError, match=r"'0,0' has a decimal comma; set `decimal: \",\"`"):
        prepare_own(settings, {"files": [path]}, None, tmp_path / "own.h5")
    for name in ("own.xlsx", "own.mat"):
        with pytest.raises(RecordingError, match=r"not looked at; .*save it"):
            look(tmp_path / name)


def test_cells_that_are_almost_numbers_are_a_doubt(tmp_path):
    rows = table().assign(z=table()["x"].map("{:.3f}'".format))
    found = look(write(tmp_path, rows.to_csv(index=False)))
    assert "the cells of column z look like numbers and are none" in found.doubts[0]


@pytest.mark.filterwarnings("error")
def test_infinity_is_named_without_a_warning_before_it(tmp_path):
    path = write(tmp_path, ROWS.replace("0.92106", "inf"))
    with pytest.raises(RecordingError, match="column x: 'inf' is not a finite number"):
        look(path)


def test_columns_of_one_object_are_taken_for_objects_with_a_doubt(tmp_path):
    alone = table(objects=("A",)).rename(columns={"name": "pendulum"})
    found = look(write(tmp_path, alone.to_csv(index=False)))
    assert "same in pendulum: if that names the object, it is the only one" in found.doubts[1]
    assert (
        len(look(write(tmp_path, alone.drop(columns="pendulum").to_csv(index=False))).doubts) == 1
    )


def test_the_configuration_is_one(tmp_path):
    """It says what was found, and the pipeline plans its runs."""
    path = write(tmp_path, table().to_csv(index=False), name="Meine Daten (2).csv")
    assert dataset_name(path) == "meine_daten_2"
    found = look(path)
    raw = yaml.safe_load(configuration(found, path, "make own"))
    config = parse_config(raw)
    settings = config.datasets["meine_daten_2"]
    assert settings.path == str(path)
    assert settings.model_dump(exclude_unset=True)["features"] == ["x", "y"]
    assert [run.encoder for run in config.runs] == ["mlp", "full"]


def test_the_program_tells_and_writes_once(repository, tmp_path):
    def own(path):
        command = [sys.executable, repository / "scripts/own.py", path]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)

    path = write(tmp_path, table().to_csv(index=False, sep=";", decimal=","), "cp1252")
    done = own(path)
    assert done.returncode == 0, done.stderr
    assert "cp1252, semicolons, decimal commas" in done.stdout
    assert "column name: 3 (Müller, Möwe, Größe)" in done.stdout
    output = path.with_suffix(".yaml")
    output.write_text("mine")
    done = own(path)
    assert (done.returncode, output.read_text()) == (0, "mine")
    assert "is there and stays as it is" in done.stdout
    done = own(write(tmp_path, table().to_csv(index=False, header=False), name="bare.csv"))
    assert done.returncode == 1
    assert "please look" in done.stderr
    assert (tmp_path / "bare.yaml").exists()
    zipped(tmp_path / "excel.csv")
    done = own(tmp_path / "excel.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert not (tmp_path / "excel.yaml").exists()
