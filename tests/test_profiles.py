"""Profiles of schedulers name rules that exist; the state of an SGE job is read right."""

import os
import re
import subprocess
import sys

import pytest
import yaml

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
