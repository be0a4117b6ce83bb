"""What the record says of a part: results that were recorded together, under one name."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nri.files import ResultsError
from nri.results.record.finished import Finished

__all__ = ["FILE", "Example", "Part", "Weights", "describe", "read_part", "write_part"]

FILE = "part.json"
"""In the directory of a part; whoever writes the record again needs no more of its results."""


@dataclass(frozen=True)
class Weights:
    """Trained weights that were kept: of which run (DATASET/RUN), and where below the record."""

    place: str
    run: str
    dataset: str
    parameters: int
    accuracy: dict[str, float]
    """Edge accuracy of this seed on its own data set, in %, under the graphs that tables show."""


@dataclass(frozen=True)
class Example:
    """A run by which the record shows how one is redone; commit is "" where there are several."""

    title: str
    command: str
    commit: str


@dataclass(frozen=True)
class Part:
    """The facts of `Finished` that the record's first page tells."""

    name: str
    command: str
    commits: list[str]
    dates: list[str]
    machines: list[str]
    versions: list[str]
    trainings: int
    training_hours: float
    job_hours: float | None
    example: Example
    weights: list[Weights]


def describe(finished: Finished, weights: list[Weights]) -> Part:
    """The part that finished results are, with the weights that are kept of them."""
    return Part(
        name=finished.name,
        command=finished.command,
        commits=finished.commits,
        dates=finished.dates,
        machines=finished.machines,
        versions=finished.versions,
        trainings=len(finished.records),
        training_hours=finished.training_hours,
        job_hours=finished.job_hours,
        example=_example(finished, weights),
        weights=weights,
    )


def write_part(part: Part, directory: Path) -> None:
    """Write the facts into the directory of the part."""
    text = json.dumps(asdict(part), indent=2, ensure_ascii=False)
    (directory / FILE).write_text(f"{text}\n", encoding="utf-8")


def read_part(directory: Path) -> Part:
    """The facts in the directory of a part; raises ResultsError if the file is damaged."""
    path = directory / FILE
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        facts["example"] = Example(**facts["example"])
        facts["weights"] = [Weights(**each) for each in facts["weights"]]
        return Part(**facts)
    except (ValueError, TypeError, KeyError) as error:
        remedy = f"restore it with git, or record {directory.name} again"
        raise ResultsError(f"{path}: damaged ({error}); {remedy}") from None


def _example(finished: Finished, weights: list[Weights]) -> Example:
    """The first run of which weights are kept, or else the first."""
    places = tuple(f"results/runs/{each.run}/" for each in weights)
    origins = finished.origins
    kept = (each for each in origins if each.facts["Run"].startswith(places))
    example = next(kept, origins[0]) if places else origins[0]
    commit = example.facts.get("Commit", "")
    return Example(
        title=example.title,
        command=example.command,
        commit="" if "," in commit else commit.removesuffix("-dirty"),
    )
