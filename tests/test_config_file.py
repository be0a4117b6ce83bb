"""Files of configurations: what is wrong in one is said with its line."""

import os
import re
import subprocess
import sys

import pytest
import yaml

from nri.config.parse import ConfigError
from nri.config.yaml_file import origin, refuse_repeated_keys


def test_a_key_that_is_there_twice_is_refused_with_both_lines(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("runs:\n  - {dataset: a}\n  - seeds: [1]\n    dataset: b\n    seeds: [2]\n")
    with pytest.raises(
        ConfigError, match=r"mine\.yaml: line 5: config\.runs\[1\]\.seeds was there.*line 3"
    ):
        refuse_repeated_keys(path)
    path.write_text('{\n\t"gpu": 1,\n\t"seeds": [1],\n\t"gpu": 2\n}\n')
    with pytest.raises(ConfigError, match=r"line 4: config\.gpu was there before, in line 2"):
        refuse_repeated_keys(path)
    path.write_text("gpu: 1\nmirror: {gpu: 1, gpu: 2}\n")
    with pytest.raises(ConfigError, match=r"line 2: config\.mirror\.gpu was there before"):
        refuse_repeated_keys(path)


def test_what_is_merged_or_aliased_is_not_there_twice(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, x: 2}\nc: [*a, *a]\nd: &d [*d]\n")
    refuse_repeated_keys(path)


def test_what_ships_repeats_no_key(repository):
    for path in (repository / "config").glob("*.yaml"):
        refuse_repeated_keys(path)


def test_an_error_names_file_line_and_run(tmp_path):
    mine, theirs = tmp_path / "mine.yaml", tmp_path / "config.yaml"
    run = "{dataset: a, encoder: mlp, decoder: mlp, edge_types: 1}"
    mine.write_text(f"seeds: [1]\nruns:\n  - {run}\n")
    theirs.write_text("training:\n  epochs: 1\n  variance: 0\nruns: []\n")
    raw = {**yaml.safe_load(theirs.read_text()), **yaml.safe_load(mine.read_text())}

    def told(text, *paths):
        return origin(ConfigError(text), raw, paths)

    edges = "config.runs[0].edge_types: 1 must be at least 2"
    expected = f"{mine}, line 3, run a/mlp-mlp-k1: {edges}"
    assert told(edges, mine, theirs) == told(edges, theirs, mine) == expected
    variance = "config.training.variance: 0 must be above 0"
    assert told(variance, mine, theirs) == f"{theirs}, line 3: {variance}"
    assert told(variance) == variance
    seeds = "config: unknown key 'seeds'; allowed here: …"
    assert told(seeds, theirs, mine) == f"{mine}, line 1: {seeds}"
    epochs = "config.training: 'epochs' cannot be set here, only in …"
    assert told(epochs, theirs) == f"{theirs}, line 2: {epochs}"
    missing = "config.runs[0]: 'recipe' is missing"
    assert told(missing, mine) == f"{mine}, line 3, run a/mlp-mlp-k1: {missing}"
    assert told("config: a problem", mine) == "config: a problem"
    mine.write_text(mine.read_text().replace("encoder: mlp", "encoder: 'path/to/my.py:MyEncoder'"))
    raw |= yaml.safe_load(mine.read_text())
    assert told(edges, mine) == f"{mine}, line 3, run a/my-encoder-mlp-k1: {edges}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "seeds: [1, 2\ntraining: {epochs: 3}\n",
            "line 2, .*missing: the end of what began in line 1",
        ),
        ("training:\n\tepochs: 3\n", "line 2, .*indent by blanks, not by tabs"),
        ("runs:\n  - dataset: a\n   encoder: b\n", "line 3, .*look for"),
        ("mirror: 'a\n", "look for a bracket, a comma or a quote"),
    ],
)
def test_wrong_syntax_is_named_with_its_line(text, words, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    command = [sys.executable, "-m", "nri.config.yaml_file", "--configfile", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(f"^error: .*mine.yaml, {words}" if "line" in words[:4] else words, done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--configfile mien.yaml", "--configfile=mien.yaml"])
def test_a_configuration_that_is_not_there_is_named_with_those_that_are(
    option, tmp_path, repository
):
    (tmp_path / "mine.yaml").write_text("seeds: [1]\n")
    command = [sys.executable, "-m", "nri.config.yaml_file", "results/a.json", *option.split()]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    words = "mien.yaml: there is no such file, did you mean 'mine.yaml'?; there are: mine.yaml"
    assert done.stderr == f"error: {words}\n"
