"""What the pipeline costs beside its results: planning, starting programs, drawing."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks import ROOT
from benchmarks.clock import table

__all__ = ["report"]

WORK = {
    "data": "simulation",
    "runs": "training and evaluation",
    "baselines": "training and evaluation",
    "figures": "figures",
    "tables": "tables",
}


def child_seconds(command: list[str], repeats: int, **options) -> float:
    """CPU time of a command, the median of `repeats`."""
    seconds = []
    for _ in range(repeats):
        before = os.times()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
        after = os.times()
        used = after.children_user + after.children_system
        seconds.append(used - before.children_user - before.children_system)
    return statistics.median(seconds)


def plan_row(name: str, repeats: int) -> list[str]:
    """How long a dry run of a configuration takes, from nothing."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--dry-run", "--quiet", "all", "--cores", "1"]
    command += ["--configfile", str(ROOT / "config" / name)]
    with tempfile.TemporaryDirectory() as directory:
        seconds = child_seconds([*command, "--directory", directory], repeats)
    return [f"plan of config/{name}", f"{seconds:.1f} s", ""]


def start_rows(repeats: int) -> list[list[str]]:
    """What the program of each rule takes to start, and whether torch is loaded for it."""
    rows = []
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    programs = set((ROOT / "scripts").glob("*.py")) - {ROOT / "scripts" / "plan.py"}
    figures = (ROOT / "nri" / "figures").glob("*.py")
    calls = {program.name: [str(program)] for program in sorted(programs)} | {
        f"figure {path.stem}": ["-m", f"nri.figures.{path.stem}"]
        for path in sorted(figures)
        if "def main()" in path.read_text()
    }
    for name, call in calls.items():
        seconds = child_seconds([sys.executable, *call, "--help"], repeats, env=environment)
        traced = [sys.executable, "-X", "importtime", *call, "--help"]
        imports = subprocess.run(traced, env=environment, capture_output=True, text=True).stderr
        loaded = {line.rsplit("|", 1)[-1].strip() for line in imports.splitlines()}
        rows.append([f"start of {name}", f"{seconds:.1f} s", "yes" if "torch" in loaded else "no"])
    return rows


def share(results: Path) -> str:
    """Where the CPU time of a finished call went, from Snakemake's records of each job."""
    folder = results / "benchmarks"
    files = sorted(folder.rglob("*.tsv"))
    if not files:
        return "No finished results here, hence no share of theirs.\n"
    seconds: dict[str, float] = {}
    for file in files:
        kind = WORK.get(file.relative_to(folder).parts[0], "page and collecting")
        seconds[kind] = seconds.get(kind, 0.0) + pd.read_csv(file, sep="\t").cpu_time.sum()
    total = sum(seconds.values())
    rows = [[kind, f"{used:,.0f} s", f"{used / total:.1%}"] for kind, used in seconds.items()]
    return f"{table((f'{len(files)} jobs', 'CPU time', 'share'), rows)}\n"


def report(quick: bool) -> str:
    """The section of the report."""
    repeats = 1 if quick else 3
    rows = [plan_row(name, repeats) for name in ("config.yaml", "paper.yaml")]
    rows += start_rows(repeats)
    return (
        f"{table(('', 'CPU time', 'loads torch'), rows)}\n\n"
        f"What the jobs of `make results` took:\n\n{share(ROOT / 'results')}"
    )
