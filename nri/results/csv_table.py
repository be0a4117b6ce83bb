"""CSV tables of results, read strictly: the columns, the numbers, and the line of what is wrong."""

import os
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from nri.files import ResultsError

__all__ = ["read_table", "refuse", "typed"]

TEXT = ["dataset", "trained_on", "model", "encoder", "decoder", "recipe", "graph", "metric"]
TEXT += ["study", "commit", "machine", "versions", "table", "source", "note"]
TEXT += ["value_provenance", "standard_error_provenance"]
WHOLE = ["edge_types", "seed", "step", "simulations", "updates", "parameters"]
"""The columns of all tables that hold text or whole numbers; others hold real numbers."""


def read_table(path: str | os.PathLike, columns: Sequence[str], remedy: str) -> pd.DataFrame:
    """A table with exactly these columns, which may stand in any order.

    Text that is absent is "", whole numbers that are absent are NA, others NaN. Raises ResultsError
    with the remedy if the file is unreadable, or a column or a number is wrong.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: not a readable CSV in UTF-8 ({error}); {remedy}") from error
    if sorted(frame.columns) != sorted(columns):
        unknown = ", ".join(sorted(set(frame.columns) - set(columns))) or "none"
        missing = ", ".join(sorted(set(columns) - set(frame.columns))) or "none"
        raise ResultsError(
            f"{path}: unknown columns: {unknown}; missing columns: {missing}; {remedy}"
        )
    # Where lines have more fields than there are columns, pandas takes the first for an index.
    if not isinstance(frame.index, pd.RangeIndex):
        raise ResultsError(f"{path}: line 2: more fields than columns; {remedy}")
    return typed(frame[list(columns)], lambda row: f"{path}: line {row + 2}", remedy)


def typed(frame: pd.DataFrame, place: Callable[[int], str], remedy: str) -> pd.DataFrame:
    """The columns as text and numbers; raises ResultsError at the `place(row)` of what is none."""
    columns = {}
    for name, column in frame.items():
        if name in TEXT:
            columns[name] = column.fillna("").astype(str)
            continue
        given = column.replace("", np.nan)
        numbers = pd.to_numeric(given, errors="coerce")
        wrong, kind = given.notna() & numbers.isna(), "a number"
        if name in WHOLE:
            # NaN, of an infinite number too, fails the comparison.
            whole = (numbers % 1 == 0) & (numbers.abs() < 2**63)
            wrong, kind = given.notna() & ~whole, "a whole number"
        if wrong.any():
            row = int(np.argmax(wrong.to_numpy(dtype=bool)))
            problem = f"{name} is {column.iloc[row]!r}, which is not {kind}"
            raise ResultsError(f"{place(row)}: {problem}; {remedy}")
        columns[name] = numbers.astype("Int64" if name in WHOLE else float)
    return pd.DataFrame(columns)


def refuse(
    path: str | os.PathLike, wrong: pd.Series, what: Callable[[int], str], remedy: str
) -> None:
    """Raise ResultsError at the first line that is `wrong`, which says what is wrong there."""
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy(dtype=bool)))
        raise ResultsError(f"{path}: line {row + 2}: {what(row)}; {remedy}")
