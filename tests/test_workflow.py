"""Real runs of the workflow with Snakemake, in empty directories."""

import os
import re
import shutil
import subprocess
import sys

import h5py
import pandas as pd
import pytest
import yaml

from nri.results import METRIC_COLUMNS


def snakemake(repository, directory, *arguments, check=True):
    """Run the workflow of `repository` in `directory`; the finished process, output as text."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
    command += ["--directory", str(directory), "--cores", "2", *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if check:
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-6000:]
    return result


def planned(repository, directory, *arguments):
    """What a dry run would do: {rule: number of jobs}."""
    result = snakemake(repository, directory, "--dry-run", "--quiet", "rules", *arguments)
    if "Nothing to be done" in result.stdout + result.stderr:
        return {}
    result = snakemake(repository, directory, "--dry-run", *arguments)
    lines = result.stdout.split("Job stats:")[1].splitlines()[3:]
    rows = [line.split() for line in lines[: lines.index("")]]
    return {rule: int(count) for rule, count in rows if rule not in ("total", "all")}


@pytest.fixture(scope="module")
def checkout(repository, tmp_path_factory):
    """A copy of what the workflow is made of, to edit."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("Snakefile", "workflow", "scripts", "nri", "config", "envs"):
        source = repository / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    # Compiled simulation kernels, so that they are not compiled again.
    cache = repository / "nri" / "simulation" / "__pycache__"
    if cache.is_dir():
        shutil.copytree(cache, copy / "nri" / "simulation" / "__pycache__")
    return copy


@pytest.fixture(scope="module")
def smoke(checkout, tmp_path_factory):
    """The smoke configuration, run to its end in an empty directory: (directory, arguments)."""
    directory = tmp_path_factory.mktemp("smoke")
    arguments = ("--configfile", checkout / "config" / "smoke.yaml")
    snakemake(checkout, directory, *arguments)
    return directory, arguments


def test_smoke_makes_every_result(smoke):
    results = smoke[0] / "results"
    metrics = pd.read_csv(results / "metrics.csv")
    assert list(metrics) == METRIC_COLUMNS
    assert {"edge_accuracy", "edge_auroc", "mse", "nll", "kl", "elbo"} <= set(metrics.metric)
    assert {"nri_learned", "nri_true_graph", "supervised", "static"} <= set(metrics.model)
    elsewhere = metrics[metrics.dataset == "springs5_empty"]
    assert set(elsewhere.variant) == {"@springs5"}
    assert set(elsewhere.metric) == {"edge_accuracy", "mse"}
    runs = pd.read_csv(results / "runs.csv", keep_default_na=False)
    assert set(runs[runs.study == "width"].variant) == {"wide"}
    for table in ("edge_accuracy", "future_mse", "edge_auroc", "studies"):
        for extension in (".csv", ".md", ".tex", ".html", "_seeds.csv"):
            assert (results / "tables" / f"{table}{extension}").stat().st_size > 0
    assert "Reduced scale" in (results / "index.html").read_text()
    figures = re.findall('<figure class="plot" id="([a-z]+)', (results / "index.html").read_text())
    order = "simulation", "systems", "trajectories", "horizon", "phases", "curves"
    assert tuple(dict.fromkeys(figures)) == order
    assert len(list((results / "figures").glob("*.png"))) == len(figures)
    with h5py.File(results / "data" / "springs5.h5") as file:
        assert file.attrs["format"] == "nri-trajectories"
        assert file["train/trajectories"].shape == (256, 5, 49, 4)


def test_a_second_call_has_nothing_to_do(checkout, smoke):
    directory, arguments = smoke
    assert planned(checkout, directory, *arguments) == {}


def test_a_changed_setting_reruns_what_depends_on_it(checkout, smoke, tmp_path):
    """One run's learning rate: its trainings and what shows them; no simulation, no other run."""
    directory, _ = smoke
    overlay = yaml.safe_load((checkout / "config" / "smoke.yaml").read_text())
    overlay["runs"][0].setdefault("training", {})["learning_rate"] = 1.0e-4
    (tmp_path / "edited.yaml").write_text(yaml.safe_dump(overlay))
    plan = planned(checkout, directory, "--configfile", tmp_path / "edited.yaml")
    seeds = len(overlay["seeds"])
    assert plan["train"] == plan["evaluate"] == seeds
    assert plan["collect"] == plan["page"] == 1
    assert not {"simulate", "baseline", "trained_baseline"} & set(plan)


def test_studies_and_tests_elsewhere_retrain_nothing(checkout, smoke, tmp_path):
    directory, _ = smoke
    overlay = yaml.safe_load((checkout / "config" / "smoke.yaml").read_text())
    overlay["studies"] = {"size": "Size of the encoder"}
    overlay["runs"][1]["study"] = "size"
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(overlay))
    plan = planned(checkout, directory, "--configfile", tmp_path / "study.yaml")
    assert plan["collect"] == 1
    assert not {"train", "evaluate", "simulate"} & set(plan)
    del overlay["runs"][0]["also_on"]
    (tmp_path / "alone.yaml").write_text(yaml.safe_dump(overlay))
    plan = planned(checkout, directory, "--configfile", tmp_path / "alone.yaml")
    assert plan["evaluate"] == len(overlay["seeds"])
    assert not {"train", "simulate"} & set(plan)


def test_comments_rerun_nothing_and_code_what_is_made_by_it(checkout, smoke):
    directory, arguments = smoke
    module = checkout / "nri" / "model" / "decoders.py"
    original = module.read_text()
    module.write_text(original.replace("import torch\n", "import torch  # a comment\n\n", 1))
    assert planned(checkout, directory, *arguments) == {}
    module.write_text(original + "\nCHANGED = 1\n")
    plan = planned(checkout, directory, *arguments)
    assert plan["train"] > 1
    assert "simulate" not in plan
    module.write_text(original)
    assert planned(checkout, directory, *arguments) == {}


def test_a_bad_configuration_stops_before_anything_runs(checkout, tmp_path):
    (tmp_path / "bad.yaml").write_text("training: {epochs: -3}\n")
    arguments = ("--configfile", tmp_path / "bad.yaml")
    result = snakemake(checkout, tmp_path, *arguments, check=False)
    assert result.returncode != 0
    assert "config.training.epochs: -3 is less than or equal to the minimum of 0" in result.stderr
    assert not (tmp_path / "results").exists()


def test_real_motion_capture_end_to_end(checkout, data_dir, tmp_path):
    """A few real trials from AMC files to the figures, through the same rules."""
    overlay = yaml.safe_load((checkout / "config" / "mocap.yaml").read_text())
    overlay["datasets"]["mocap35"]["trials"] = {"train": [2], "valid": [3], "test": [28]}
    overlay["training"].update(encoder_hidden=8, decoder_hidden=8, epochs=1)
    overlay["runs"] = [run for run in overlay["runs"] if run["encoder"] in ("mlp", "skeleton")]
    (tmp_path / "mocap.yaml").write_text(yaml.safe_dump(overlay))
    mirror = f"mirror={data_dir / 'mirror'}"
    arguments = ("--configfile", tmp_path / "mocap.yaml", "--config", mirror)
    snakemake(checkout, tmp_path, *arguments)
    metrics = pd.read_csv(tmp_path / "results" / "metrics.csv")
    assert {"nri_learned", "nri_dynamic", "nri_skeleton", "static"} <= set(metrics.model)
    assert metrics.query("metric == 'mse'").step.max() == 49
    assert (tmp_path / "results" / "figures" / "horizon.png").exists()
    assert list((tmp_path / "results" / "figures").glob("skeleton_mocap35_*.png"))
    assert len(list((tmp_path / "results" / "figures").glob("poses_mocap35_*.png"))) == 2


def test_real_basketball_end_to_end(checkout, data_dir, tmp_path):
    """One tracked archive by its path, and a public one from a mirror, to the figures."""
    mirror = tmp_path / "mirror"
    shutil.copytree(data_dir / "mirror" / "sportvu_5hz", mirror / "sportvu_5hz")
    public = mirror / "raw.githubusercontent.com/linouk23/NBA-Player-Movements/master/data"
    public = public / "2016.NBA.Raw.SportVU.Game.Logs" / "01.01.2016.CHA.at.TOR.7z"
    public.parent.mkdir(parents=True)
    shutil.copy(mirror / "sportvu_5hz" / "CLE.test.7z", public)
    overlay = yaml.safe_load((checkout / "config" / "nba.yaml").read_text())
    games = overlay["datasets"]["nba_5hz"]["games"]
    games["train"], games["test"] = games["valid"], games["train"]
    games["valid"] = ["01.01.2016.CHA.at.TOR"]
    overlay["seeds"] = [1]
    overlay["training"].update(encoder_hidden=8, decoder_hidden=8, epochs=1)
    overlay["runs"], overlay["baselines"] = overlay["runs"][:1], []
    (tmp_path / "nba.yaml").write_text(yaml.safe_dump(overlay))
    stems = ["segments_nba_5hz", "roles_nba_5hz_cnn-rnn-k2", "court_nba_5hz_cnn-rnn-k2"]
    figures = [f"results/figures/{stem}.svg" for stem in stems]
    arguments = ("--configfile", tmp_path / "nba.yaml", "--config", f"mirror={mirror}")
    snakemake(checkout, tmp_path, *figures, *arguments)
    for figure in figures:
        assert "Basketball, 14 games at 5 Hz" in (tmp_path / figure).read_text()
    results = tmp_path / "results"
    games = pd.read_csv(results / "data" / "nba_5hz.games.csv")
    assert games["split"].tolist() == ["train", "valid", "test"]
    assert games["kept"].min() > 0
    table = (results / "tables" / "segments_nba_5hz.html").read_text()
    assert "valid: 01.01.2016.CHA.at.TOR" in table
    metrics = pd.read_csv(results / "runs/nba_5hz/cnn-rnn-k2/seed1/metrics.csv")
    assert {"nri_learned", "nri_dynamic"} == set(metrics.model)
    assert metrics.query("metric == 'mse'").step.max() == 7
