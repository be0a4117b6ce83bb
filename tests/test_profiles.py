"""Profiles of schedulers name rules that exist and plan; the state of an SGE job is read right."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from workflows import snakemake

SCHEDULERS = ["slurm", "lsf", "sge", "htcondor", "kubernetes"]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_profiles_name_rules_that_exist(scheduler, repository):
    rules = set()
    for file in (repository / "workflow" / "rules").glob("*.smk"):
        rules |= set(re.findall(r"^(?:rule|use rule \w+ as) (\w+)", file.read_text(), re.M))
    path = repository / "workflow" / "profiles" / scheduler / "config.yaml"
    profile = yaml.safe_load(path.read_text())
    groups = dict(entry.split("=") for entry in profile["groups"])
    components = dict(entry.split("=") for entry in profile["group-components"])
    assert set(groups) <= rules
    assert set(profile.get("set-resources", {})) <= rules
    assert set(groups.values()) == set(components)
    assert profile["retries"] > 0
    assert "downloads=1" in profile["resources"]


# What the plan of a training says of its place and its GPU: with `gpu: 1`, and with `gpu: 0` where
# the plugin does not take it from there.
PLANS = [
    ("slurm", 1, "slurm_partition=gpu, gpu=1"),
    ("lsf", 1, "lsf_extra=-gpu num=1"),
    ("lsf", 0, ""),
    ("sge", 1, "queue=gpu.q, gpu=1"),
    ("htcondor", 1, "request_gpus=1"),
    ("htcondor", 0, ""),
    ("kubernetes", 1, "gpu_manufacturer=nvidia, gpu=1"),
]
PLUGINS = {"sge": "cluster_generic"}


@pytest.mark.parametrize(("scheduler", "gpu", "expected"), PLANS)
def test_profiles_plan(scheduler, gpu, expected, repository, tmp_path):
    """A dry run with the plugin; that of a cloud keeps files in a folder instead of a bucket."""
    pytest.importorskip(f"snakemake_executor_plugin_{PLUGINS.get(scheduler, scheduler)}")
    config = yaml.safe_load((repository / "config" / "smoke.yaml").read_text()) | {"gpu": gpu}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    profile = repository / "workflow" / "profiles" / scheduler
    arguments = ["--workflow-profile", profile, "--configfile", tmp_path / "config.yaml"]
    if scheduler == "kubernetes":
        pytest.importorskip("snakemake_storage_plugin_fs")
        arguments += ["--default-storage-provider", "fs", "--default-storage-prefix", tmp_path]
    plan = snakemake(repository, tmp_path, "--dry-run", *arguments).stdout
    training = plan[plan.index("rule train:") :]
    resources = re.search(r"resources: (.*)", training)[1]
    assert expected in resources
    asks = any(word in resources for word in ("num=1", "request_gpus", ", gpu=1"))
    assert asks == bool(gpu)


@pytest.mark.parametrize(
    ("queued", "accounts", "state"),
    [
        (True, "", "running"),
        (False, "failed       0\nexit_status  0\n", "success"),
        (False, "failed       0\nexit_status  1\n", "failed"),
        (False, "failed       37  : qmaster enforced h_rt\nexit_status  0\n", "failed"),
    ],
)
def test_the_state_of_an_sge_job(queued, accounts, state, repository, tmp_path):
    programs = {"qstat": f"exit {0 if queued else 1}", "qacct": f"printf '{accounts}'"}
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    program = repository / "workflow" / "profiles" / "sge" / "status.py"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [sys.executable, str(program), "17"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == state


def test_the_site_of_the_docs_is_one_that_the_plugin_takes(repository):
    """Its rules exist, its keys are the plugin's, and its options are not those that it sets."""
    plugin = pytest.importorskip("snakemake_executor_plugin_slurm")
    from snakemake_executor_plugin_slurm.validation import get_forbidden_slurm_options

    page = (repository / "docs" / "clusters.md").read_text(encoding="utf-8")
    site = yaml.safe_load(re.search(r"```yaml\n# site: .*?\n(.*?)```", page, re.S)[1])
    path = repository / "workflow" / "profiles" / "slurm" / "config.yaml"
    ours = yaml.safe_load(path.read_text())
    assert site.keys() - ours.keys() == {"slurm-requeue"}
    help_text = subprocess.run(
        ["snakemake", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "--slurm-requeue" in help_text
    assert site["set-resources"].keys() == ours["set-resources"].keys()
    used = {key for each in site["set-resources"].values() for key in each}
    used |= site["default-resources"].keys()
    source = "".join(file.read_text() for file in Path(plugin.__file__).parent.glob("*.py"))
    assert all(f'"{key}"' in source or f".{key}" in source for key in used)
    extra = site["default-resources"]["slurm_extra"]
    assert not [each for each in get_forbidden_slurm_options() if re.search(each, extra)]
