"""One machine, many jobs: they queue for its GPUs, share its cores, and use different GPUs."""

import os
import signal
import subprocess
import sys

import pytest
import yaml
from jobs import copy_workflow, most_at_once, records, snakemake

TRAINING = "results/runs/springs5/mlp-mlp-k2/seed{}/model.safetensors"
FIGURE = "results/figures/simulation.svg"


def fake_driver(directory, gpus):
    """A directory whose nvidia-smi lists GPUs that are not there."""
    directory.mkdir()
    program = directory / "nvidia-smi"
    listed = "".join(f"echo 'GPU {number}: Fake'\n" for number in range(gpus))
    program.write_text(f"#!/bin/sh\n{listed}")
    program.chmod(0o755)
    return directory


@pytest.fixture(scope="module")
def workflow(repository, tmp_path_factory):
    return copy_workflow(repository, tmp_path_factory.mktemp("workflow"))


@pytest.fixture(scope="module")
def run(workflow, tmp_path_factory):
    """A training per seed and a figure that needs no GPU; what the jobs noted."""

    def run(seeds, cores, gpus):
        directory = tmp_path_factory.mktemp("run")
        config = yaml.safe_load((workflow / "config" / "smoke.yaml").read_text())
        config.update(gpu=1, runs=config["runs"][:1], baselines=[], seeds=seeds)
        (directory / "config.yaml").write_text(yaml.safe_dump(config))
        driver = fake_driver(directory / "driver", gpus) if gpus else directory
        environment = {"PATH": f"{driver}:{os.environ['PATH']}", "TMPDIR": str(directory)}
        targets = (*map(TRAINING.format, seeds), FIGURE)
        arguments = ("--cores", cores, "--configfile", "config.yaml")
        snakemake(workflow, directory, *targets, *arguments, env=environment)
        return records(directory)

    return run


def trainings(jobs):
    return [job for job in jobs if job["program"] == "train.py"]


def test_jobs_queue_for_the_only_gpu_and_others_go_on_beside_them(run):
    jobs = run([1, 2], cores=4, gpus=1)
    assert len(trainings(jobs)) == 2
    assert most_at_once(trainings(jobs)) == 1
    (figure,) = (job for job in jobs if job["program"].startswith("nri.figures."))
    assert any(most_at_once([figure, training]) == 2 for training in trainings(jobs))


def test_two_gpus_have_a_job_each(run):
    jobs = trainings(run([1, 2, 3], cores=4, gpus=2))
    assert most_at_once(jobs) == 2
    for number in ("0", "1"):
        on_one = [job for job in jobs if job["environment"]["CUDA_VISIBLE_DEVICES"] == number]
        assert most_at_once(on_one) == 1


def test_cores_are_not_asked_for_more_threads_than_there_are(run):
    jobs = run([1, 2, 3], cores=2, gpus=0)

    def threads(job):
        given = dict(zip(job["arguments"], job["arguments"][1:], strict=False))
        assert job["environment"]["OMP_NUM_THREADS"] == given.get("--threads", "1")
        return int(given.get("--threads", 1))

    assert most_at_once(jobs, threads) == 2
    assert most_at_once(trainings(jobs)) == 2


CLAIM = """
import os, time
from nri.gpus import claim_gpu
claim_gpu()
print(os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
time.sleep(60)
"""


def test_a_gpu_is_free_again_when_its_program_was_killed(repository, tmp_path):
    driver = fake_driver(tmp_path / "driver", 2)
    environment = {**os.environ, "PYTHONPATH": str(repository), "TMPDIR": str(tmp_path)}
    environment["PATH"] = f"{driver}:{environment['PATH']}"
    programs = []

    def claimed(**changes):
        command = [sys.executable, "-c", CLAIM]
        options = {"env": environment | changes, "stdout": subprocess.PIPE, "text": True}
        programs.append(subprocess.Popen(command, **options))
        return programs[-1].stdout.readline().strip()

    try:
        assert [claimed(), claimed()] == ["0", "1"]
        assert claimed() == "0"  # a third shares
        programs[1].send_signal(signal.SIGKILL)
        programs[1].wait()
        assert claimed() == "1"
        allowed = {"CUDA_VISIBLE_DEVICES": "4,6"}
        assert [claimed(**allowed), claimed(**allowed)] == ["4", "6"]
        assert claimed(CUDA_VISIBLE_DEVICES="7") == "7"
        fake_driver(tmp_path / "one", 1)
        assert claimed(PATH=f"{tmp_path / 'one'}:{environment['PATH']}") == "None"
    finally:
        for program in programs:
            program.kill()
            program.communicate()
