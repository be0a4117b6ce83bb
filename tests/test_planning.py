"""What jobs cost, before they run: sizes of data sets and seconds of trainings."""

import re

import pytest
import yaml
from workflows import snakemake

from nri.choices import SOURCES, load
from nri.config.runs import Run
from nri.config.training import TrainingSettings
from nri.planning.shapes import Shape, shape_of
from nri.planning.work import data_bytes, evaluation_seconds, training_seconds, training_updates
from nri.terminal.jobs import about

SPLITS = {"train": 49, "valid": 49, "test": 99}
SAMPLES = {"train": 10_000, "valid": 200, "test": 2000}

# CPU seconds of an update at the paper's widths, measured on one core of an x86 server by calls of
# `Trainer._update`: encoder, decoder, edge types, objects, batch, other settings, seconds.
UPDATES = [
    ("mlp", "mlp", 2, 5, 32, {}, 0.434),
    ("mlp", "mlp", 2, 10, 16, {}, 0.766),
    ("cnn", "mlp", 2, 5, 16, {}, 0.448),
    ("cnn", "none", 2, 5, 16, {}, 0.219),
    ("cnn", "mlp", 2, 10, 8, {}, 0.899),
    ("mlp", "none", 2, 5, 64, {}, 0.038),
    ("mlp", "sim", 2, 5, 64, {}, 0.0475),
    ("cnn", "sim", 2, 5, 16, {"simulation_steps": 100}, 0.646),
    ("full", "lstm-single", 2, 5, 64, {}, 1.41),
    ("full", "lstm-joint", 2, 5, 64, {}, 6.71),
    ("mlp", "rnn", 2, 5, 16, {}, 0.468),
    ("mlp", "rnn", 4, 5, 16, {"skip_first": True}, 0.647),
]


def a_run(encoder, decoder, edge_types=2, **settings):
    training = TrainingSettings(**settings)
    names = {"dataset": "a", "encoder": encoder, "decoder": decoder}
    return Run(**names, edge_types=edge_types, training=training)


@pytest.mark.parametrize(
    ("encoder", "decoder", "types", "objects", "batch", "settings", "seconds"), UPDATES
)
def test_seconds_of_an_update_as_measured(
    encoder, decoder, types, objects, batch, settings, seconds
):
    run = a_run(encoder, decoder, types, batch_size=batch, epochs=1.0, **settings)
    shape = Shape({"train": 1000 * batch, "valid": 0, "test": 0}, SPLITS, objects, 4)
    assert training_updates(run, 1000 * batch) == 1000
    assert 0.5 < training_seconds(run, shape) / (1000 * seconds) < 2


def test_more_work_costs_more():
    shape, stages = Shape(SAMPLES, SPLITS, 5, 4), [{}, {"graph": "refined", "freeze": "decoder"}]
    one = training_seconds(a_run("mlp", "mlp", epochs=10.0), shape)
    two = training_seconds(a_run("mlp", "mlp", epochs=20.0), shape)
    assert two == pytest.approx(2 * one, rel=0.01)
    assert one < training_seconds(a_run("mlp", "mlp", epochs=10.0, stages=stages), shape) < two
    run = a_run("mlp", "mlp")
    assert evaluation_seconds(run, shape, 20, True) > 2 * evaluation_seconds(run, shape, 20, False)


def test_the_size_of_a_simulated_data_set(repository):
    config = yaml.safe_load((repository / "config" / "config.yaml").read_text())
    settings = load(SOURCES["springs"]).Settings.model_validate(config["datasets"]["springs5"])
    shape = shape_of(settings)
    assert shape == Shape(SAMPLES, SPLITS, 5, 4)
    assert data_bytes(shape) == pytest.approx(45_094_450, rel=0.05)  # as written


def test_windows_of_own_tables_are_counted(repository):
    config = yaml.safe_load((repository / "config" / "own.yaml").read_text())
    settings = load(SOURCES["own"]).Settings.model_validate(config["datasets"]["pendulums"])
    shape = shape_of(settings, [repository / "docs" / "examples" / "pendulums.csv"])
    assert shape.objects == 5
    assert 200 < shape.samples["train"] < 600  # 384 are cut
    assert shape_of(settings, ["none.csv"]).samples["train"] == 50_000


def test_seconds_and_limits_of_own_data_are_small(repository, tmp_path):
    """And the limit of the same training on a GPU is no longer than on a core."""
    path = repository / "config" / "own.yaml"
    arguments = ("--dry-run", "--configfile", path)
    plan = snakemake(repository, tmp_path, *arguments).stdout
    jobs = re.findall(r"rule train:.*?resources: ([^\n]*)", plan, re.DOTALL)
    assert jobs
    for resources in jobs:
        assert int(re.search(r"runtime=(\d+)", resources)[1]) == 15
        assert int(re.search(r"cpu_seconds=(\d+)", resources)[1]) < 150


def test_estimates_have_no_digits_that_nobody_knows():
    assert [about(each * 3600) for each in (1.13, 43419, 123)] == [
        "1 h 10 min",
        "43,000 h",
        "120 h",
    ]
