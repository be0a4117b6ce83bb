"""Real runs of the workflow with Snakemake: copies of the checkout, calls and plans."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.plan import Job, read_jobs


def copy_checkout(repository: Path, copy: Path) -> Path:
    """A copy of what the workflow is made of, to run and to edit."""
    copy.mkdir(parents=True)
    for name in ("Snakefile", "profiles", "workflow", "scripts", "nri", "config", "envs"):
        source = repository / name
        if source.is_dir() and not source.is_symlink():
            ignored = shutil.ignore_patterns("*.pyc")  # not loops that numba has compiled
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy / name, follow_symlinks=False)
    return copy


def snakemake(checkout, directory, *arguments, check=True):
    """Run the workflow of `checkout` in `directory`; the finished process, output as text."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile")]
    command += ["--directory", str(directory), "--cores", "2", *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if check:
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-6000:]
    return result


def planned(checkout, directory, *arguments) -> dict[str, Job]:
    """The jobs of a dry run by "rule", "rule springs5/mlp-mlp-k2" or "rule springs5/static 1"."""
    result = snakemake(checkout, directory, "--dry-run", *arguments)
    jobs = read_jobs(result.stdout + result.stderr)
    assert jobs or "Nothing to be done" in result.stdout + result.stderr
    return {" ".join(filter(None, (job.rule, job.name, job.seed))): job for job in jobs}
