"""config/record.yaml: every cell of the paper's tables that is simulated, at the paper's scale."""

import pytest

from benchmarks.config import read_config
from nri.config.resolve import resolve_baselines, resolve_runs
from nri.results.comparison import read_paper_numbers

PAPER = {"train": 50_000, "valid": 10_000, "test": 10_000}
RECORDED = {"mocap35", "nba", "nba_5hz"}


@pytest.fixture(scope="module")
def config():
    return read_config("record.yaml")


def test_every_simulated_cell_of_the_paper_is_there(config, repository):
    paper = read_paper_numbers(repository / "config/paper_numbers.csv")
    paper = paper[paper["value"].notna() & ~paper["dataset"].isin(RECORDED)]
    wanted = set(zip(paper["dataset"], paper["model"], strict=True))
    assert len(wanted) > 30
    runs = resolve_runs(config).values()
    there = {(run.dataset, run.model) for run in [*runs, *resolve_baselines(config).values()]}
    there |= {(test.dataset, run.model) for run in runs for test in run.test_on}
    assert wanted <= there


def test_five_seeds_and_the_papers_simulations(config):
    runs = [*resolve_runs(config).values(), *resolve_baselines(config).values()]
    assert {tuple(run.seeds) for run in runs if getattr(run, "training", None)} == {(1, 2, 3, 4, 5)}
    for name, settings in config.datasets.items():
        if settings.objects == 5 and name != "springs5_empty":
            assert settings.samples.model_dump() == PAPER
