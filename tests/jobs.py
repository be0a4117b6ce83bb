"""Snakemake in a copy of the workflow whose jobs note when they ran and on what."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from workflows import copy_checkout

NOTES = "jobs.jsonl"
RECORDER = Path(__file__).with_name("record_job.py")


def copy_workflow(repository, directory: Path, *, replace: dict[str, str] | None = None) -> Path:
    """Copy what the workflow is made of; its programs are recorded, `replace` edits its rules."""
    copy = copy_checkout(repository, directory / "checkout")
    programs = "python {params.program:q}", "python -m nri.figures."
    recorded = {call: call.replace("python", f"python {RECORDER} {NOTES}", 1) for call in programs}
    for rules in (copy / "workflow" / "rules").glob("*.smk"):
        text = rules.read_text()
        for before, after in {**recorded, **(replace or {})}.items():
            text = text.replace(before, after)
        rules.write_text(text)
    return copy


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


def snakemake(workflow: Path, directory: Path, *arguments, timeout=1200, **options) -> None:
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
    path, jobs = directory / NOTES, {}
    for line in path.read_text().splitlines() if path.exists() else ():
        entry = json.loads(line)
        jobs.setdefault(entry["pid"], {}).update(entry)
    return list(jobs.values())


def wait_for(condition, seconds=300.0):
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
