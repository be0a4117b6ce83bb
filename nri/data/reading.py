"""What all readers share: errors of libraries become their own, sizes are known before memory."""

import faulthandler
import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["LARGEST", "check_size", "crash", "reading"]

LARGEST = 2**33
"""Bytes in memory of one array of a file. The paper's largest split takes less than 2**29."""


@contextmanager
def reading(
    path: str | os.PathLike, problem: str, remedy: str, error: type[Exception]
) -> Iterator[None]:
    """Whatever a library raises in the block, as `error` with the file, the problem and the remedy.

    Libraries hand on what their readers stumble over in damaged bytes, which can be any exception.
    An `error` that the block raises itself stays as it is.
    """
    try:
        yield
    except error:
        raise
    except Exception as found:
        raise error(f"{path}: {problem} ({type(found).__name__}: {found}); {remedy}") from found


def check_size(size: int, place: str, error: type[Exception]) -> None:
    """Raise `error` for an array that would take more than `LARGEST` bytes."""
    if size > LARGEST:
        raise error(
            f"{place} takes {size / 2**30:.3g} GiB in memory, more than the limit of "
            f"{LARGEST / 2**30:.3g} GiB; check that the file is what it should be, or store less"
        )


def crash(attempt: Callable[[], object], seconds: float = 60.0) -> str | None:
    """How a child process that makes an attempt is stopped, or None if it comes to its own end.

    A library of C that stumbles over damaged bytes can end the process or never return, and no
    exception says so. What the attempt raises is not told: the caller meets it again.
    """
    end, child_end = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            faulthandler.disable()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            attempt()
        finally:
            os._exit(0)
    os.close(child_end)
    in_time = False
    try:
        in_time = bool(select.select([end], [], [], seconds)[0])
    finally:
        if not in_time:
            os.kill(pid, signal.SIGKILL)
        os.close(end)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not in_time:
        return f"it does not come to an end in {seconds:g} s"
    return f"it ends by {signal.Signals(-code).name}" if code < 0 else None
