"""What all readers share: errors of libraries become their own, sizes are known before memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["LARGEST", "check_size", "reading"]

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
