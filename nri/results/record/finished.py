"""Finished results as a directory holds them, with the facts that the record tells of them."""

import html
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nri.files import ResultsError, make_again
from nri.results.page.origins import Origin, find_origins, origin_name
from nri.results.page.records import RunRecord, read_records
from nri.results.rows import read_metrics, read_runs

__all__ = ["Finished", "command_in_clone", "read_finished"]

COMMAND = re.compile(r'<pre [^>]*aria-label="the command">(.*?)</pre>', re.DOTALL)
"""Where the page of results says what made it."""


@dataclass(frozen=True)
class Finished:
    """The results in a directory: its tables of numbers and runs, the records of its runs, and the
    command that makes it in a fresh clone. `name` is what the record calls them.
    """

    name: str
    directory: Path
    metrics: pd.DataFrame
    runs: pd.DataFrame
    records: list[RunRecord]
    command: str

    @property
    def origins(self) -> list[Origin]:
        """Each run with its seeds, its facts, and the command that makes it alone."""
        return find_origins(self.metrics, self.runs, self.records, self.command)

    @property
    def commits(self) -> list[str]:
        """The versions of the code that trained."""
        return sorted(set(self.runs["commit"]) - {""})

    @property
    def machines(self) -> list[str]:
        """Processors, GPUs and threads of the trainings."""
        return sorted(set(self.runs["machine"]) - {""})

    @property
    def versions(self) -> list[str]:
        """The packages, one line for each set of versions."""
        return sorted(set(self.runs["versions"]) - {""})

    @property
    def dates(self) -> list[str]:
        """The days (UTC) on which trainings were finished, sorted."""
        finished = [record.config["provenance"].get("finished", "") for record in self.records]
        return sorted({moment[:10] for moment in finished} - {""})

    @property
    def training_hours(self) -> float:
        """CPU hours of all trainings, each counted once however often it was tested."""
        seconds = sum(record.config["seconds"]["process"] for record in self.records)
        return float(seconds) / 3600

    @property
    def job_hours(self) -> float | None:
        """CPU hours of all jobs as Snakemake measured them; None without its measurements."""
        files = sorted((self.directory / "benchmarks").rglob("*.tsv"))
        if not files:
            return None
        return sum(_cpu_seconds(path) for path in files) / 3600

    def figures(self) -> Iterator[Path]:
        """The figures as SVG, in the order of their names."""
        yield from sorted((self.directory / "figures").glob("*.svg"))

    def curves(self) -> pd.DataFrame:
        """All learning curves in one table, text as it was written: `run` and `seed` first."""
        frames = []
        for record in self.records:
            if record.curve is not None:
                path = self.run_directory(record) / "curve.csv"
                curve = pd.read_csv(path, dtype=str, keep_default_na=False)
                curve.insert(0, "run", record.directory)
                curve.insert(1, "seed", str(record.seed))
                frames.append(curve)
        return pd.concat(frames, ignore_index=True).fillna("") if frames else pd.DataFrame()

    def run_directory(self, record: RunRecord) -> Path:
        """Where the files of a run and seed lie."""
        return self.directory / record.directory / f"seed{record.seed}"


def read_finished(name: str, directory: Path) -> Finished:
    """The results in a directory, which a call of the pipeline has finished.

    Raises ResultsError if the page that says what made them is not there, or a file is damaged.
    """
    runs = read_runs(directory / "runs.csv")
    listed = {(origin_name(row), int(row["seed"])) for _, row in runs.iterrows()}
    configs = [directory / run / f"seed{seed}" / "config.json" for run, seed in listed]
    return Finished(
        name=name,
        directory=directory,
        metrics=read_metrics(directory / "metrics.csv"),
        runs=runs,
        records=read_records(configs),
        command=command_in_clone(_command(directory / "index.html")),
    )


def command_in_clone(command: str) -> str:
    """What makes the same results in the root of a clone.

    A page names the Snakefile and configuration files as they lie from the directory of its
    results, and perhaps a mirror, a directory of one machine, which only replaces downloads.
    """
    words = [word for word in shlex.split(command) if not word.startswith("mirror=")]
    if "--snakefile" in words:
        place = words.index("--snakefile")
        root = os.path.dirname(words[place + 1])
        words[place : place + 2] = []
        for number, word in enumerate(words):
            if word.endswith((".yaml", ".yml")):
                words[number] = os.path.relpath(word, root or ".")
    if words[-1] == "--config":
        words.pop()
    return shlex.join(words)


def _command(page: Path) -> str:
    """What made the results, from their page."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    found = COMMAND.search(text)
    if found is None:
        problem = f"{page}: not there, or does not say what made the results"
        raise ResultsError(f"{problem}; {make_again(page)}")
    return html.unescape(found[1]).strip()


def _cpu_seconds(path: Path) -> float:
    """Of one job, from the file that Snakemake wrote of it; 0 of jobs too short to measure."""
    measured = pd.read_csv(path, sep="\t", na_values="-")["cpu_time"]
    return float(measured.fillna(0).sum())
