"""A configuration that is edited while jobs wait in a queue changes nothing for them."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import yaml
from workflows import planned

from scripts.plan import reasons

RUN = Path("results/runs/springs5/mlp-mlp-k2/seed1")


def test_jobs_that_queued_compute_what_was_configured_when_they_were_submitted(
    repository, smoke, tmp_path
):
    """What they wrote and what they recorded agree, and the next plan names the edit alone."""
    project, config = tmp_path / "project", tmp_path / "config.yaml"
    shutil.copytree(smoke, project, symlinks=True)
    settings = yaml.safe_load((project / "checkout" / "config" / "smoke.yaml").read_text())

    def write(learning_rate, examples):
        settings["runs"][0]["training"] = {"learning_rate": learning_rate}
        settings["evaluation"]["examples"] = examples
        config.write_text(yaml.safe_dump(settings))

    write(1.0e-4, 3)
    gate = tmp_path / "open"
    environment = {**os.environ, "QUEUE_OPEN": str(gate)}
    environment["PYTHONPATH"] = str(repository / "tests" / "executor")
    command = [sys.executable, "-m", "snakemake", RUN / "metrics.csv", "--executor", "queue"]
    command += ["--jobs", "2", "--snakefile", project / "checkout" / "Snakefile"]
    command += ["--directory", project / "run", "--seconds-between-status-checks", "1"]
    command += ["--configfile", config]
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(
            list(map(str, command)), stdout=log, stderr=subprocess.STDOUT, env=environment
        )
    try:
        deadline = time.monotonic() + 120
        while "Submitted job" not in (tmp_path / "log").read_text():
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        write(2.0e-4, 2)
        gate.touch()
        assert process.wait(timeout=300) == 0, (tmp_path / "log").read_text()[-6000:]
    finally:
        process.kill()

    run = project / "run" / RUN
    record = json.loads((run / "config.json").read_text())
    assert record["training"]["learning_rate"] == 1.0e-4
    assert len(np.load(run / "examples.npz")["truth"]) == 3
    plan = planned(
        project / "checkout", project / "run", RUN / "metrics.csv", "--configfile", config
    )
    assert set(plan) == {"train springs5/mlp-mlp-k2 1", "evaluate springs5/mlp-mlp-k2 1"}
    change = ["training.learning_rate 0.0001 → 0.0002"]
    assert reasons(plan["train springs5/mlp-mlp-k2 1"], {}, project / "run") == change
