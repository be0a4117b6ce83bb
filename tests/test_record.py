"""The record of finished results: whole, of files alone, the same bytes, and models that load."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nri
from nri.data.format import Dataset
from nri.files import ResultsError
from nri.results.record.finished import command_in_clone
from nri.results.record.write import write_record

ROOT = Path(__file__).resolve().parent.parent
RUN = "springs5/mlp-mlp-k2-fast/seed1"


@pytest.fixture(scope="module")
def results(smoke):
    return smoke / "run" / "results"


@pytest.fixture(scope="module")
def record(results, tmp_path_factory):
    output = tmp_path_factory.mktemp("record") / "docs" / "record"
    command = [sys.executable, str(ROOT / "scripts" / "record.py"), f"first={results}"]
    command += [f"second={results}", "--output", str(output)]
    subprocess.run(command, check=True)
    return output


def digests(directory):
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_weights_load_at_once(record, results):
    """They are those of the run, and infer the same graphs with the same names of types."""
    kept, own = nri.load(record / "weights" / RUN), nri.load(results / "runs" / RUN)
    with Dataset(results / "data/springs5.h5") as data:
        trajectories = data.split("test").trajectories[:3]
    assert kept.types == own.types == ("none", "spring")
    found = [model.infer(trajectories).probabilities for model in (kept, own)]
    np.testing.assert_array_equal(*found)


def test_one_model_for_each_data_set(record, results):
    """The first seed of a run that learned its graphs, once though two results have it."""
    runs = pd.read_csv(results / "runs.csv", keep_default_na=False)
    learned = runs[(runs.model == "nri_learned") & (runs.study == "")]
    systems = sorted(path.name for path in (record / "weights").iterdir())
    assert systems == sorted(set(learned.trained_on))
    seeds = [path.name for path in (record / "weights").glob("*/*/*")]
    assert seeds == ["seed1"] * len(systems)


def test_numbers_are_those_of_the_results(record, results):
    for name in ("metrics.csv", "runs.csv", "tables/edge_accuracy.md"):
        assert (record / "first" / name).read_bytes() == (results / name).read_bytes()
    curves = pd.read_csv(record / "first" / "curves.csv", dtype=str, keep_default_na=False)
    curve = pd.read_csv(results / "runs" / RUN / "curve.csv", dtype=str, keep_default_na=False)
    mine = curves[(curves.run == f"runs/{RUN[:-6]}") & (curves.seed == "1")]
    assert mine[list(curve)].to_numpy().tolist() == curve.to_numpy().tolist()


def test_every_link_and_figure_is_there(record):
    texts = {path: path.read_text() for path in record.rglob("README.md")}
    assert len(texts) == 3
    links = [
        (path, link) for path, text in texts.items() for link in re.findall(r"\]\((.+?)\)", text)
    ]
    assert any(link.endswith("horizon.svg") for _, link in links)
    for path, link in links:
        target = (path.parent / link.split("#")[0]).resolve()
        outside = target.parent == record.parent and (ROOT / "docs" / target.name).exists()
        assert target.exists() or outside, link


def test_it_says_what_made_it(record, results):
    text = (record / "README.md").read_text()
    runs = pd.read_csv(results / "runs.csv", keep_default_na=False)
    commit = runs.commit.iloc[0]  # none in a copy without its repository
    assert f"| commit | {f'`{commit}`' if commit else 'unknown'} |" in text
    assert runs.machine.iloc[0] in text
    assert "--configfile config/smoke.yaml" in text.replace("'", "")
    assert f'nri.load("docs/record/weights/{RUN}")' in text
    assert str(results) not in text
    run = ["trained_on", "model", "encoder", "decoder", "edge_types", "recipe", "seed"]
    hours = runs.drop_duplicates(run)
    assert f"{hours.process_seconds.sum() / 3600:.2f} h for {len(hours)} " in text


def test_same_results_same_bytes(record, results, tmp_path):
    size = write_record({"first": results, "second": results}, tmp_path / "docs" / "record")
    assert digests(tmp_path / "docs" / "record") == digests(record)
    assert 0 < size < sum(path.stat().st_size for path in record.rglob("*") if path.is_file())


def test_what_is_not_named_is_kept(record, results, tmp_path):
    """As if all had been recorded at once, but for figures of weights that another name has now."""
    earlier = tmp_path / "docs" / "record"
    for name in ("second", "first"):
        write_record({name: results}, earlier)
    kept, wanted = digests(earlier), digests(record)
    assert {file for file in kept if kept[file] != wanted.get(file)} == {
        "second/README.md",
        "second/part.json",  # another run is its example
        *(file for file in kept if file.startswith("second/figures/trajectories")),
    }
    assert wanted.keys() <= kept.keys()
    shutil.rmtree(earlier / "first")
    write_record({"third": results}, earlier)
    parts = {path.parent.name for path in earlier.glob("*/README.md")}
    assert parts == {"second", "third"}
    assert (earlier / "weights" / RUN / "model.safetensors").exists()


def test_a_damaged_part_is_no_reason_to_lose_it(record, results, tmp_path):
    earlier = tmp_path / "record"
    shutil.copytree(record, earlier)
    (earlier / "first" / "part.json").write_text("{}")
    before = digests(earlier)
    with pytest.raises(ResultsError, match=r"part\.json: damaged .*restore it with git"):
        write_record({"third": results}, earlier)
    assert digests(earlier) == before


def test_what_is_no_record_is_left_alone(results, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ResultsError, match="not a record"):
        write_record({"first": results}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_unfinished_and_damaged_results_leave_the_old_record(record, results, tmp_path):
    before = digests(record)
    broken = tmp_path / "results"
    shutil.copytree(results, broken, ignore=shutil.ignore_patterns("data", "checkpoints"))
    weights = broken / "runs" / RUN / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ResultsError, match="not what config"):
        write_record({"first": broken}, record)
    weights.write_bytes(content)
    (broken / "index.html").unlink()
    with pytest.raises(ResultsError, match="does not say what made"):
        write_record({"first": broken}, record)
    assert digests(record) == before
    assert [path.name for path in record.parent.iterdir()] == ["record"]


def test_commands_are_those_of_a_clone():
    call = "snakemake --cores all"
    for told, wanted in [
        ("make results", "make results"),
        (f"{call} --configfile config/paper.yaml", f"{call} --configfile config/paper.yaml"),
        (
            f"{call} --snakefile ../nri/Snakefile --configfile ../nri/config/mocap.yaml"
            " --config mirror=/data/here",
            f"{call} --configfile config/mocap.yaml",
        ),
        (
            f"{call} --snakefile ../nri/Snakefile --config mirror=/data only=springs5",
            f"{call} --config only=springs5",
        ),
    ]:
        assert command_in_clone(told) == wanted
