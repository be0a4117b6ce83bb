"""docs/extending.md, done as it says: all its files and lines in one copy of the checkout."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from workflows import copy_checkout, planned, snakemake

from nri.data.format import read_metadata, read_split
from nri.data.splits import SPLITS
from nri.evaluation.posterior_file import StoredPosterior
from nri.graph import matrix_to_edges
from nri.results.page.figures import read_figure

BLOCK = re.compile(
    r"^```(?:python|yaml)\n# (file|line): (\S+?)(?:, in (\w+))?\n(.*?)^```$", re.M | re.S
)
CONFIG = "config/extended.yaml"
LEARNED = "pendulums3/gru-linear-k2"
MINE = "pendulums3/alike-encoder-mlp-k2"
OTHER = "birds/mlp-mlp-k2"


@dataclass(frozen=True)
class Block:
    """A code block of the page: a new file, or a line of the table `table`."""

    kind: str
    path: str
    table: str
    text: str


def blocks(repository: Path) -> list[Block]:
    """The code blocks of the page that say where they belong."""
    page = (repository / "docs" / "extending.md").read_text(encoding="utf-8")
    return [Block(*found) for found in BLOCK.findall(page)]


def apply(block: Block, checkout: Path) -> None:
    """Do in a checkout what a block says; a line comes last in its table."""
    path = checkout / block.path
    if block.kind == "file":
        assert not path.exists(), f"{block.path} is there already"
        path.write_text(block.text, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    before, start, rest = text.partition(f"\n{block.table} = {{\n")
    assert start, f"{block.path} has no table {block.table}"
    entries, end, after = rest.partition("\n}\n")
    path.write_text(f"{before}{start}{entries}\n{block.text.rstrip()}{end}{after}", "utf-8")


def run(checkout: Path, *command: str) -> str:
    """The output of a Python module, run in the checkout."""
    result = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-3000:]
    return result.stdout


@dataclass(frozen=True)
class Extended:
    """A checkout with all additions, and the directory of their results."""

    checkout: Path
    directory: Path

    @property
    def results(self) -> Path:
        return self.directory / "results"

    def plan(self, *overlays: Path) -> dict:
        configs = [self.checkout / CONFIG, *overlays]
        return planned(self.checkout, self.directory, "--configfile", *configs)


@pytest.fixture(scope="module")
def extended(repository, tmp_path_factory):
    """One real run of the page's configuration with all that it adds."""
    root = tmp_path_factory.mktemp("extending")
    checkout = copy_checkout(repository, root / "checkout")
    for name in ("benchmarks", "docs", "tests"):
        shutil.copytree(
            repository / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(repository / "pyproject.toml", checkout)
    for block in blocks(repository):
        apply(block, checkout)
    directory = root / "run"
    directory.mkdir()
    stream = np.random.default_rng(0)
    for split in SPLITS:
        steps = stream.normal(0.0, 0.1, (32, 3, 25, 2))
        np.save(directory / f"{split}.npy", steps.cumsum(2).astype(np.float32))
    snakemake(checkout, directory, "--configfile", checkout / CONFIG)
    return Extended(checkout, directory)


def test_each_addition_is_one_file_and_one_line(repository):
    found = blocks(repository)
    files = [block.path for block in found if block.path.endswith(".py") and block.kind == "file"]
    lines = [block for block in found if block.kind == "line"]
    assert len(files) == len(set(files)) == len(lines) == 6
    assert all(block.text.count("\n") == 1 for block in lines)
    assert sorted(block.table for block in lines) == sorted(
        ["SOURCES", "SOURCES", "ENCODERS", "DECODERS", "METRICS", "FIGURES"]
    )


def test_a_system_and_a_source_make_their_data(extended):
    pendulums = read_metadata(extended.results / "data" / "pendulums3.h5")
    assert pendulums.features == ("theta", "omega")
    assert pendulums.edge_types == ("none", "spring")
    assert pendulums.config["stiffness"] == 0.5
    birds = read_metadata(extended.results / "data" / "birds.h5")
    assert (birds.features, birds.edge_types) == (("x", "y"), ())


def test_the_networks_have_a_run(extended):
    for run_name in (LEARNED, MINE, OTHER):
        directory = extended.results / "runs" / run_name / "seed1"
        assert (directory / "model.safetensors").exists()


def test_the_metric_is_in_all_results_and_has_a_table(extended):
    metrics = pd.read_csv(extended.results / "metrics.csv")
    assert {"edge_accuracy", "mse", "nll"} <= set(metrics["metric"])
    rows = metrics[metrics["metric"] == "graph_accuracy"]
    assert set(rows["dataset"]) == {"pendulums3"}  # no edges of the birds are known
    rows = rows[rows["encoder"] == "gru"]
    assert rows["graph"].tolist() == ["inferred", "refined"]
    stored = StoredPosterior.load(extended.results / "runs" / LEARNED / "seed1/posterior.npz")
    edges = read_split(extended.results / "data" / "pendulums3.h5", "test").edges
    right = stored.matching[stored.inferred.argmax(-1)] == matrix_to_edges(edges)
    assert 0 < right.all(-1).mean() < 1
    assert rows["value"].iloc[0] == pytest.approx(right.all(-1).mean())
    table = pd.read_csv(extended.results / "tables" / "graph_accuracy.csv")
    assert table[table["encoder"] == "gru"]["mean"].tolist() == pytest.approx(
        rows["value"].tolist()
    )


def test_the_figure_is_drawn_and_all_are_on_the_page(extended):
    figures = extended.results / "figures"
    for dataset_run in (LEARNED, OTHER):
        name = f"certainty_{dataset_run.replace('/', '_')}"
        assert (figures / f"{name}.png").exists()
        figure = read_figure(figures / f"{name}.svg")
        assert dataset_run.split("/")[0] in figure.caption
    page = (extended.results / "index.html").read_text(encoding="utf-8")
    assert page.count("Certainty, ") >= 2
    assert "graph_accuracy" in page
    assert "gru-linear-k2" in page
    for name in ("systems", f"trajectories_{LEARNED.replace('/', '_')}", "curves_birds"):
        assert (figures / f"{name}.svg").exists()


@pytest.mark.parametrize(
    ("path", "trained", "evaluated", "drawn"),
    [
        ("docs/examples/my_encoder.py", {MINE}, {MINE}, None),
        ("nri/model/encoders/gru.py", {LEARNED}, {LEARNED}, None),
        ("nri/model/decoders/linear.py", {LEARNED}, {LEARNED}, None),
        ("nri/evaluation/metrics/graph_accuracy.py", set(), {LEARNED, MINE, OTHER}, None),
        ("nri/figures/certainty.py", set(), set(), {LEARNED, MINE, OTHER}),
        ("nri/data/simulated/pendulums.py", {LEARNED, MINE}, {LEARNED, MINE}, None),
        ("nri/data/tracks.py", {OTHER}, {OTHER}, None),
    ],
)
def test_an_edit_runs_again_what_it_concerns(path, trained, evaluated, drawn, extended):
    file = extended.checkout / path
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "\n\nCHANGED = 1\n", encoding="utf-8")
    try:
        plan = extended.plan()
    finally:
        file.write_text(text, encoding="utf-8")
    for rule, expected in (("train", trained), ("evaluate", evaluated)):
        found = {name.split()[1] for name in plan if name.startswith(f"{rule} ")}
        assert found == expected, rule
    if drawn is not None:
        names = {f"figure certainty_{run_name.replace('/', '_')}" for run_name in drawn}
        assert set(plan) - {"page", "all"} == names


def test_a_network_in_a_file_of_ones_own_has_its_row_and_its_figures(extended):
    for table in ("edge_accuracy.md", "future_mse.md"):
        text = (extended.results / "tables" / table).read_text(encoding="utf-8")
        assert "| Alike " in text
        assert "| Alike (refined graph) " in text
    figure = read_figure(extended.results / f"figures/trajectories_{MINE.replace('/', '_')}.svg")
    assert "Alike" in figure.caption
    metrics = pd.read_csv(extended.results / "metrics.csv")
    assert set(metrics[metrics["encoder"] == "alike-encoder"]["model"]) == {"own"}


def test_an_edit_of_its_words_trains_nothing(extended, tmp_path):
    file = extended.checkout / "docs/examples/my_encoder.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"""Correlations', '"""The correlations'), encoding="utf-8")
    try:
        assert extended.plan() == {}
    finally:
        file.write_text(text, encoding="utf-8")
    config = (extended.checkout / CONFIG).read_text(encoding="utf-8")
    overlay = tmp_path / "label.yaml"
    overlay.write_text(config.replace("label: Alike", "label: Twins"))
    plan = extended.plan(overlay)
    assert "collect" in plan
    assert f"figure trajectories_{MINE.replace('/', '_')}" in plan
    assert not [name for name in plan if name.startswith(("train ", "evaluate "))]


def test_a_network_that_cannot_work_is_refused_before_data_are_made(extended, tmp_path):
    (tmp_path / "flat.py").write_text(
        "from nri.model.encoders.gru import GRUEncoder\n\n\nclass Flat(GRUEncoder):\n"
        "    def forward(self, x):\n        return super().forward(x)[:, 0]\n"
    )
    overlay = tmp_path / "bad.yaml"
    config = (extended.checkout / CONFIG).read_text(encoding="utf-8")
    overlay.write_text(config.replace("docs/examples/my_encoder.py:AlikeEncoder", "flat.py:Flat"))
    result = snakemake(
        extended.checkout, tmp_path, "--dry-run", "--configfile", overlay, check=False
    )
    assert result.returncode != 0
    assert "flat.py:Flat: `forward` gives (2, 2) of trajectories (2, 3, 12, 2)" in result.stdout


def test_nothing_runs_again_without_an_edit(extended):
    assert extended.plan() == {}


def test_the_settings_of_all_decoders_are_those_of_the_new_one(extended, tmp_path):
    overlay = tmp_path / "skip_first.yaml"
    overlay.write_text("training: {skip_first: true}\n")
    assert f"train {LEARNED} 1" in extended.plan(overlay)


def test_the_reference_takes_up_what_is_new(extended):
    run(extended.checkout, "nri.config.reference")
    page = (extended.checkout / "docs" / "config.md").read_text(encoding="utf-8")
    assert "### pendulums\n" in page
    assert "| `stiffness` | number > 0 | `0.5` | Spring constant k" in page
    assert "`gru`" in page
    run(extended.checkout, "pytest", "-q", "tests/test_config.py", "-k", "reference or schema")


def test_the_additions_keep_rooms_and_contracts(extended):
    chosen = "rooms or gru or linear or figure or program or room"
    report = run(
        extended.checkout,
        "pytest",
        "-q",
        "tests/test_rooms.py",
        "tests/test_model.py",
        "-k",
        chosen,
    )
    assert "passed" in report


def test_the_files_of_the_page_are_in_style(repository, extended):
    files = [block.path for block in blocks(repository) if block.path.endswith(".py")]
    run(extended.checkout, "ruff", "check", *files)
    run(extended.checkout, "ruff", "format", "--check", *files)
