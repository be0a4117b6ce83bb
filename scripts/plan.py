"""What Snakemake would run, and why, in words: `scripts/plan.py [arguments of snakemake]`."""

import ast
import io
import json
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from nri.planning.work import OTHER_START, START_SECONDS
from nri.terminal.jobs import about

PARAMS = re.compile(r"Params have changed since .*? before: (.*) now: (.*?) ?(?:; Software .*)?$")
DOWNLOADS = {"mocap.cs.cmu.edu": 0.3}
"""MB of a file of a public address, where it was measured."""
WORDS = {
    "Incomplete output files": "interrupted",
    "Forced execution": "forced",
    "Code has changed": "its command line changed",
    "Software environment definition has changed": "its environment changed",
}


@dataclass
class Job:
    """A job of a dry run; `reason` is Snakemake's text."""

    rule: str
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    wildcards: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def seed(self) -> str | None:
        """The seed, where the job has one."""
        return self.wildcards.get("seed")

    @property
    def name(self) -> str:
        """What the job is about, without its seed and the directory: "springs5/mlp-mlp-k2"."""
        left_out = ("seed", "group")
        return "/".join(value for key, value in self.wildcards.items() if key not in left_out)


def read_jobs(text: str) -> list[Job]:
    """The jobs that the text of a dry run lists, in its order, without the rule `all`."""
    jobs = []
    for line in text.splitlines():
        if match := re.match(r"(?:local)?rule (\w+):", line):
            jobs.append(Job(match[1]))
        elif jobs and (
            match := re.match(r"    (input|output|wildcards|resources|reason): (.*)", line)
        ):
            key, value = match.groups()
            if key == "reason":
                jobs[-1].reason = value
            elif key in ("wildcards", "resources"):
                pairs = (part.split("=", 1) for part in value.split(", ") if "=" in part)
                setattr(jobs[-1], key, dict(pairs))
            else:
                setattr(jobs[-1], f"{key}s", value.split(", "))
    return [job for job in jobs if job.rule != "all"]


def reasons(job: Job, makers: dict[str, str], directory: Path) -> list[str]:
    """Why a job runs, a line for each reason.

    makers: the rule of each file that the plan makes. directory: where Snakemake works.
    """
    if "Missing output files" in job.reason:
        return ["not there yet"]
    lines = []
    if match := PARAMS.search(job.reason):
        lines += _changes(*map(_texts, match.groups()))
    if match := re.search(r"Updated input files: ([^;]*)", job.reason):
        lines.append(f"changed: {match[1]}")
    lines += [words for start, words in WORDS.items() if start in job.reason]
    if "Set of input files has changed" in job.reason:
        lines += _other_inputs(job, directory)
    rules = dict.fromkeys(makers[file] for file in job.inputs if file in makers)
    return lines or [f"follows {', '.join(rules)}" if rules else job.reason]


def _texts(joined: str) -> set[str]:
    """Params as Snakemake joins them, 'a','b', or none of them."""
    return set() if joined.startswith("<nothing") else set(ast.literal_eval(f"[{joined}]"))


def _changes(before: set[str], now: set[str]) -> list[str]:
    """Settings (`key = value`), source files (`path@digest`) and other params that differ."""
    lines, rest = [], [before, now]
    for mark in (" = ", "@"):
        marked = [{text for text in texts if mark in text} for texts in rest]
        rest = [texts - part for texts, part in zip(rest, marked, strict=True)]
        old, new = (dict(text.split(mark, 1) for text in part) for part in marked)
        for key in sorted(old | new):
            verb = "edited" if key in old and key in new else ("gone" if key in old else "new")
            if mark == "@":
                lines.append(f"{key} {verb}")
            elif verb == "edited":
                lines.append(f"{key} {old[key]} → {new[key]}")
            else:
                lines.append(f"{key} {(old | new)[key]} ({verb})")
    gone, came = (", ".join(sorted(texts)) or "nothing" for texts in rest)
    return lines + ([f"{gone} → {came}"] if gone != came else [])


def _other_inputs(job: Job, directory: Path) -> list[str]:
    """Inputs that the last run of a job did not have, or had in addition, as Snakemake noted."""
    name = urlsafe_b64encode(job.outputs[0].encode()).decode()
    path = directory / ".snakemake" / "metadata" / name
    if not path.exists():
        return ["other inputs"]
    before, now = set(json.loads(path.read_text(encoding="utf-8"))["input"]), set(job.inputs)
    new, gone = now - before, before - now
    return [f"new: {file}" for file in sorted(new)] + [f"gone: {file}" for file in sorted(gone)]


def render(jobs: list[Job], directory: Path) -> str:
    """A paragraph for each rule: jobs that have the same reasons in one line, then the reasons."""
    makers = {file: job.rule for job in jobs for file in job.outputs}
    groups: dict[str, dict[tuple[str, ...], list[Job]]] = defaultdict(lambda: defaultdict(list))
    for job in jobs:
        groups[job.rule][tuple(reasons(job, makers, directory))].append(job)
    lines = []
    for rule, parts in groups.items():
        lines.append(f"{rule}  ({_counted(sum(map(len, parts.values())))})")
        for why, members in parts.items():
            lines += [f"  {which}" for which in _which(members)]
            lines += [f"      {reason}" for reason in why]
    return "\n".join([*lines, "", f"{_counted(len(jobs))}: {'; '.join(prices(jobs))}"])


def prices(jobs: list[Job]) -> list[str]:
    """What the jobs cost: hours of a core and of a GPU, disk, downloads."""
    seconds = sum(
        float(job.resources.get("cpu_seconds", START_SECONDS.get(job.rule, OTHER_START)))
        for job in jobs
    )
    megabytes = sum(int(job.resources.get("output_kb", 0)) for job in jobs) / 1000
    wanting = [job for job in jobs if int(job.resources.get("gpu", 0))]
    parts = [f"about {about(seconds)} on one core"]
    if wanting:
        limits = sum(int(job.resources["runtime"]) for job in wanting) / 60
        hours = f"their time limits add up to {limits:,.0f} h"
        parts.append(f"{len(wanting)} ask for a GPU, whose speed was not measured ({hours})")
    if megabytes >= 1:
        size = f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"
        parts.append(f"{size} of data sets")
    for host, count in Counter(_hosts(jobs)).items():
        size = f", about {count * DOWNLOADS[host]:.0f} MB" if host in DOWNLOADS else ""
        parts.append(f"{count} downloads from {host}{size}")
    return parts


def _hosts(jobs: list[Job]) -> list[str]:
    return [job.wildcards["host"] for job in jobs if job.rule == "download"]


def _counted(jobs: int) -> str:
    return f"{jobs} job{'s' if jobs > 1 else ''}"


def _which(jobs: list[Job]) -> list[str]:
    """The names of jobs with their seeds: "springs5/mlp-mlp-k2  seeds 1, 2"."""
    seeds: dict[str, list[str]] = {job.name: [] for job in jobs}
    for job in jobs:
        if job.seed is not None:
            seeds[job.name].append(job.seed)
    return [
        f"{name}  seed{'s' if len(found) > 1 else ''} {', '.join(sorted(found, key=int))}"
        if found
        else name
        for name, found in sorted(seeds.items())
        if name
    ]


def refusal(text: str) -> str:
    """Why Snakemake plans nothing: its error, without what it said before and where in its code."""
    found = re.search(r"^\w*(Error|Exception)\b.*", text, re.MULTILINE | re.DOTALL)
    if found is None:
        return text
    shown = re.sub(r'^WorkflowError(?: in file "[^"]*", line \d+)?:\s*', "", found[0])
    lines = [line for line in shown.splitlines() if line.strip()]
    return "error: " + "\n".join(line for line in lines if not re.match(r'  File "', line))


def main() -> None:
    """Ask Snakemake for a dry run and print it readably."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", *sys.argv[1:]]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the arrows, on a terminal that has none
    result = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    jobs = read_jobs(result.stdout)
    if result.returncode != 0:
        sys.exit(refusal(result.stdout))
    directory = re.search(r"Working directory: (.*)", result.stdout)
    if directory is None:
        sys.exit(f"Snakemake does not say where it works:\n{result.stdout}")
    print(
        render(jobs, Path(directory[1])) if jobs else "Nothing to do: all results are up to date."
    )


if __name__ == "__main__":
    main()
