"""Another workflow imports this one, runs a part of it, and goes on from its results."""

import os
import subprocess
import sys

import pytest
import yaml

IMPORTING = """
configfile: "mine.yaml"

rule all:
    input: "mine.txt"

module nri:
    snakefile: "{snakefile}"
    config: config["nri"]

use rule * from nri as nri_*

rule mine:
    input: "results/figures/simulation.png"
    output: "mine.txt"
    shell: "ls {{input}} > {{output}}"
"""


@pytest.fixture
def importing(repository, tmp_path):
    """A function that calls Snakemake on a workflow with one data set of its own."""
    config = yaml.safe_load((repository / "config" / "smoke.yaml").read_text())
    config["datasets"]["springs5"] |= {"objects": 3}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"nri": config}))
    text = IMPORTING.format(snakefile=repository / "Snakefile")
    (tmp_path / "Snakefile").write_text(text)

    def snakemake(*arguments, check=True):
        command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False
        )
        assert (done.returncode == 0) == check, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout + done.stderr

    return snakemake


def test_all_rules_can_be_imported_under_other_names(importing):
    plan = importing("nri_all", "--dry-run", "--quiet", "rules")
    counts = dict(line.split() for line in plan.splitlines() if line.startswith("nri_"))
    assert int(counts["nri_train"]) >= 7
    assert {"nri_evaluate", "nri_collect", "nri_figure", "nri_table", "nri_page"} <= set(counts)


def test_who_imports_keeps_its_own_first_rule(importing):
    plan = importing("--dry-run", "--quiet", "rules")
    counts = dict(line.split() for line in plan.splitlines() if line.startswith(("nri_", "mine")))
    assert counts == {"nri_prepare_springs": "1", "nri_figure": "1", "mine": "1"}


def test_a_part_runs_with_the_configuration_that_was_handed_over(importing, tmp_path):
    """Jobs too, which read the importing workflow again: here as a cluster would start them."""
    pytest.importorskip("snakemake_executor_plugin_cluster_generic")
    submit = ("--executor", "cluster-generic", "--cluster-generic-submit-cmd", "bash")
    importing(*submit, "--jobs", "1")
    assert (tmp_path / "mine.txt").read_text().strip() == "results/figures/simulation.png"
    description = (tmp_path / "results" / "figures" / "simulation.svg").read_text()
    assert "the first test sample, unchosen" in description


def test_a_mistake_in_the_configuration_is_named(importing, tmp_path):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"nri": {"training": {"epochs": -3}}}))
    assert "training.epochs" in importing("--dry-run", check=False)
