"""The pipeline where it is not at home: another locale, odd paths, too many threads."""

import argparse
import ast
import re
import shutil

import pytest
import yaml
from workflows import copy_checkout, snakemake

from nri.arguments import thread_count

ASCII = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
OPENERS = {"open", "read_text", "write_text", "run", "Popen", "fdopen", "TextIOWrapper"}


def without_encoding(path):
    """Lines on which text is read or written in an encoding that depends on the machine."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if name not in OPENERS or "encoding" in given:
            continue
        mode = [*(ast.unparse(each) for each in node.args[1:]), given.get("mode", "")]
        if name in ("run", "Popen"):
            yield from [node.lineno] if given.get("text") == "True" else []
        elif name in ("read_text", "write_text") or (
            isinstance(function, ast.Name) and not any("b" in each for each in mode)
        ):
            yield node.lineno


def test_all_text_is_utf_8_whatever_the_locale(repository):
    found = [
        f"{path.relative_to(repository)}:{line}"
        for folder in ("nri", "scripts", "workflow")
        for path in (repository / folder).rglob("*.py")
        for line in without_encoding(path)
    ]
    assert not found
    for path in (repository / "workflow").rglob("*.smk"):
        assert "read_text()" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("count", ["0", "-1", "1000000", "two"])
def test_threads_beyond_any_machine_are_refused(count, repository):
    with pytest.raises((ValueError, argparse.ArgumentTypeError)):
        thread_count(count)
    assert thread_count("8") == 8
    for program in (repository / "scripts").glob("*.py"):
        declared = re.search(r'"--threads".*type=(\w+)', program.read_text())
        assert declared is None or declared[1] == "thread_count", program


@pytest.fixture
def own(repository, tmp_path):
    """A configuration with paths that begin like options; the command line for a plan of it."""
    config = yaml.safe_load((repository / "config" / "own.yaml").read_text())
    name, entry = next(iter(config["datasets"].items()))
    (tmp_path / "-my data.csv").touch()
    entry["path"] = "-my data.csv"
    entry.pop("edges", None)
    entry.pop("edge_types", None)
    config |= {"command": "make {it} – again", "seeds": [1], "baselines": []}
    config["runs"] = [{"dataset": name, "encoder": "mlp", "decoder": "mlp", "edge_types": 2}]
    config["infer_on"] = {"new": {"dataset": name, "run": "mlp-mlp-k2", "path": "-my data.csv"}}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def test_a_plan_in_an_ascii_locale_with_paths_like_options(repository, own, tmp_path, monkeypatch):
    for name, value in ASCII.items():
        monkeypatch.setenv(name, value)
    arguments = ("--dry-run", "--printshellcmds", "--configfile", own)
    plan = snakemake(repository, tmp_path, *arguments)
    text = plan.stdout + plan.stderr
    assert "--data='-my data.csv'" in text
    assert '"-my data.csv"' in text


@pytest.mark.parametrize("name", ["TMPDIR", "TMP"])
def test_a_temporary_directory_that_cannot_be_written(name, repository, own, tmp_path, monkeypatch):
    """Root may write into any directory but those of /proc."""
    monkeypatch.setenv(name, "/proc")
    result = snakemake(repository, tmp_path, "--dry-run", "--configfile", own, check=False)
    text = result.stdout + result.stderr
    assert result.returncode != 0
    assert f"{name} is '/proc', where nothing can be written" in text
    assert "Traceback" not in text


def test_a_repeated_key_in_any_configuration_file_stops_the_plan(repository, own, tmp_path):
    own.write_text(own.read_text(encoding="utf-8") + "seeds: [2]\n", encoding="utf-8")
    result = snakemake(repository, tmp_path, "--dry-run", "--configfile", own, check=False)
    assert result.returncode != 0
    text = result.stdout + result.stderr
    assert re.search(r"mine\.yaml: line \d+: config\.seeds was there before", text)
    assert "Traceback" not in text


def test_a_checkout_and_data_with_any_letters_in_their_paths(repository, tmp_path):
    """Blanks, quotes and letters beyond ASCII: from tables to the graphs of new data."""
    checkout = copy_checkout(repository, tmp_path / "it's my chëckout 日本")
    directory = tmp_path / 'wörk of "mine"'
    directory.mkdir()
    examples = repository / "docs" / "examples"
    for name, new in (("pendulums", "Größen, m's.csv"), ("pendulums_edges", "edgés of 'mine'.csv")):
        shutil.copy(examples / f"{name}.csv", directory / new)
    config = yaml.safe_load((repository / "config" / "own.yaml").read_text(encoding="utf-8"))
    config["datasets"]["pendulums"] |= {
        "path": "Größen, m's.csv",
        "edges": "edgés of 'mine'.csv",
        "stride": 49,
    }
    names = {"encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config |= {"seeds": [1], "baselines": [], "runs": [{"dataset": "pendulums", **names}]}
    config["training"] = {"encoder_hidden": 8, "decoder_hidden": 8, "epochs": 0.1}
    new = {"dataset": "pendulums", "run": "mlp-mlp-k2", "path": "Größen, m's.csv"}
    config["infer_on"] = {"new": new}
    path = directory / "mÿ 'own' config.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    figure = "results/figures/curves_pendulums.svg"
    targets = [
        figure,
        "results/inferred/new/edges.csv",
        "results/graphs/pendulums/mlp-mlp-k2/edges.csv",
    ]
    snakemake(checkout, directory, *targets, "--configfile", path)
    assert all((directory / target).stat().st_size for target in targets)
