"""Logging of the command-line programs: plain lines with a time, on standard error."""

import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType

__all__ = ["start_log"]

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = (ValueError, RuntimeError, OSError)


def start_log() -> None:
    """Set up the root logger of a program, and how it says what went wrong."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%Y-%m-%d %H:%M:%S"
    )
    sys.excepthook = _say


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an error: in its own words where the pipeline raised it on purpose, else with where.

    On purpose is what a `raise` of this library throws; a traceback would only bury its remedy.
    """
    frames = traceback.extract_tb(trace)
    ours = bool(frames) and ROOT in Path(frames[-1].filename).resolve().parents
    if ours and isinstance(error, EXPECTED) and (frames[-1].line or "").startswith("raise "):
        print(f"error: {error}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
