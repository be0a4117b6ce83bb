"""The surroundings fail while real runs go on: what is said, and that the next call mends it.

Full disks and kills at random moments are in tests/test_interruption.py. All of this runs in
checkouts without git.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import test_interruption as kills
from jobs import snakemake, start_snakemake, wait_for
from test_surroundings import ASCII

workflow, undisturbed, directory = kills.workflow, kills.undisturbed, kills.directory

pytestmark = pytest.mark.slow

DATA = "results/data/springs5.h5"
ALL = "results/metrics.csv"
REMEDY = re.compile(r"snakemake --cores all (--forcerun \S+)")


def said(directory):
    return (directory / "snakemake.log").read_text()


def test_bare_surroundings(workflow, directory, undisturbed, tmp_path, monkeypatch):
    """No HOME, no git, an ASCII locale and files that nobody else may read, all at once."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for program in Path(folder).iterdir():
            link = programs / program.name
            if not program.name.startswith("git") and not link.is_symlink():
                link.symlink_to(program)
    environment = {**ASCII, "LANG": "C", "PATH": str(programs)}
    monkeypatch.delenv("HOME", raising=False)
    snakemake(workflow, directory, *kills.ARGUMENTS, env=environment, umask=0o077)
    assert kills.finished(directory) == undisturbed[0]
    assert (directory / kills.TARGET).stat().st_mode & 0o077 == 0


def test_one_core(workflow, directory, undisturbed):
    """A machine, or a job of a cluster, that has one core for all: Snakemake and its jobs."""
    target, *configured = (kills.TARGET, *kills.ARGUMENTS[3:])
    allowed, one = os.sched_getaffinity(0), min(os.sched_getaffinity(0))
    try:
        os.sched_setaffinity(0, {one})  # what is started from here on inherits it
        process = start_snakemake(workflow, directory, target, "--cores", 1, *configured)
        assert os.sched_getaffinity(process.pid) == {one}
    finally:
        os.sched_setaffinity(0, allowed)
    assert process.wait(300) == 0, said(directory)[-3000:]
    assert kills.finished(directory) == undisturbed[0]


def test_a_second_call_in_the_same_directory_is_refused(workflow, directory, undisturbed):
    """It harms nothing: the first one goes on to its end."""
    first = start_snakemake(workflow, directory, *kills.ARGUMENTS)
    wait_for(lambda: kills.training(directory))
    second = start_snakemake(workflow, directory, *kills.ARGUMENTS)
    assert second.wait(120) != 0
    assert "--unlock" in said(directory)
    assert first.wait(300) == 0
    assert kills.finished(directory) == undisturbed[0]


def test_data_and_checkpoints_that_vanish_while_a_training_runs(workflow, directory, undisturbed):
    process = start_snakemake(workflow, directory, *kills.ARGUMENTS)
    wait_for(lambda: kills.training(directory))
    (directory / DATA).unlink()
    shutil.rmtree(directory / "results" / "checkpoints")
    process.wait(300)
    kills.check_and_continue(workflow, directory, undisturbed[0])


def test_ctrl_c_twice(workflow, directory, undisturbed):
    """The second one, of a user who does not want to wait, changes nothing."""
    process = start_snakemake(workflow, directory, *kills.ARGUMENTS)
    wait_for(lambda: kills.training(directory))
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.2)
    assert process.wait(120) != 0
    kills.check_and_continue(workflow, directory, undisturbed[0])


def test_results_that_may_not_be_written(workflow, directory, undisturbed):
    with kills.small_disk(directory / "results", 32) as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        process = start_snakemake(workflow, directory, *kills.ARGUMENTS)
        assert process.wait(120) != 0
        assert "Read-only file system" in said(directory)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        kills.check_and_continue(workflow, directory, undisturbed[0])


@pytest.fixture(scope="module")
def done(workflow, tmp_path_factory):
    """A finished run."""
    directory = kills.prepare(workflow, tmp_path_factory.mktemp("done") / "run")
    snakemake(workflow, directory, ALL, *kills.ARGUMENTS[1:])
    return directory


DAMAGED = {
    DATA: kills.TARGET,
    f"{kills.RUN}/model.safetensors": kills.TARGET,
    f"{kills.RUN}/config.json": kills.TARGET,
    f"{kills.RUN}/metrics.csv": ALL,
}
"""Outputs, and what is made of them next."""


@pytest.mark.parametrize("name", DAMAGED)
def test_the_next_job_says_which_call_mends_a_damaged_output(name, workflow, done, tmp_path):
    """The call is then made as it is said, and everything is as before."""
    directory = shutil.copytree(done, tmp_path / "run")
    path, target = directory / name, directory / DAMAGED[name]
    before, made = kills.finished(directory), path.stat()
    path.write_bytes(path.read_bytes()[: made.st_size // 2])
    os.utime(path, ns=(made.st_atime_ns, made.st_mtime_ns))
    target.unlink()
    process = start_snakemake(workflow, directory, DAMAGED[name], *kills.ARGUMENTS[1:])
    assert process.wait(300) != 0
    logs = [log.read_text() for log in (directory / "results" / "logs").rglob("*.log")]
    found = [match[1] for text in logs if (match := REMEDY.search(text))]
    assert found, said(directory)[-3000:]
    assert "Traceback" not in "".join(log for log in logs if REMEDY.search(log))
    snakemake(workflow, directory, ALL, *shlex.split(found[0]), *kills.ARGUMENTS[1:])
    assert kills.finished(directory) == before


@pytest.mark.parametrize("name", [f"{kills.RUN}/metrics.csv", ALL])
def test_a_full_disk_in_later_steps(name, workflow, done, tmp_path):
    """Too little room for what an evaluation, or the collection of all results, writes."""
    directory = shutil.copytree(done, tmp_path / "run", ignore=shutil.ignore_patterns("results"))
    before = kills.finished(done)
    with kills.small_disk(directory / "results", 32) as disk:
        shutil.copytree(done / "results", disk, dirs_exist_ok=True)
        (directory / name).unlink()
        room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "ballast").write_bytes(bytes(room))
        process = start_snakemake(workflow, directory, name, *kills.ARGUMENTS[1:])
        assert process.wait(300) != 0
        assert "No space left on device" in said(directory)
        assert not (directory / name).exists()
        assert not list(disk.rglob(".*.partial*"))
        (disk / "ballast").unlink()
        kills.unlock(workflow, directory)
        snakemake(workflow, directory, name, ALL, *kills.ARGUMENTS[1:])
        assert kills.finished(directory) == before
