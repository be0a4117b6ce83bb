"""Logging of the command-line programs: plain lines with a time, on standard error."""

import dis
import logging
import sys
from pathlib import Path
from types import TracebackType

__all__ = ["start_log"]

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = (ValueError, RuntimeError, OSError)
RAISE = dis.opmap["RAISE_VARARGS"]


def start_log() -> None:
    """Set up the root logger of a program, and how it says what went wrong."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%Y-%m-%d %H:%M:%S"
    )
    sys.excepthook = _say


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an error: in its own words where the pipeline raised it on purpose, else with where.

    A traceback would only bury the remedy that an error on purpose names.
    """
    if isinstance(error, EXPECTED) and trace is not None and _on_purpose(trace):
        print(f"error: {error}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def _on_purpose(trace: TracebackType) -> bool:
    """Whether what was raised came from a `raise` of this library.

    The instruction says so, not the text of the source, which may have been edited meanwhile.
    """
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    ours = ROOT in Path(code.co_filename).resolve().parents
    return ours and code.co_code[trace.tb_lasti] == RAISE
