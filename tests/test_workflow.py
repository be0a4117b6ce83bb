"""Real runs of the workflow with Snakemake, in empty directories."""

import re
import shutil

import h5py
import pandas as pd
import pytest
import yaml
from workflows import copy_checkout, snakemake

from nri.results.rows import METRIC_COLUMNS


@pytest.fixture(scope="module")
def checkout(repository, tmp_path_factory):
    return copy_checkout(repository, tmp_path_factory.mktemp("checkout") / "nri")


def test_smoke_makes_every_result(smoke):
    results = smoke / "run" / "results"
    metrics = pd.read_csv(results / "metrics.csv")
    assert list(metrics) == METRIC_COLUMNS
    assert {"edge_accuracy", "edge_auroc", "mse", "nll", "kl", "elbo"} <= set(metrics.metric)
    tempered = metrics[metrics.graph == "tempered"]
    confidence = {"edge_calibration_error", "edge_log_loss"}
    assert set(tempered.metric) == {"edge_accuracy"} | confidence
    assert set(tempered.decoder) == {"mlp"}, "a simulator has no tables"
    assert {"nri_learned", "nri_true_graph", "supervised", "static"} <= set(metrics.model)
    elsewhere = metrics[metrics.dataset == "springs5_empty"]
    assert set(elsewhere.trained_on) == {"springs5"}
    assert set(elsewhere.metric) == {"edge_accuracy", "mse"} | confidence
    runs = pd.read_csv(results / "runs.csv", keep_default_na=False)
    assert set(runs[runs.study == "width"].recipe) == {"wide"}
    for table in ("edge_accuracy", "future_mse", "edge_auroc", *confidence, "studies"):
        for extension in (".csv", ".md", ".tex", ".html", "_seeds.csv"):
            assert (results / "tables" / f"{table}{extension}").stat().st_size > 0
    assert "Reduced scale" in (results / "index.html").read_text()
    figures = re.findall('<figure class="plot" id="([a-z]+)', (results / "index.html").read_text())
    order = "simulation", "systems", "trajectories", "horizon", "phases", "calibration", "curves"
    assert tuple(dict.fromkeys(figures)) == order
    assert len(list((results / "figures").glob("*.png"))) == len(figures)
    with h5py.File(results / "data" / "springs5.h5") as file:
        assert file.attrs["format"] == "nri-trajectories"
        assert file["train/trajectories"].shape == (256, 5, 49, 4)


def test_a_bad_configuration_stops_before_anything_runs(checkout, tmp_path):
    (tmp_path / "bad.yaml").write_text("training: {epochs: -3}\n")
    arguments = ("--configfile", tmp_path / "bad.yaml")
    result = snakemake(checkout, tmp_path, *arguments, check=False)
    assert result.returncode != 0
    assert "config.training.epochs: -3 must be above 0" in result.stderr
    assert not (tmp_path / "results").exists()


def test_real_motion_capture_end_to_end(checkout, data_dir, tmp_path):
    """A few real trials from AMC files to the figures, through the same rules."""
    overlay = yaml.safe_load((checkout / "config" / "mocap.yaml").read_text())
    overlay["datasets"]["mocap35"]["trials"] = {"train": [2], "valid": [3], "test": [28]}
    overlay["training"].update(encoder_hidden=8, decoder_hidden=8, epochs=1)
    overlay["runs"], overlay["seeds"] = [overlay["runs"][place] for place in (0, -1)], [1]
    overlay["baselines"] = overlay["baselines"][:1]
    (tmp_path / "mocap.yaml").write_text(yaml.safe_dump(overlay))
    mirror = f"mirror={data_dir / 'mirror'}"
    arguments = ("--configfile", tmp_path / "mocap.yaml", "--config", mirror)
    snakemake(checkout, tmp_path, *arguments)
    metrics = pd.read_csv(tmp_path / "results" / "metrics.csv")
    assert {"nri_learned", "nri_skeleton", "static"} <= set(metrics.model)
    assert {"inferred", "re-estimated", "given"} <= set(metrics.graph)
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
    overlay["seeds"], overlay["evaluation"]["horizon"] = [1], 7
    overlay["training"].update(encoder_hidden=8, decoder_hidden=8, epochs=1)
    overlay["runs"], overlay["baselines"] = overlay["runs"][:1], []
    (tmp_path / "nba.yaml").write_text(yaml.safe_dump(overlay))
    stems = ["segments_nba_5hz", "roles_nba_5hz_cnn-rnn-k2", "court_nba_5hz_cnn-rnn-k2"]
    figures = [f"results/figures/{stem}.svg" for stem in stems]
    arguments = ("--configfile", tmp_path / "nba.yaml", "--config", f"mirror={mirror}")
    table = "results/tables/segments_nba_5hz.html"
    snakemake(checkout, tmp_path, *figures, table, *arguments)
    for figure in figures:
        assert "Basketball, 14 games at 5 Hz" in (tmp_path / figure).read_text()
    results = tmp_path / "results"
    games = pd.read_csv(results / "data" / "nba_5hz.games.csv")
    assert games["split"].tolist() == ["train", "valid", "test"]
    assert games["kept"].min() > 0
    assert "valid: 01.01.2016.CHA.at.TOR" in (tmp_path / table).read_text()
    metrics = pd.read_csv(results / "runs/nba_5hz/cnn-rnn-k2/seed1/metrics.csv")
    assert set(metrics.graph) == {
        "inferred",
        "refined",
        "re-estimated",
        "re-estimated-from-truth",
    }
    assert metrics.query("metric == 'mse'").step.max() == 7
    assert metrics.query("metric == 'fde'").value.between(0.01, 30).all()  # metres
