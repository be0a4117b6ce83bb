"""config/paper.yaml: every experiment of the paper, at its settings, in one plan."""

import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.config import read_config
from nri.config.resolve import PlannedRun, resolve_baselines, resolve_runs
from nri.config.training import TrainingSettings
from nri.results.comparison import read_paper_numbers

# The rows of the paper's tables and figures as this pipeline names them: what each is trained on.
SPRINGS = ("mlp-mlp-k2", "mlp-sim-k2", "true-mlp-k2", "full-mlp-k2", "mlp-none-k2")
CHARGED = ("cnn-mlp-k2", "cnn-sim-k2", "true-mlp-k2", "full-mlp-k2", "cnn-none-k2")
KURAMOTO = ("cnn-mlp-k2", "true-mlp-k2", "full-mlp-k2", "cnn-none-k2")
EXPERIMENTS = {
    "springs5": SPRINGS,
    "charged5": CHARGED,
    "kuramoto5": KURAMOTO,
    "springs10": ("mlp-mlp-k2", "mlp-sim-k2", "mlp-none-k2"),
    "charged10": ("cnn-mlp-k2", "cnn-sim-k2", "cnn-none-k2"),
    "kuramoto10": ("cnn-mlp-k2", "cnn-none-k2"),
    "springs5_three": ("mlp-mlp-k3",),
    "mocap35": ("mlp-rnn-k2", "mlp-rnn-k4", "full-rnn-k2", "skeleton-rnn-k2"),
    "nba": ("cnn-rnn-k2", "full-rnn-k2"),
}
PREDICTING = ("static", "lstm-single", "lstm-joint")
CORRELATING = ("corr-path", "corr-lstm")
BASELINES = {
    **dict.fromkeys(("springs5", "charged5", "kuramoto5"), PREDICTING + CORRELATING),
    **dict.fromkeys(("springs10", "charged10", "kuramoto10"), CORRELATING),
    "mocap35": PREDICTING,
    "nba": PREDICTING,
}
SEEDS = range(1, 6)


@pytest.fixture(scope="module")
def config():
    return read_config("paper.yaml")


@pytest.fixture(scope="module")
def planned(repository, tmp_path_factory) -> set[str]:
    """The files that one call with config/paper.yaml would make."""
    directory = tmp_path_factory.mktemp("plan")
    command = ["snakemake", "--snakefile", str(repository / "Snakefile"), "--cores", "1"]
    command += ["--directory", str(directory), "--summary"]
    command += ["--configfile", str(repository / "config/paper.yaml")]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    return {line.split("\t")[0] for line in result.stdout.splitlines()[1:]}


@pytest.mark.parametrize("dataset", EXPERIMENTS)
def test_every_run_is_planned_with_five_seeds_and_its_metrics(planned, dataset):
    for run in EXPERIMENTS[dataset]:
        for seed in SEEDS:
            assert f"results/runs/{dataset}/{run}/seed{seed}/metrics.csv" in planned


def test_nothing_else_is_trained(planned):
    trained = {Path(path).parts[2:4] for path in planned if path.endswith("/model.safetensors")}
    runs = {(dataset, run) for dataset, names in EXPERIMENTS.items() for run in names}
    baselines = {(d, name) for d, names in BASELINES.items() for name in names if "lstm" in name}
    assert trained == runs | baselines


@pytest.mark.parametrize("dataset", BASELINES)
def test_every_baseline_is_planned(planned, dataset):
    for baseline in BASELINES[dataset]:
        seeds = SEEDS if "lstm" in baseline else [1]
        for seed in seeds:
            assert f"results/baselines/{dataset}/{baseline}/seed{seed}/metrics.csv" in planned


def test_every_cell_of_the_paper_s_tables_has_a_run_that_fills_it(config, repository):
    runs, baselines = resolve_runs(config), resolve_baselines(config)
    filled = {(run.dataset, run.model) for run in [*runs.values(), *baselines.values()]}
    filled |= {(other.dataset, run.model) for run in runs.values() for other in run.test_on}
    paper = read_paper_numbers(repository / "config/paper_numbers.csv").dropna(subset="value")
    cells = set(zip(paper["dataset"], paper["model"], strict=True))
    assert not cells - filled


def test_the_settings_are_the_paper_s(config):
    """Section 5 and the official code: what a system changes, and nothing else."""
    changes = {
        "kuramoto5": {"variance": 0.01, "skip_first": True},
        "kuramoto10": {"variance": 0.01, "skip_first": True},
        "mocap35": {"skip_first": True, "straight_through": True, "batch_size": 8, "epochs": 200},
    }
    allowed = {"prior", "encoder_dropout", "simulation_steps"}
    assert config.training == TrainingSettings()
    for (dataset, name), run in resolve_runs(config).items():
        expected = {**vars(config.training), **changes.get(dataset, {})}
        if run.decoder == "none":
            expected |= {"variance": 5e-5, "skip_first": False, "encoder_dropout": 0.5}
        different = {k for k, v in vars(run.training).items() if v != expected[k]} - allowed
        assert not different, f"{dataset}/{name}: {different}"
    for (dataset, _), baseline in resolve_baselines(config).items():
        if isinstance(baseline, PlannedRun) and dataset.startswith("kuramoto"):
            assert baseline.training.variance == 0.01


def test_the_data_are_of_the_paper_s_size(config):
    for name in EXPERIMENTS.keys() - {"mocap35", "nba"}:
        samples = config.datasets[name].samples
        assert (samples.train, samples.valid, samples.test) == (50_000, 10_000, 10_000)
    assert config.datasets["springs5_empty"].samples.test == 1000
    assert config.training.epochs == 500
    assert config.seeds == list(SEEDS)


def test_trainings_ask_for_a_gpu(config):
    assert config.gpu == 1
