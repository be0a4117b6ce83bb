"""Tables of moving objects: text with a separator, or Parquet, as the config names its columns."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from nri.data.own.recordings import RecordingError, Rows, common_interval
from nri.data.own.settings import OwnSettings

__all__ = ["numbers", "read_table", "refuse"]

MISSING = ("", "na", "nan", "n/a", "null", "none", "-")


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
            _piece(text, path, settings, dict(zip(features, own, strict=True)), keys, name)
            for name, own in columns.objects.items()
        ]
        table = pd.concat(pieces, ignore_index=True)
    elif columns.object is not None:
        keys.append(columns.object)
        names = dict(zip(features, features, strict=True))
        table = _piece(text, path, settings, names, keys, None)
    else:
        raise RecordingError(f"{path}: `columns` needs either object or objects")
    if table.empty:
        raise RecordingError(f"{path}: no row with all of {', '.join(features)}")
    interval = settings.frame_interval or common_interval(table, ["sample", "object"])
    if interval <= 0:
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
    return [
        Rows(str(name), str(path), rows.drop(columns=["sample", "first"]), interval)
        for name, rows in table.groupby("sample", sort=False)
    ]


def _read(path: str | os.PathLike, settings: OwnSettings) -> pd.DataFrame:
    """All cells as text, the column `line` last."""
    parquet = Path(path).suffix.lower() == ".parquet"
    frame = _read_parquet(path) if parquet else _read_text(path, settings)
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
    first = 1 if parquet or settings.names else 2
    frame = frame.assign(line=np.arange(first, first + len(frame)))
    return frame[(frame.drop(columns="line") != "").any(axis=1)]


def _read_parquet(path: str | os.PathLike) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path).astype(object)
    except ImportError as error:
        raise RecordingError(
            f"{path}: no reader for Parquet is installed; `pip install pyarrow`, or save as CSV"
        ) from error
    except (OSError, ValueError) as error:  # of pyarrow too
        raise RecordingError(
            f"{path}: not readable as Parquet ({str(error).strip()}); write it again"
        ) from error
    return frame.where(frame.notna(), "").astype(str)


def _read_text(path: str | os.PathLike, settings: OwnSettings) -> pd.DataFrame:
    names, separator = settings.names, settings.separator
    try:
        return pd.read_csv(
            path,
            sep=r"\s+" if separator == "whitespace" else separator,
            names=names,
            header=None if names else 0,
            index_col=False,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",
        ).fillna("")
    except (OSError, ValueError) as error:  # of pandas' parser too
        raise RecordingError(
            f"{path}: not readable as a table ({str(error).strip()}); check `separator` "
            f"({separator!r}) and, for a file without a header, `names`"
        ) from error


def _piece(
    text: pd.DataFrame,
    path: str | os.PathLike,
    settings: OwnSettings,
    names: dict[str, str],
    keys: list[str],
    name: str | None,
) -> pd.DataFrame:
    """Columns `line`, `sample`, `time`, `object` and the features, from the columns `names`.

    keys: the column with the time, then the columns that name the recording and the object.
    name: that of the object, where it is not in a column.
    """
    columns, lenient = settings.columns, settings.gaps != "refuse"
    time_key, *name_keys = keys
    for key in name_keys:
        if (blank := text[key].str.strip() == "").any():
            refuse(path, text[blank], key, "is empty; give every row its name")
    time = numbers(text, path, time_key)
    if time.isna().any():
        refuse(path, text[time.isna()], time_key, "is no time; correct or remove the row")
    piece = {
        "line": text["line"],
        "sample": text[columns.sample] if columns.sample else Path(path).stem,
        "time": time * settings.time_unit,
        "object": text[columns.object] if name is None else name,
    }
    for feature, column in names.items():
        values = numbers(text, path, column)
        if values.isna().any() and not lenient:
            remedy = "is missing; set `gaps: cut` or `gaps: interpolate`"
            refuse(path, text[values.isna()], column, remedy)
        piece[feature] = values
    return pd.DataFrame(piece).dropna(subset=list(names))


def numbers(text: pd.DataFrame, path: str | os.PathLike, column: str) -> pd.Series:
    """A column of text as float64, NaN where it is missing."""
    cells = text[column].str.strip()
    found = pd.to_numeric(cells, errors="coerce")
    wrong = found.isna() & ~cells.str.lower().isin(MISSING) | np.isinf(found)
    if wrong.any():
        refuse(path, text[wrong], column, "is not a finite number; correct it")
    return found.astype(float)


def refuse(path: str | os.PathLike, rows: pd.DataFrame, column: str, problem: str) -> None:
    """Raise RecordingError for the first of the rows, which have a `line`, and say how many."""
    row, more = rows.iloc[0], len(rows) - 1
    others = f" (and {more} more)" if more else ""
    raise RecordingError(
        f"{path}, line {row['line']}, column {column}: {row[column]!r} {problem}{others}"
    )
