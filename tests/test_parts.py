"""A part of the configuration: `only`, at the default scale and at the paper's; one figure."""

import pytest
from workflows import planned

from nri.config.config import Config
from nri.config.parse import ConfigError, parse_config
from nri.config.resolve import resolve_baselines, resolve_runs

MODEL = {"dataset": "a", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
RAW = {
    "datasets": {name: {"source": "springs", "objects": 3} for name in ("a", "b")},
    "recipes": {"on": {}, "wide": {}},
    "studies": {"width": {"title": "Width"}},
    "runs": [
        MODEL,
        {**MODEL, "recipe": "wide", "study": "width"},
        {**MODEL, "encoder": "full"},
        {**MODEL, "decoder": "none"},
        {
            **MODEL,
            "dataset": "b",
            "recipe": "on",
            "start_from": {"dataset": "a", "run": "mlp-mlp-k2"},
        },
    ],
    "baselines": [
        {"dataset": "a", "baseline": "static"},
        {"dataset": "a", "baseline": "corr-path"},
        {"dataset": "b", "baseline": "lstm-joint"},
    ],
}
for dataset in RAW["datasets"].values():
    dataset |= {"samples": {"train": 9, "valid": 9, "test": 9}}

LEARNED, WIDE, FULL = "a/mlp-mlp-k2", "a/mlp-mlp-k2-wide", "a/full-mlp-k2"
SUPERVISED, STARTED = "a/mlp-none-k2", "b/mlp-mlp-k2-on"


def names(only) -> set[str]:
    config: Config = parse_config({**RAW, "only": only})
    return {"/".join(key) for key in {**resolve_runs(config), **resolve_baselines(config)}}


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("a", {LEARNED, WIDE, FULL, SUPERVISED, "a/static", "a/corr-path"}),
        (["b"], {STARTED, "b/lstm-joint", LEARNED}),  # what a training starts from, too
        (WIDE, {WIDE}),
        (f"{FULL}, a/static", {FULL, "a/static"}),
        ("table_1", {LEARNED, SUPERVISED, STARTED, "a/corr-path"}),
        ("table_2", {LEARNED, FULL, STARTED, "a/static", "b/lstm-joint"}),
    ],
)
def test_the_part_that_is_wanted(only, expected):
    assert names(only) == expected


def test_all_is_wanted_by_default_and_what_is_not_there_is_refused():
    assert len(names([])) == len(RAW["runs"]) + len(RAW["baselines"])
    with pytest.raises(ConfigError, match=r"only: 'table1' is not there, did you mean 'table_1'"):
        names("table1")


@pytest.mark.parametrize("overlay", ["config.yaml", "paper.yaml"])
def test_one_system_is_planned_alone(overlay, repository, tmp_path):
    path = repository / "config" / overlay
    plan = planned(repository, tmp_path, "--configfile", path, "--config", "only=charged5")
    trained = {job.wildcards["dataset"] for job in plan.values() if job.rule == "train"}
    assert trained == {"charged5"}
    assert "table edge_accuracy" in plan
    assert "page" in plan
    assert not any("springs" in job.name for job in plan.values())


def test_one_figure_is_planned_with_what_it_needs(repository, tmp_path):
    target = "results/figures/simulation.svg"
    plan = planned(repository, tmp_path, target)
    assert set(plan) == {"prepare_springs springs5", "figure simulation"}
