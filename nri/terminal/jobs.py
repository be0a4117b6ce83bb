"""The jobs of a run of Snakemake as a person sees them: what each is about, and how far all are."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nri.terminal.logs import TrainingState, training_state
from nri.terminal.results import scores_of

__all__ = ["Job", "Work", "about", "duration"]

VERBS = {"evaluate": "evaluate", "correlate_lstm": "evaluate", "infer_new": "infer"}
VERBS |= {"infer_test": "infer", "games_table": "table"}
"""What a rule does, where its name does not say it."""
MINOR = {"all", "cards", "collect", "external", "figure", "table", "page"}
"""What is counted, and has no line of its own when it is done."""
EVIDENCE = 20.0
"""Seconds that jobs must have taken before the time left is estimated from them."""


def duration(seconds: float) -> str:
    """A time as people say it: "41 s", "3 min 5 s", "1 h 20 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600 and whole % 60:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def about(seconds: float) -> str:
    """An estimate, without digits that nobody knows: "4 min", "1 h 20 min", "43,000 h"."""
    if seconds > 100 * 3600:
        hours = round(seconds / 3600)
        return f"{round(hours, 2 - len(str(hours))):,} h"
    step = 10 if seconds < 60 else 60 if seconds < 3600 else 600
    return duration(step * max(1, round(seconds / step)))


@dataclass
class Job:
    """A job that runs or ran; `seconds` is what it should take."""

    number: int
    rule: str
    wildcards: Mapping[str, str]
    log: Path | None = None
    outputs: Sequence[str] = ()
    seconds: float = 1.0
    began: float = field(default_factory=time.monotonic)

    @property
    def verb(self) -> str:
        """What it does: "train", "evaluate", "data"."""
        if self.rule.startswith("prepare_"):
            return "data"
        return VERBS.get(self.rule, self.rule)

    @property
    def minor(self) -> bool:
        """Whether it is one of many small jobs that need no line each."""
        return self.verb in MINOR

    @property
    def subject(self) -> str:
        """What it is about: "springs5/mlp-mlp-k2  seed 1"."""
        left_out = ("seed", "group", "host")
        name = "/".join(value for key, value in self.wildcards.items() if key not in left_out)
        seed = self.wildcards.get("seed")
        return f"{name}  seed {seed}" if seed else name

    @property
    def title(self) -> str:
        """What it does to what."""
        return f"{self.verb} {self.subject}".strip()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def progress(self) -> tuple[float, str]:
        """The fraction that is done, 0 where nobody knows, and how far it is in words."""
        state = self._training()
        if state is None:  # an evaluation never says how far it is, a training soon will
            return 0.0, "starting" if self.rule == "train" else ""
        fraction = state.update / state.updates
        percent = f"{fraction:.{1 if fraction < 0.1 else 0}%}"
        parts = (percent, state.words, f"update {state.update:,}")
        return fraction, ", ".join(filter(None, parts))

    def outcome(self) -> str:
        """What it reached, in words; "" where there is no number to tell."""
        if self.rule == "train":
            state = self._training()
            return state.words if state else ""
        scores = [path for path in self.outputs if path.endswith("/metrics.csv")]
        return scores_of(scores[0], self.wildcards.get("dataset", "")) if scores else ""

    def _training(self) -> TrainingState | None:
        """How far it is, if it is a training that has said so."""
        return training_state(self.log) if self.rule == "train" and self.log else None


@dataclass
class Work:
    """All jobs of a run: those that are planned, that run now, and what has become of the rest.

    planned: the seconds that each job should take, by its number. spent, expected: the seconds
    that finished jobs took and should have taken. most: as many ran at once.
    """

    planned: dict[int, float] = field(default_factory=dict)
    running: dict[int, Job] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    spent: float = 0.0
    expected: float = 0.0
    most: int = 1

    def begin(self, job: Job) -> None:
        """Count a job that runs now."""
        self.running[job.number] = job
        self.most = max(self.most, len(self.running))

    def finish(self, job: Job) -> None:
        """Count a job that succeeded."""
        self.done.add(job.number)
        self.spent += job.elapsed
        self.expected += job.seconds

    @property
    def count(self) -> str:
        """How many jobs of all are done."""
        total = max(len(self.planned), len(self.done))
        return f"{len(self.done)} of {total} job{'s' if total > 1 else ''}"

    def seconds_left(self) -> float | None:
        """The time that the rest needs, at the pace of the jobs so far; None if unknown."""
        fractions = {number: job.progress()[0] for number, job in self.running.items()}
        known = [job for number, job in self.running.items() if fractions[number]]
        spent = self.spent + sum(job.elapsed for job in known)
        expected = self.expected + sum(fractions[job.number] * job.seconds for job in known)
        if spent < EVIDENCE or not expected:
            return None
        pace = spent / expected
        rests = [
            pace * job.seconds * (1 - fractions[number])
            if fractions[number]
            else max(0.0, pace * job.seconds - job.elapsed)
            for number, job in self.running.items()
        ]
        started = self.done | self.running.keys()
        waiting = pace * sum(each for number, each in self.planned.items() if number not in started)
        return max([*rests, (waiting + sum(rests)) / self.most])
