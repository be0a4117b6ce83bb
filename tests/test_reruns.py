"""What an edit makes Snakemake run again: exactly what depends on it, and the dry run says why."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from workflows import planned, snakemake

from scripts.plan import reasons, render

METRICS = "edge_accuracy", "future_mse", "edge_auroc", "edge_calibration_error", "edge_log_loss"
TABLES = {f"table {name}" for name in (*METRICS, "studies")}
SHOWS_RESULTS = {"collect", "table", "figure", "page", "cards"}
AGGREGATES = {"collect", "figure horizon", "page", "cards"} | TABLES


@dataclass
class Project:
    """A checkout and a directory with finished results of the smoke configuration."""

    checkout: Path
    directory: Path

    def config(self) -> dict:
        return yaml.safe_load((self.checkout / "config" / "smoke.yaml").read_text())

    def arguments(self, config=None):
        path = self.checkout / "config" / "smoke.yaml"
        if config is not None:
            path.write_text(yaml.safe_dump(config, sort_keys=False))
        return "--configfile", path

    def plan(self, config=None):
        return planned(self.checkout, self.directory, *self.arguments(config))

    def edit(self, path, before, after):
        file = self.checkout / path
        text = file.read_text()
        assert before in text
        file.write_text(text.replace(before, after, 1))


@pytest.fixture(scope="module")
def finished(smoke, tmp_path_factory):
    copy = tmp_path_factory.mktemp("reruns") / "project"
    shutil.copytree(smoke, copy, symlinks=True)
    return Project(copy / "checkout", copy / "run")


@pytest.fixture
def project(finished, tmp_path):
    """The finished project, whose checkout is put back afterwards."""
    shutil.copytree(finished.checkout, tmp_path / "kept", symlinks=True)
    yield finished
    shutil.rmtree(finished.checkout)
    shutil.move(tmp_path / "kept", finished.checkout)


def runs(rule, dataset, plan):
    return {name for name in plan if name.startswith(f"{rule} {dataset}/")}


def prepared(plan):
    return {name for name in plan if name.startswith("prepare_")}


def why(job, project):
    return reasons(job, {}, project.directory)


def test_what_changes_no_result_reruns_nothing(project):
    """Comments, docstrings, layout, the order of keys, time stamps, moved directories."""
    assert project.plan() == {}
    project.edit("nri/model/decoders/mlp.py", '"""', '"""Otherwise said: ')
    project.edit("nri/model/decoders/mlp.py", "import torch\n", "import torch  # a comment\n\n")
    project.edit("workflow/rules/training.smk", "# Training", "# The training")

    def backwards(value):
        if isinstance(value, dict):
            return {key: backwards(value[key]) for key in reversed(value)}
        return [backwards(part) for part in value] if isinstance(value, list) else value

    for place, path in enumerate(sorted(project.directory.parent.rglob("*"), reverse=True)):
        if ".snakemake" not in path.parts:
            os.utime(path, (1e9 + place, 1e9 + place))
    assert project.plan(backwards(project.config())) == {}


def test_a_fresh_checkout_over_finished_results_reruns_nothing(project):
    def git(*arguments):
        options = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *options, *arguments], cwd=project.checkout, check=True)

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "all")
    for path in project.checkout.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    git("checkout", "--quiet", "--", ".")
    assert project.plan() == {}


def test_a_learning_rate(project):
    """The seeds of its run and what shows them; the plan names the key and both values."""
    config = project.config()
    config["runs"][0].setdefault("training", {})["learning_rate"] = 1.0e-4
    plan = project.plan(config)
    run = {
        f"{rule} springs5/mlp-mlp-k2 {seed}" for rule in ("train", "evaluate") for seed in (1, 2)
    }
    figures = {"figure trajectories_springs5_mlp-mlp-k2", "figure curves_springs5"}
    figures |= {"figure calibration_springs5"}
    assert set(plan) == run | figures | {"explorer"} | AGGREGATES
    job = plan["train springs5/mlp-mlp-k2 1"]
    change = ["training.learning_rate 0.0005 → 0.0001"]
    assert why(job, project) == change
    assert job.reason.endswith(
        "before: 'training.learning_rate = 0.0005' now: 'training.learning_rate = 0.0001' "
    ), "Snakemake itself says no more than that"
    text = render(list(plan.values()), project.directory).splitlines()
    start = text.index("train  (2 jobs)")
    assert text[start + 1 : start + 3] == [
        "  springs5/mlp-mlp-k2  seeds 1, 2",
        f"      {change[0]}",
    ]
    assert "      follows train" in text


def test_the_size_of_a_data_set(project):
    config = project.config()
    config["datasets"]["charged5"]["samples"] = {"train": 320, "valid": 64, "test": 64}
    plan = project.plan(config)
    run = {f"{rule} charged5/cnn-sim-k2 1" for rule in ("train", "evaluate")}
    figures = {"figure trajectories_charged5_cnn-sim-k2", "figure curves_charged5"}
    figures |= {"figure calibration_charged5"}
    assert set(plan) == {"prepare_charged charged5", "figure systems"} | run | figures | AGGREGATES
    assert why(plan["prepare_charged charged5"], project) == ["samples.train 256 → 320"]


def test_settings_that_change_places(project):
    config = project.config()
    run = next(run for run in config["runs"] if run["decoder"] == "sim")
    run["training"] = {"prediction_steps": 1, "simulation_steps": 10}
    assert why(project.plan(config)["train charged5/cnn-sim-k2 1"], project) == [
        "training.prediction_steps 10 → 1",
        "training.simulation_steps 1 → 10",
    ]


def test_one_more_seed(project):
    """Figures that show the first seed alone stay, and so does all of the other seeds."""
    config = project.config()
    config["runs"][0]["seeds"] = [1, 2, 3]
    plan = project.plan(config)
    new = {f"{rule} springs5/mlp-mlp-k2 3" for rule in ("train", "evaluate")}
    assert set(plan) == new | {"figure curves_springs5"} | AGGREGATES
    assert why(plan["train springs5/mlp-mlp-k2 3"], project) == ["not there yet"]


def test_one_more_run_on_one_more_data_set(project):
    config = project.config()
    config["datasets"]["springs3"] = {**config["datasets"]["springs5_empty"], "objects": 3}
    config["runs"].append({"dataset": "springs3", "encoder": "mlp", "decoder": "mlp"})
    config["runs"][-1] |= {"edge_types": 2, "seeds": [1]}
    new = {f"{rule} springs3/mlp-mlp-k2 1" for rule in ("train", "evaluate")}
    new |= {
        "prepare_springs springs3",
        "figure trajectories_springs3_mlp-mlp-k2",
        "figure curves_springs3",
        "figure calibration_springs3",
    }
    assert set(project.plan(config)) == new | {"explorer"} | AGGREGATES


def test_a_run_a_seed_and_a_data_set_less(project):
    """Nothing but aggregates, and for what is left out the reason."""
    config = project.config()
    config["seeds"] = [1]
    config["runs"] = [run for run in config["runs"] if run["dataset"] != "charged5"]
    del config["datasets"]["charged5"]
    plan = project.plan(config)
    figures = {"figure curves_springs5", "figure systems"}
    assert set(plan) == figures | AGGREGATES
    assert why(plan["figure systems"], project) == ["gone: results/data/charged5.h5"]


def test_the_code_of_a_figure(project):
    project.edit("nri/figures/phases.py", "__all__", "CHANGED = 1\n__all__")
    plan = project.plan()
    assert set(plan) == {"figure phases_kuramoto5", "page"}
    assert why(plan["figure phases_kuramoto5"], project) == ["nri/figures/phases.py edited"]


@pytest.mark.parametrize(
    ("path", "before", "after", "rules"),
    [
        ("nri/figures/colours.py", "#999999", "#999998", {"figure", "page"}),
        ("nri/figures/horizon.py", "standard error,", "standard errors,", {"figure", "page"}),
        ("nri/results/metrics.py", "accuracy (%)", "accuracy, %", SHOWS_RESULTS),
        ("nri/results/catalogue.py", "Static", "Nothing moves", SHOWS_RESULTS | {"explorer"}),
        ("nri/logs.py", "%H:%M:%S", "%H:%M", set()),
        ("nri/provenance.py", "platform.machine()", "platform.node()", set()),
        ("nri/__init__.py", "__version__ = ", "__version__ = '9' + ", set()),
    ],
)
def test_what_is_shown_computes_nothing_again(path, before, after, rules, project):
    """A colour, a caption, a unit, a label; a log's format, provenance, the version."""
    project.edit(path, before, after)
    assert {name.split()[0] for name in project.plan()} == rules


def test_the_code_of_the_decoders(project):
    """Trainings with that decoder and what follows; no simulation, no figure of data alone."""
    project.edit("nri/model/decoders/mlp.py", "__all__", "CHANGED = 1\n__all__")
    plan = project.plan()
    rules = {name.split()[0] for name in plan}
    assert {"train", "evaluate", "collect", "page"} <= rules
    assert not {"figure simulation", "figure systems"} & set(plan)
    assert not prepared(plan)
    trained = {name: job for name, job in plan.items() if name.startswith("train ")}
    assert set(trained) == {
        "train springs5/mlp-mlp-k2 1",
        "train springs5/mlp-mlp-k2 2",
        "train springs5/mlp-mlp-k2-wide 1",
        "train springs5/mlp-mlp-k2-fast 1",
        "train springs10/mlp-mlp-k2-fast 1",
        "train kuramoto5/node-cnn-mlp-k2-sampled 1",
    }
    started = trained.pop("train springs10/mlp-mlp-k2-fast 1")
    assert why(started, project)[0].startswith("Input files updated by another job")
    for job in trained.values():
        assert why(job, project) == ["nri/model/decoders/mlp.py edited"]


def test_the_equations_of_a_system(project):
    """The data of that system alone, and what hangs on them."""
    project.edit("nri/data/simulated/springs.py", "tuple(-k for", "tuple(-1.5 * k for")
    plan, name = project.plan(), "prepare_springs springs5"
    assert prepared(plan) == {name, f"{name}_empty", "prepare_springs springs10"}
    assert why(plan[name], project) == ["nri/data/simulated/springs.py edited"]
    assert len(runs("train", "springs5", plan)) == 5
    assert not {name for name in plan if "kuramoto5" in name or "charged5" in name}


def test_a_source_that_is_not_used(project):
    """Neither its code nor its name among the sources is a reason to make other data again."""
    project.edit("nri/data/mocap/prepare.py", "1500.0", "1000.0")
    project.edit("nri/data/mocap/settings.py", "= 120", "= 60")
    project.edit("nri/choices.py", "SOURCES = {", 'SOURCES = {\n    "x": "nri.data.x:X",')
    assert not prepared(project.plan())


def test_what_evaluations_use(project):
    """Examples are kept of models alone; nothing that trains by itself trains again."""
    config = project.config()
    config["evaluation"]["examples"] = 5
    plan = project.plan(config)
    assert len([name for name in plan if name.startswith("evaluate ")]) == 10
    assert why(plan["evaluate springs5/mlp-mlp-k2 1"], project) == ["examples 4 → 5"]
    rest = ("train ", "baseline ", "correlate_lstm ")
    assert not {name for name in plan if name.startswith(rest)}


def test_a_setting_that_no_run_feels(project):
    """Student's t is not used by a Gaussian likelihood, transitions not by sampled graphs."""
    config = project.config()
    unfelt = {"residual_scale": 7.0, "degrees_of_freedom": 3.0, "transitions": 5}
    for run in config["runs"]:
        if run.get("recipe") not in ("fast", "sampled"):
            run["training"] = {**run.get("training", {}), **unfelt}
    assert project.plan(config) == {}


def test_the_code_of_an_encoder(project):
    """The runs with that encoder alone; no LSTM, no true graph."""
    project.edit("nri/model/encoders/node_cnn.py", "__all__", "CHANGED = 1\n__all__")
    plan = project.plan()
    trained = {name for name in plan if name.startswith("train ")}
    assert trained == {"train kuramoto5/node-cnn-mlp-k2-sampled 1"}
    assert {name for name in plan if name.startswith("evaluate ")} == {
        "evaluate kuramoto5/node-cnn-mlp-k2-sampled 1"
    }


def test_one_more_choice(project):
    """A line in the table of choices is no reason to train or evaluate anything again."""
    project.edit(
        "nri/choices.py", "ENCODERS = {", 'ENCODERS = {\n    "new": "nri.model.encoders.mlp:New",'
    )
    assert set(project.plan()) == {"explorer", "page"}


def test_studies_and_tests_elsewhere_retrain_nothing(project):
    config = project.config()
    config["studies"]["size"] = {"title": "Size of the encoder"}
    config["runs"][2]["study"] = "size"
    plan = project.plan(config)
    rules = {name.split()[0] for name in plan}
    assert "collect" in rules
    assert not {"train", "evaluate"} & rules
    assert not prepared(plan)
    del config["runs"][0]["test_on"]
    plan = project.plan(config)
    assert runs("evaluate", "springs5", plan) == {
        f"evaluate springs5/mlp-mlp-k2 {seed}" for seed in (1, 2)
    }
    assert not prepared(plan) | {name for name in plan if name.startswith("train ")}


def test_more_epochs_continue_from_the_last_checkpoint(project, tmp_path):
    config = project.config()
    config["runs"][0].setdefault("training", {})["epochs"] = 3
    run = Path("results/runs/springs5/mlp-mlp-k2/seed1")
    job = planned(
        project.checkout, project.directory, run / "curve.csv", *project.arguments(config)
    )
    assert why(job["train springs5/mlp-mlp-k2 1"], project) == ["training.epochs 2 → 3"]
    copy = tmp_path / "project"
    shutil.copytree(project.directory.parent, copy, symlinks=True)
    later = Project(copy / "checkout", copy / "run")
    snakemake(later.checkout, later.directory, run / "curve.csv", *later.arguments(config))
    log = (later.directory / "results/logs/runs/springs5/mlp-mlp-k2/seed1/train.log").read_text()
    assert "continuing at update 8 " in log
    record = json.loads((later.directory / run / "config.json").read_text())
    assert record["updates"] == 12
