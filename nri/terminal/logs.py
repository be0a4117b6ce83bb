"""What the logs of jobs say: how far a training is, and why a job failed."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TrainingState", "failure_sentence", "last_lines", "stopped", "training_state"]

TAIL = 32768
"""Bytes from the end of a log that are looked at."""
EPOCH = re.compile(r"  update (\d+) of (\d+)  .* mse (\S+)  accuracy (\S+)")
WITHIN = re.compile(r"^update (\d+) of (\d+)$")
STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ")
EXPECTED = re.compile(r"^(?:[\w.]+: )?error: (.*)")
UNEXPECTED = re.compile(r"^(?:[\w]+\.)*(\w*(?:Error|Exception|Interrupt|Exit))\b(.*)")
STOPPED = re.compile(r"stopped by SIG\w+ at update")


@dataclass(frozen=True)
class TrainingState:
    """How far a training's log says that it is: at which update of how many; accuracy in %.

    mse, accuracy: of the last epoch that ended, None where the log says nothing of one.
    """

    update: int
    updates: int
    mse: float | None = None
    accuracy: float | None = None

    @property
    def words(self) -> str:
        """What was reached on the validation split."""
        if self.accuracy is not None:
            return f"validation accuracy {self.accuracy:.1f} %"
        return "" if self.mse is None else f"validation error {self.mse:.2g}"


def last_lines(path: str | os.PathLike) -> list[str]:
    """The last lines of a log, without time stamps; none where there is no log yet."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [STAMP.sub("", line) for line in text.splitlines() if line.strip()]


def training_state(path: str | os.PathLike) -> TrainingState | None:
    """How far the training is that writes this log; None before it says anything of that."""
    within = None
    for line in reversed(last_lines(path)):
        if match := EPOCH.search(line):
            update, updates, mse, accuracy = match.groups()
            known = None if accuracy == "-" else 100 * float(accuracy)
            return TrainingState(
                within.update if within else int(update), int(updates), float(mse), known
            )
        if match := WITHIN.match(line):
            within = within or TrainingState(int(match[1]), int(match[2]))
    return within


def stopped(path: str | os.PathLike) -> bool:
    """Whether a training was stopped from outside and saved a checkpoint."""
    return any(STOPPED.search(line) for line in last_lines(path)[-1:])


def failure_sentence(path: str | os.PathLike) -> str:
    """Why the job failed that wrote this log, in the log's own words."""
    lines = last_lines(path)
    for number in range(len(lines) - 1, -1, -1):
        if match := EXPECTED.match(lines[number]):
            return " ".join([match[1], *(line.strip() for line in lines[number + 1 :])])
    for line in reversed(lines):
        if match := UNEXPECTED.match(line):
            return f"unexpected {match[1]}{match[2]} (the log has the traceback)"
    if lines:
        return f"it ended after {lines[-1].strip()!r} (out of memory, or killed?)"
    where = "its log is empty" if Path(path).exists() else "it has no log"
    return f"it ended without a word: {where} (out of memory, or killed?)"
