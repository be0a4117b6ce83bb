"""A copy of the workflow whose jobs note when they ran and on what; Snakemake in it.

As a program it is what such a job runs: jobs.py RECORD PROGRAM ARGUMENTS…
"""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

RECORD = "jobs.jsonl"


def copy_workflow(repository, directory: Path, *, replace: dict[str, str] | None = None) -> Path:
    """Copy what the workflow is made of; its programs are recorded, `replace` edits its rules."""
    for name in ("workflow", "scripts", "nri", "config", "envs"):
        ignored = shutil.ignore_patterns("*.pyc")  # but not the compiled kernels of simulations
        shutil.copytree(repository / name, directory / name, ignore=ignored)
    shutil.copy(repository / "Snakefile", directory)
    (directory / "profiles").symlink_to("workflow/profiles")
    recorded = f"python {__file__} {RECORD} {{params.program:q}}"
    for rules in (directory / "workflow" / "rules").glob("*.smk"):
        text = rules.read_text().replace("python {params.program:q}", recorded)
        for before, after in (replace or {}).items():
            text = text.replace(before, after)
        rules.write_text(text)
    return directory


def start_snakemake(workflow: Path, directory: Path, *arguments, **options) -> subprocess.Popen:
    """Start Snakemake in a session of its own, as from a terminal; its output is in a file."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(workflow / "Snakefile")]
    command += ["--directory", str(directory), *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with open(directory / "snakemake.log", "a") as log:
        return subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**environment, **options.pop("env", {})},
            start_new_session=True,
            # Background jobs of a shell ignore it, and so would all that they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **options,
        )


def snakemake(workflow: Path, directory: Path, *arguments, timeout=300, **options) -> None:
    """Run Snakemake to its successful end."""
    process = start_snakemake(workflow, directory, *arguments, **options)
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        code = "none in time"
        os.killpg(process.pid, signal.SIGKILL)
    assert code == 0, f"exit code {code}\n{(directory / 'snakemake.log').read_text()[-6000:]}"


def records(directory: Path) -> list[dict]:
    """One of each job that was started: its `program`, `arguments`, `pid`, `start`, `environment`.

    `end` is there if it ended otherwise than by SIGKILL.
    """
    path, jobs = directory / RECORD, {}
    for line in path.read_text().splitlines() if path.exists() else ():
        entry = json.loads(line)
        jobs.setdefault((entry["host"], entry["pid"]), {}).update(entry)
    return list(jobs.values())


def wait_for(condition, seconds=60.0):
    """The first true value of `condition()`, asked for every few hundredths of a second."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.05)
    return value


def most_at_once(jobs: list[dict], weight=lambda job: 1) -> int:
    """The largest sum of weights of jobs that ran at the same time."""
    changes = [(job["start"], weight(job)) for job in jobs]
    changes += [(job["end"], -weight(job)) for job in jobs]
    running = most = 0
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most


def run_recorded(record: str, program: str, *arguments: str) -> None:
    """Run a program in this process, between a note of its start and one of its end."""
    kept = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "SLURM_JOB_ID", "SLURM_JOB_PARTITION")

    def note(**entry):
        entry |= {"host": os.uname().nodename, "pid": os.getpid()}
        entry["environment"] = {key: os.environ.get(key) for key in kept}
        with open(record, "a") as file:
            file.write(json.dumps(entry) + "\n")

    note(program=Path(program).name, arguments=arguments, start=time.time())
    sys.argv = [program, *arguments]
    sys.path[0] = str(Path(program).parent)
    try:
        runpy.run_path(program, run_name="__main__")
    finally:
        note(end=time.time())


if __name__ == "__main__":
    run_recorded(*sys.argv[1:])
