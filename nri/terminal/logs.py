"""What the logs of jobs say: how far a training is, and why a job failed."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TrainingState", "failure_sentence", "last_lines", "stopped", "training_state"]

TAIL = 8192
"""Bytes from the end of a log that are looked at."""
EPOCH = re.compile(r"update (\d+) .* mse (\S+)  accuracy (\S+)")
STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ")
EXPECTED = re.compile(r"^(?:[\w.]+: )?error: (.*)")
UNEXPECTED = re.compile(r"^(?:[\w]+\.)*(\w*(?:Error|Exception|Interrupt|Exit))\b(.*)")
STOPPED = re.compile(r"stopped by SIG\w+ at update")


@dataclass(frozen=True)
class TrainingState:
    """The last line of a training's log that says how far it is; accuracy in %."""

    update: int
    mse: float
    accuracy: float | None

    @property
    def words(self) -> str:
        """What was reached on the validation split."""
        if self.accuracy is None:
            return f"validation error {self.mse:.2g}"
        return f"validation accuracy {self.accuracy:.1f} %"


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
    """How far the training is that writes this log; None before its first epoch."""
    for line in reversed(last_lines(path)):
        if match := EPOCH.search(line):
            update, mse, accuracy = match.groups()
            known = None if accuracy == "-" else 100 * float(accuracy)
            return TrainingState(int(update), float(mse), known)
    return None


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
