"""Jobs and Snakemake are killed in every way; the next call ends as if nothing had happened."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from jobs import NOTES, copy_workflow, records, snakemake, start_snakemake, wait_for

RUN = Path("results/runs/springs5/mlp-mlp-k2/seed1")
TARGET = RUN / "metrics.csv"
# Seconds are the only thing that differs between two runs.
SECONDS = ("wall_seconds", "process_seconds")
ARGUMENTS = (TARGET, "--cores", 2, "--configfile", "config.yaml")


@pytest.fixture(scope="module")
def workflow(repository, tmp_path_factory):
    """Checkpoints are saved ten times a second instead of every half a minute."""
    code = "--code {params.code}"
    often = {code: f"--checkpoint-seconds 0.1 {code}"}
    return copy_workflow(repository, tmp_path_factory.mktemp("workflow"), replace=often)


@pytest.fixture
def directory(workflow, tmp_path):
    return prepare(workflow, tmp_path / "run")


def prepare(workflow, directory):
    """An empty directory with a configuration whose training takes a few seconds."""
    config = yaml.safe_load((workflow / "config" / "smoke.yaml").read_text())
    config.update(seeds=[1], runs=config["runs"][:1], baselines=[])
    del config["runs"][0]["test_on"]
    config["training"].update(epochs=20)
    directory.mkdir()
    (directory / "config.yaml").write_text(yaml.safe_dump(config))
    return directory


@pytest.fixture(scope="module")
def undisturbed(workflow, tmp_path_factory):
    """The final results of a run that nothing happened to, and how long it took."""
    directory = prepare(workflow, tmp_path_factory.mktemp("undisturbed") / "run")
    start = time.monotonic()
    snakemake(workflow, directory, *ARGUMENTS)
    return finished(directory), time.monotonic() - start


def content(path):
    """What must be the same in any two runs: whole, or the file is damaged."""
    if path.suffix == ".json":
        record = json.loads(path.read_text())
        timed = ("seconds", "provenance", "checksum")
        return {key: value for key, value in record.items() if key not in timed}
    if path.name == "curve.csv":
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        return [{key: row[key] for key in row if key not in SECONDS} for row in rows]
    return path.read_bytes()


def finished(directory):
    """What stands under the names of results, {path: content}; hidden files are not finished."""
    files = [*(directory / "results" / "data").rglob("*"), *(directory / RUN).rglob("*")]
    return {
        str(path.relative_to(directory)): content(path)
        for path in files
        if path.is_file() and not path.name.startswith(".")
    }


def check_and_continue(workflow, directory, expected):
    """Nothing is half-written now; the next call completes it."""
    names = finished(directory)
    assert names == {name: expected[name] for name in names}
    unlock(workflow, directory)
    snakemake(workflow, directory, *ARGUMENTS)
    assert finished(directory) == expected


def unlock(workflow, directory):
    """What a Snakemake that was killed has left behind."""
    if list((directory / ".snakemake").glob("locks/*")):
        snakemake(workflow, directory, *ARGUMENTS, "--unlock")


def training(directory):
    """The running training, once it has saved a checkpoint; None before."""
    jobs = [job for job in records(directory) if job["program"] == "train.py" and "end" not in job]
    saved = list((directory / "results" / "checkpoints").rglob("[!.]*.pt"))
    return jobs[-1] if jobs and saved else None


def kill_job(process, directory):
    """The kernel kills a job that takes too much memory; Snakemake too where no job runs yet."""
    jobs = [job["pid"] for job in records(directory) if "end" not in job]
    if jobs and is_recorded(jobs[-1]):
        os.kill(jobs[-1], signal.SIGKILL)
        process.wait(60)
    else:
        lose_node(process, directory)


def is_recorded(pid):
    """Whether a process is one of the jobs, and not another that got its number."""
    command = Path("/proc", str(pid), "cmdline")
    return command.exists() and NOTES.encode() in command.read_bytes()


def kill_snakemake(process, directory):
    """The job goes on without it, into the start of the next call."""
    process.kill()


def lose_node(process, directory):
    """All processes end at once."""
    os.killpg(process.pid, signal.SIGKILL)


def interrupt(process, directory):
    """Ctrl-C in the terminal: all processes of the session get it."""
    os.killpg(process.pid, signal.SIGINT)
    process.wait(60)


def terminate(process, directory):
    """A shutdown, or a scheduler at the time limit: SIGTERM, and soon after SIGKILL."""
    os.killpg(process.pid, signal.SIGTERM)
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGKILL)


WAYS = [kill_job, kill_snakemake, lose_node, interrupt, terminate]


@pytest.mark.parametrize("way", [kill_job, pytest.param(interrupt, marks=pytest.mark.slow)])
def test_a_training_goes_on_from_its_checkpoint(way, workflow, directory, undisturbed):
    process = start_snakemake(workflow, directory, *ARGUMENTS)
    wait_for(lambda: training(directory))
    way(process, directory)
    assert process.wait(60) != 0
    check_and_continue(workflow, directory, undisturbed[0])
    log = (directory / "results/logs/runs/springs5/mlp-mlp-k2/seed1/train.log").read_text()
    assert "continuing at update" in log


@pytest.mark.slow
def test_twenty_random_kills(workflow, tmp_path, undisturbed):
    """Several in the same directory, until it is finished in spite of them."""
    expected, seconds = undisturbed
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    draw, kills, round_ = random.Random(seed), 0, 0
    while kills < 20:
        round_ += 1
        directory = prepare(workflow, tmp_path / str(round_))
        for _ in range(4):
            process = start_snakemake(workflow, directory, *ARGUMENTS)
            wait, way = draw.uniform(0, seconds), draw.choice(WAYS)
            time.sleep(wait)
            if process.poll() is not None:
                break
            print(f"directory {round_}: {way.__name__} after {wait:.1f} s")
            way(process, directory)
            kills += 1
            process.wait(60)
            names = finished(directory)
            assert names == {name: expected[name] for name in names}
            unlock(workflow, directory)
        check_and_continue(workflow, directory, expected)
        shutil.rmtree(directory)


@contextmanager
def small_disk(path, megabytes):
    """A file system of that size for what is written below `path`."""
    path.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}M", "none", str(path)]
    if os.getuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root alone")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.mark.parametrize("step", ["data", pytest.param("training", marks=pytest.mark.slow)])
def test_a_full_disk(step, workflow, directory, undisturbed):
    """Too little room for the data set, or for the checkpoints of the training."""
    with small_disk(directory / "results", 32) as disk:
        data = ("results/data/springs5.h5", "--cores", 1, "--configfile", "config.yaml")
        if step == "training":
            snakemake(workflow, directory, *data)
        room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "ballast").write_bytes(bytes(room - 100_000))
        process = start_snakemake(workflow, directory, *ARGUMENTS)
        assert process.wait(120) != 0
        assert "No space left on device" in (directory / "snakemake.log").read_text()
        assert not list(disk.rglob(".*.partial*"))
        (disk / "ballast").unlink()
        check_and_continue(workflow, directory, undisturbed[0])
