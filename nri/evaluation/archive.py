"""NumPy archives of named arrays: what `evaluate` keeps of a run for those who come after it."""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from nri.files import ResultsError, atomic_path, make_again

__all__ = ["needed", "read_arrays", "write_arrays"]


def write_arrays(
    arrays: Mapping[str, np.ndarray | Sequence[str] | float | None], path: str | os.PathLike
) -> None:
    """Write the arrays that are not None."""
    there: dict[str, Any] = {name: value for name, value in arrays.items() if value is not None}
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **there)


def read_arrays(
    path: str | os.PathLike, known: Collection[str], needed: Collection[str]
) -> dict[str, np.ndarray]:
    """The arrays of an archive by their names, of which all are `known`.

    Raises ResultsError if the file is unreadable, lacks one of the arrays `needed` or holds others.
    """
    try:
        with np.load(path) as file:
            arrays = dict(file)
    except Exception as error:  # what NumPy, zipfile and zlib raise has no end
        raise ResultsError(
            f"{path}: not a readable NumPy archive ({error!r}); {make_again(path)}"
        ) from error
    if unknown := sorted(arrays.keys() - set(known)):
        raise ResultsError(f"{path}: has unknown arrays {', '.join(unknown)}; {make_again(path)}")
    if missing := [name for name in needed if name not in arrays]:
        raise ResultsError(
            f"{path}: lacks {', '.join(missing)}; choose another run, or {make_again(path)}"
        )
    return arrays


def needed(array: np.ndarray | None) -> np.ndarray:
    """An optional array that its reader cannot do without; raises ResultsError if it is absent."""
    if array is None:
        raise ResultsError("an array that is needed here is not there; evaluate the run again")
    return array
