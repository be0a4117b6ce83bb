"""Trainings for tests, made as the pipeline makes them."""

from pathlib import Path
from typing import Any

from nri.config.runs import Run
from nri.training.runs import Job


def job_of(run: Run, data: Path, output: Path, **options: Any) -> Job:
    """The job that trains a run with seed 1; options replace what it is made of."""
    job: dict[str, Any] = {"run": run, "seed": 1, "data": data, "output": output}
    job |= {"checkpoints": output / "checkpoints", "checkpoint_seconds": 60.0}
    return Job(**{**job, "code": "", "threads": 1, **options})
