"""NumPy archives of named arrays: what `evaluate` keeps of a run for those who come after it."""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import BadZipFile

import numpy as np

from nri.files import ResultsError, atomic_path

__all__ = ["needed", "read_arrays", "write_arrays"]


def write_arrays(
    arrays: Mapping[str, np.ndarray | Sequence[str] | float | None], path: str | os.PathLike
) -> None:
    """Write the arrays that are not None."""
    there: dict[str, Any] = {name: value for name, value in arrays.items() if value is not None}
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **there)


def read_arrays(path: str | os.PathLike, *needed: str) -> dict[str, np.ndarray]:
    """All arrays of an archive by their names.

    Raises ResultsError if the file is unreadable or lacks one of the arrays `needed`.
    """
    try:
        with np.load(path) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ResultsError(
            f"{path}: not a readable NumPy archive ({error}); evaluate the run again"
        ) from error
    if missing := [name for name in needed if name not in arrays]:
        raise ResultsError(
            f"{path}: lacks {', '.join(missing)}; choose another run, or evaluate it again"
        )
    return arrays


def needed(array: np.ndarray | None) -> np.ndarray:
    """An optional array that its reader cannot do without; raises ResultsError if it is absent."""
    if array is None:
        raise ResultsError("an array that is needed here is not there; evaluate the run again")
    return array
