"""CSV tables of results, read strictly: the columns, the numbers, and the line of what is wrong."""

import io
import os
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nri.files import ResultsError

__all__ = ["read_table", "refuse", "typed"]

TEXT = ["dataset", "trained_on", "model", "encoder", "decoder", "recipe", "graph", "metric"]
TEXT += ["label", "study", "commit", "machine", "versions", "table", "source", "note"]
TEXT += ["value_provenance", "standard_error_provenance"]
TEXT += ["split", "recording", "objects", "sender", "receiver"]
TEXT += ["game", "status", "gameid", "sha256", "evidence"]
WHOLE = ["edge_types", "seed", "step", "simulations", "updates", "parameters"]
WHOLE += ["stage", "sample", "type", "true_type", "refined_type", "quarter"]
"""The columns of all tables that hold text or whole numbers; others hold real numbers."""

OF_TRAINING = ("train_", "valid_")
"""Begin the names of losses, which are not a number where a training went astray for a while."""


def read_table(
    path: str | os.PathLike, columns: Sequence[str], remedy: str, more: bool = False
) -> pd.DataFrame:
    """A table with exactly these columns, which may stand in any order; with `more`, and others.

    Text that is absent is "", whole numbers that are absent are NA, others NaN. Raises ResultsError
    with the remedy if the file is unreadable or cut short, or a column or a number is wrong.
    """
    try:
        content = Path(path).read_bytes()
        frame = pd.read_csv(
            io.BytesIO(content),
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            encoding="utf-8",
        )
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: not a readable CSV in UTF-8 ({error}); {remedy}") from error
    others = sorted(set(frame.columns) - set(columns))
    unknown = [] if more else others
    missing = sorted(set(columns) - set(frame.columns))
    if missing or unknown:
        raise ResultsError(
            f"{path}: unknown columns: {', '.join(unknown) or 'none'}; "
            f"missing columns: {', '.join(missing) or 'none'}; {remedy}"
        )
    if frame.empty:
        raise ResultsError(f"{path}: a header and no rows: the file is cut short; {remedy}")
    # Where lines have more fields than there are columns, pandas takes the first for an index.
    if not isinstance(frame.index, pd.RangeIndex):
        raise ResultsError(f"{path}: line 2: more fields than columns; {remedy}")
    refuse(path, frame.isna().any(axis=1), lambda _: "fewer fields than columns", remedy)
    if not content.endswith(b"\n"):
        raise ResultsError(f"{path}: the last line does not end: the file is cut short; {remedy}")
    return typed(frame[[*columns, *others]], lambda row: f"{path}: line {row + 2}", remedy)


def typed(frame: pd.DataFrame, place: Callable[[int], str], remedy: str) -> pd.DataFrame:
    """The columns as text and numbers; raises ResultsError at the `place(row)` of what is none."""
    columns: dict[Hashable, pd.Series | np.ndarray] = {}
    # In NumPy and all real numbers at once: a table is often small, and there may be thousands.
    real = [name for name in frame if name not in TEXT and name not in WHOLE]
    texts = frame[real].to_numpy(dtype=object)
    parsed = pd.to_numeric(texts.ravel(), errors="coerce").reshape(texts.shape)
    reals = dict(zip(real, parsed.T.astype(float), strict=True))
    for name, column in frame.items():
        if name in TEXT:
            columns[name] = column.fillna("").astype(str)
            continue
        text = column.to_numpy(dtype=object)
        # First, since an NA of pandas cannot be compared.
        text = np.where(pd.isna(text), "", text)
        given = text != ""
        numbers = reals[name] if name in reals else pd.to_numeric(column, errors="coerce")
        values = np.asarray(numbers, dtype=float)
        wrong, kind = given & np.isnan(values), "a number"
        if str(name).startswith(OF_TRAINING):
            wrong &= text != "nan"
        if name in WHOLE:
            # NaN, of an infinite number too, fails the comparison.
            whole = (np.trunc(values) == values) & (np.abs(values) < 2**63)
            wrong, kind = given & ~whole, "a whole number"
        if wrong.any():
            row = int(np.argmax(wrong))
            problem = f"{name} is {column.iloc[row]!r}, which is not {kind}"
            raise ResultsError(f"{place(row)}: {problem}; {remedy}")
        columns[name] = numbers.astype("Int64") if name in WHOLE else values
    return pd.DataFrame(columns, index=frame.index)


def refuse(
    path: str | os.PathLike, wrong: pd.Series, what: Callable[[int], str], remedy: str
) -> None:
    """Raise ResultsError at the first line that is `wrong`, which says what is wrong there."""
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy(dtype=bool)))
        raise ResultsError(f"{path}: line {row + 2}: {what(row)}; {remedy}")
