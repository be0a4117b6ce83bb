"""Tables of moving objects: text with a separator, or Parquet, as the config names its columns."""

import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nri.data.own.recordings import RecordingError, Rows, check_length, common_interval
from nri.data.own.settings import OwnSettings
from nri.data.own.text import NATIVE, encoding_of, refuse_other_kinds, undecodable
from nri.data.reading import reading

__all__ = ["MISSING", "numbers", "read_cells", "read_table", "refuse"]

MISSING = ("", "na", "nan", "n/a", "null", "none", "-")
COMMA = r"[+-]?\d*,\d+([eE][+-]?\d+)?"
TOO_LONG = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
"""What pandas says of a line with more cells than those above it."""


def read_table(path: str | os.PathLike, settings: OwnSettings) -> list[Rows]:
    """The recordings of one file, in the order in which they first appear in it.

    Rows without all features are left out if `gaps` allows it.
    Raises RecordingError, which names line and column of what is wrong.
    """
    text = _read(path, settings)
    columns, features = settings.columns, settings.features
    if columns.time is None:
        raise RecordingError(f"{path}: columns.time is missing: the column with the time of a row")
    keys = [columns.time, *([columns.sample] if columns.sample else [])]
    if columns.objects is not None:
        pieces = [
            _piece(text, path, settings, own, keys, name) for name, own in columns.objects.items()
        ]
        table = pd.concat(pieces, ignore_index=True)
    elif columns.object is not None:
        keys.append(columns.object)
        table = _piece(text, path, settings, features, keys, None)
    else:
        raise RecordingError(f"{path}: `columns` needs either object or objects")
    if table.empty:
        raise RecordingError(f"{path}: no row with all of {', '.join(features)}")
    interval = settings.frame_interval or common_interval(table, ["sample", "object"])
    if not 0 < interval < np.inf:
        raise RecordingError(
            f"{path}: no object has two times, so the frame interval is unknown; check that "
            "columns.object and columns.sample do not name a column that differs in every row"
        )
    if table.groupby("sample")["object"].nunique().max() < 2:
        raise RecordingError(
            f"{path}: no recording has two objects, which a graph needs; check that columns.object "
            "and columns.sample name the right columns"
        )
    first = table.groupby("sample", sort=False)["line"].transform("first")
    table = table.assign(first=first).sort_values(["first", "time", "line"], kind="stable")
    recordings = [
        Rows(str(name), str(path), rows.drop(columns=["sample", "first"]), interval)
        for name, rows in table.groupby("sample", sort=False)
    ]
    for recording in recordings:
        check_length(recording, len(features), settings.edges_change)
    return recordings


def _read(path: str | os.PathLike, settings: OwnSettings) -> pd.DataFrame:
    """All cells as text; the index is the line of each row."""
    if Path(path).suffix.lower() == ".parquet":
        frame = _read_parquet(path)
    else:
        frame = read_cells(path, settings.separator, settings.names, settings.encoding)
    columns = settings.columns
    wanted = [name for name in (columns.time, columns.sample, columns.object) if name]
    if columns.objects is None:
        wanted += settings.features
    else:
        wanted += [name for own in columns.objects.values() for name in own]
    if absent := [name for name in wanted if name not in frame]:
        raise RecordingError(
            f"{path}: no column {', '.join(absent)}; the columns are {', '.join(map(str, frame))}. "
            "Correct `columns` or `features`, `separator`, or for a file without a header `names`"
        )
    return frame


def _read_parquet(path: str | os.PathLike) -> pd.DataFrame:
    with reading(path, "not readable as Parquet", "write it again", RecordingError):
        try:
            frame = pd.read_parquet(path).astype(object)
        except ImportError as error:
            raise RecordingError(
                f"{path}: no reader for Parquet is installed; `pip install pyarrow`, or save as CSV"
            ) from error
    return _numbered(frame.where(frame.notna(), "").astype(str), 1)


def read_cells(
    path: str | os.PathLike,
    separator: str = ",",
    names: Sequence[str] | None = None,
    encoding: str = NATIVE,
) -> pd.DataFrame:
    """All cells of a table in a text file, as text; the index is the line of each row.

    separator: or `whitespace`. names: those of the columns, where the file has no header.
    Raises RecordingError for what is no table, and for rows longer than the header.
    """
    remedy = f"check `separator` ({separator!r}), decimal commas, and without a header `names`"
    with (
        reading(path, "not readable as a table", remedy, RecordingError),
        warnings.catch_warnings(),
    ):
        refuse_other_kinds(path)
        # pandas drops what lies beyond the last column, and only warns.
        warnings.filterwarnings("error", "Length of header or names", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                path,
                sep=r"\s+" if separator == "whitespace" else separator,
                names=names,
                header=None if names else 0,
                index_col=False,
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,
                encoding=encoding_of(path, encoding),
            ).fillna("")
        except UnicodeError as error:
            raise undecodable(path, encoding) from error
        except pd.errors.ParserError as error:
            if match := TOO_LONG.search(str(error)):
                usual, line, cells = match.groups()
                problem = f"line {line} has {cells} cells, the lines above {usual}"
                raise RecordingError(
                    f"{path}: not readable as a table ({problem}); {remedy}"
                ) from error
            raise
    return _numbered(frame, 1 if names else 2)


def _numbered(frame: pd.DataFrame, first: int) -> pd.DataFrame:
    """The rows that are not empty, by their line; the first row is on line `first`."""
    frame.index = pd.RangeIndex(first, first + len(frame))
    return frame[(frame != "").any(axis=1)]


def _piece(
    text: pd.DataFrame,
    path: str | os.PathLike,
    settings: OwnSettings,
    names: Sequence[str],
    keys: list[str],
    name: str | None,
) -> pd.DataFrame:
    """Columns as `Rows.table` has them, and `sample`, from the columns `names` of the features.

    keys: the column with the time, then the columns that name the recording and the object.
    name: that of the object, where it is not in a column.
    """
    columns, lenient = settings.columns, settings.gaps != "refuse"
    time_key, *name_keys = keys
    for key in name_keys:
        if (blank := text[key].str.strip() == "").any():
            refuse(path, text[blank], key, "is empty; give every row its name")
    time = _times(text, path, time_key, settings)
    if time.isna().any():
        refuse(path, text[time.isna()], time_key, "is no time; correct or remove the row")
    piece: dict[str | int, object] = {
        "line": text.index,
        "sample": text[columns.sample] if columns.sample else Path(path).stem,
        "time": time,
        "object": text[columns.object] if name is None else name,
    }
    for number, column in enumerate(names):
        values = numbers(text, path, column, decimal=settings.decimal)
        if values.isna().any() and not lenient:
            remedy = "is missing; set `gaps: cut` or `gaps: interpolate`"
            refuse(path, text[values.isna()], column, remedy)
        piece[number] = values
    return pd.DataFrame(piece).dropna(subset=list(range(len(names))))


def _times(
    text: pd.DataFrame, path: str | os.PathLike, column: str, settings: OwnSettings
) -> pd.Series:
    """A column of times in s: numbers in `time_unit`, or ISO dates as seconds since the first."""
    cells = text[column].str.strip()
    if pd.to_numeric(cells, errors="coerce").isna().all():
        dates = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
        if dates.notna().all():
            return (dates - dates.min()).dt.total_seconds()
    return numbers(text, path, column, settings.time_unit, settings.decimal)


def numbers(
    text: pd.DataFrame,
    path: str | os.PathLike,
    column: str,
    unit: float = 1.0,
    decimal: str = ".",
) -> pd.Series:
    """A column of text as float64, times a unit; NaN where it is missing."""
    cells = text[column].str.strip()
    # A point in a number with a decimal comma groups thousands, or is a mistake: no number.
    plain = cells if decimal == "." else cells.str.translate(str.maketrans(",.", ".,"))
    found = pd.to_numeric(plain, errors="coerce").astype(float) * unit
    wrong = found.isna() & ~cells.str.lower().isin(MISSING) | np.isinf(found)
    if wrong.any():
        rows, problem = text[wrong], "is not a finite number; correct it"
        if decimal == "." and cells[wrong].str.fullmatch(COMMA).iloc[0]:
            problem = 'has a decimal comma; set `decimal: ","`'
        refuse(path, rows, column, problem)
    return found


def refuse(path: str | os.PathLike, rows: pd.DataFrame, column: str, problem: str) -> None:
    """Raise RecordingError for the first of the rows, by its line, and say how many."""
    more = len(rows) - 1
    others = f" (and {more} more)" if more else ""
    raise RecordingError(
        f"{path}, line {rows.index[0]}, column {column}: {rows[column].iloc[0]!r} {problem}{others}"
    )
