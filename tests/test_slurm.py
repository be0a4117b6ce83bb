"""A real SLURM, started here, runs the profile: GPUs, partitions, time limits, cancelling."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pandas as pd
import pytest
import yaml
from jobs import copy_workflow, most_at_once, records, snakemake, start_snakemake, wait_for

RUN = Path("results/runs/springs5/mlp-mlp-k2")
ARGUMENTS = ("--configfile", "config.yaml")


@pytest.fixture(scope="module")
def slurm(repository):
    """SLURM, running; its directory."""
    if os.getuid() or not all(map(shutil.which, ("slurmctld", "slurmd", "munged", "sbatch"))):
        pytest.skip("needs root and: apt-get install slurmctld slurmd slurm-client munge")
    scripts = repository / "tests" / "slurm"
    with tempfile.TemporaryDirectory() as directory:
        try:
            subprocess.run([scripts / "up.sh", directory], check=True, timeout=60)
            yield Path(directory)
            subprocess.run(["scancel", "--user", "root"], check=True, timeout=10)
        finally:
            subprocess.run([scripts / "down.sh", directory], check=True, timeout=60)


@pytest.fixture(scope="module")
def workflow(slurm, repository, tmp_path_factory):
    """With the profile as it is for this SLURM: no accounting, its ends asked for at once."""
    copy = copy_workflow(repository, tmp_path_factory.mktemp("workflow"))
    path = copy / "workflow" / "profiles" / "slurm" / "config.yaml"
    profile = path.read_text().replace("# slurm-status-command", "slurm-status-command")
    path.write_text(profile + "slurm-init-seconds-before-status-checks: 2\n")
    return copy


def prepare(workflow, directory, **training):
    """An empty directory with a configuration of two seeds on a GPU each."""
    config = yaml.safe_load((workflow / "config" / "smoke.yaml").read_text())
    config.update(gpu=1, runs=config["runs"][:1], baselines=[])
    del config["runs"][0]["test_on"]
    config["training"].update(training)
    directory.mkdir(exist_ok=True)
    (directory / "config.yaml").write_text(yaml.safe_dump(config))
    return directory


# Trained for more than a minute and less than three.
EPOCHS = 400


def on_slurm(workflow):
    return ("--workflow-profile", workflow / "workflow" / "profiles" / "slurm")


def programs(directory, name):
    return [job for job in records(directory) if job["program"] == name]


def states(slurm):
    """How jobs ended, {number of the job: state}."""
    path = slurm / "completed"
    lines = path.read_text().splitlines() if path.exists() else []
    entries = [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines]
    return {entry["JobId"]: entry["JobState"] for entry in entries}


def test_a_sweep_on_two_gpus_to_the_end(slurm, workflow, tmp_path):
    directory = prepare(workflow, tmp_path)
    target = "results/metrics.csv"
    snakemake(workflow, directory, target, *on_slurm(workflow), *ARGUMENTS)
    assert set(pd.read_csv(directory / target).seed) == {1, 2}
    trainings = programs(directory, "train.py")
    assert most_at_once(trainings) == 2
    devices = {job["environment"]["CUDA_VISIBLE_DEVICES"] for job in trainings}
    assert devices == {"0", "1"}
    partitions = {
        job["program"]: job["environment"]["SLURM_JOB_PARTITION"] for job in records(directory)
    }
    gpu, cpu = ("train.py", "evaluate.py"), ("prepare.py", "collect.py")
    assert partitions == dict.fromkeys(gpu, "gpu") | dict.fromkeys(cpu, "cpu")
    # Both evaluations in one submission, one after the other on its one GPU.
    evaluations = programs(directory, "evaluate.py")
    assert len({job["environment"]["SLURM_JOB_ID"] for job in evaluations}) == 1
    assert most_at_once(evaluations) == 1
    assert len(evaluations) == 2


@pytest.mark.slow
def test_ctrl_c_cancels_and_the_next_call_continues(slurm, workflow, tmp_path):
    directory = prepare(workflow, tmp_path, epochs=150)
    target = RUN / "seed1" / "model.safetensors"
    process = start_snakemake(workflow, directory, target, *on_slurm(workflow), *ARGUMENTS)
    wait_for(lambda: programs(directory, "train.py"), 120)
    log = directory / "results" / "logs" / RUN.relative_to("results") / "seed1" / "train.log"
    wait_for(lambda: log.exists() and "epoch" in log.read_text())
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    (training,) = programs(directory, "train.py")
    job = training["environment"]["SLURM_JOB_ID"]
    assert wait_for(lambda: states(slurm).get(job), 30) == "CANCELLED"
    assert "stopped by SIGTERM" in log.read_text()
    assert not (directory / target).exists()
    snakemake(workflow, directory, target, *on_slurm(workflow), *ARGUMENTS)
    assert "continuing at update" in log.read_text()
    assert len(pd.read_csv(directory / RUN / "seed1" / "curve.csv")) == 150


@pytest.mark.slow
def test_a_training_at_its_time_limit_is_submitted_again_and_ends_the_same(
    slurm, workflow, tmp_path
):
    """One minute is too short; the second attempt has two. Beside it a run without a limit."""
    limited, free = (
        prepare(workflow, tmp_path / "a", epochs=EPOCHS),
        prepare(workflow, tmp_path / "b", epochs=EPOCHS),
    )
    target = RUN / "seed1" / "model.safetensors"
    limit = ("--set-resources", "train:runtime=attempt")
    snakemake(workflow, limited, target, *on_slurm(workflow), *limit, *ARGUMENTS, timeout=600)
    snakemake(workflow, free, target, "--cores", 1, *ARGUMENTS, timeout=600)
    jobs = [job["environment"]["SLURM_JOB_ID"] for job in programs(limited, "train.py")]
    assert len(jobs) > 1
    assert [states(slurm)[job] for job in jobs] == ["TIMEOUT"] * (len(jobs) - 1) + ["COMPLETED"]
    assert (limited / target).read_bytes() == (free / target).read_bytes()


@pytest.mark.slow
def test_sigterm_lets_jobs_finish(slurm, workflow, tmp_path):
    """Unlike Ctrl-C: nothing more is submitted, nothing cancelled."""
    directory = prepare(workflow, tmp_path)
    arguments = ("results/metrics.csv", *on_slurm(workflow), *ARGUMENTS)
    process = start_snakemake(workflow, directory, *arguments)
    wait_for(lambda: programs(directory, "prepare.py"), 120)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) != 0
    assert [job["program"] for job in records(directory)] == ["prepare.py"]
    assert (directory / "results" / "data" / "springs5.h5").exists()


@pytest.mark.slow
def test_the_smoke_configuration_to_the_end(slurm, workflow, tmp_path):
    smoke = ("--configfile", workflow / "config" / "smoke.yaml")
    snakemake(workflow, tmp_path, *on_slurm(workflow), *smoke, timeout=1500)
    assert (tmp_path / "results" / "index.html").exists()
