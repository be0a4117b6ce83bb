"""Tables of moving objects: text with a separator, or Parquet, as the config names its columns."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from nri.data.recordings import RecordingError, Rows, common_interval

__all__ = ["TABLE_SUFFIXES", "read_edges", "read_table"]

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
MISSING = ("", "na", "nan", "n/a", "null", "none", "-")


def read_table(path: str | os.PathLike, settings: dict) -> list[Rows]:
    """The recordings of one file, in the order in which they first appear in it.

    settings: those of `nri.data.own`. A row without all its features, and one without a time,
    is left out where `gaps` allows it.
    Raises RecordingError naming line and column of what is wrong.
    """
    text = _read(path, settings)
    columns, features = settings["columns"], settings["features"]
    keys = [columns["time"], *([columns["sample"]] if columns.get("sample") else [])]
    if "objects" in columns:
        pieces = [
            _piece(text, path, settings, dict(zip(features, own, strict=True)), keys, name)
            for name, own in columns["objects"].items()
        ]
        table = pd.concat(pieces, ignore_index=True)
    else:
        keys.append(columns["object"])
        names = dict(zip(features, features, strict=True))
        table = _piece(text, path, settings, names, keys, None)
    if table.empty:
        raise RecordingError(f"{path}: no row with all of {', '.join(features)}")
    interval = settings["frame_interval"] or common_interval(table, ["sample", "object"])
    if interval <= 0:
        raise RecordingError(
            f"{path}: no object has two times, so the frame interval is unknown; check that "
            "columns.object and columns.sample do not name a column that differs in every row"
        )
    first = table.groupby("sample", sort=False)["line"].transform("first")
    table = table.assign(first=first).sort_values(["first", "time", "line"], kind="stable")
    return [
        Rows(str(name), str(path), rows.drop(columns=["sample", "first"]), interval)
        for name, rows in table.groupby("sample", sort=False)
    ]


def _read(path: str | os.PathLike, settings: dict) -> pd.DataFrame:
    """All cells as text, the column `line` last."""
    names, separator = settings["names"], settings["separator"]
    first = 1 if names else 2
    try:
        if Path(path).suffix == ".parquet":
            frame, first = pd.read_parquet(path).astype(object), 1
            frame = frame.where(frame.notna(), "").astype(str)
        else:
            frame = pd.read_csv(
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
    except ImportError as error:
        raise RecordingError(
            f"{path}: no reader for Parquet is installed; `pip install pyarrow`, or save as CSV"
        ) from error
    except (OSError, ValueError) as error:  # of pandas' parser too
        raise RecordingError(
            f"{path}: not readable as a table ({str(error).strip()}); check `separator` "
            f"({separator!r}) and, for a file without a header, `names`"
        ) from error
    columns, wanted = settings["columns"], [settings["columns"]["time"]]
    wanted += [columns[key] for key in ("sample", "object") if columns.get(key)]
    wanted += [name for own in columns.get("objects", {}).values() for name in own]
    wanted += [] if "objects" in columns else settings["features"]
    if absent := [name for name in wanted if name not in frame]:
        raise RecordingError(
            f"{path}: no column {', '.join(absent)}; the columns are {', '.join(map(str, frame))}. "
            "Correct `columns` or `features`, `separator`, or for a file without a header `names`"
        )
    frame = frame.assign(line=np.arange(first, first + len(frame)))
    return frame[(frame.drop(columns="line") != "").any(axis=1)]


def _piece(
    text: pd.DataFrame,
    path: str | os.PathLike,
    settings: dict,
    names: dict[str, str],
    keys: list[str],
    name: str | None,
) -> pd.DataFrame:
    """Columns `line`, `sample`, `time`, `object` and the features, from the columns `names`.

    name: that of the object, where it is not in a column.
    """
    columns, lenient = settings["columns"], settings["gaps"] != "refuse"
    for key in keys:
        if key != columns["time"] and (blank := text[key].str.strip() == "").any():
            _refuse(path, text[blank], key, "is empty; give every row its name")
    time = _numbers(text, path, columns["time"])
    if time.isna().any():
        _refuse(path, text[time.isna()], columns["time"], "is no time; correct or remove the row")
    piece = {
        "line": text["line"],
        "sample": text[columns["sample"]] if columns.get("sample") else Path(path).stem,
        "time": time * settings["time_unit"],
        "object": text[columns["object"]] if name is None else name,
    }
    for feature, column in names.items():
        values = _numbers(text, path, column)
        if values.isna().any() and not lenient:
            remedy = "is missing; set `gaps: cut` or `gaps: interpolate`"
            _refuse(path, text[values.isna()], column, remedy)
        piece[feature] = values
    return pd.DataFrame(piece).dropna(subset=list(names))


def _numbers(text: pd.DataFrame, path: str | os.PathLike, column: str) -> pd.Series:
    """A column as float64, NaN where it is missing."""
    cells = text[column].str.strip()
    numbers = pd.to_numeric(cells, errors="coerce")
    wrong = numbers.isna() & ~cells.str.lower().isin(MISSING) | np.isinf(numbers)
    if wrong.any():
        _refuse(path, text[wrong], column, "is not a finite number; correct it")
    return numbers.astype(float)


def _refuse(path: str | os.PathLike, rows: pd.DataFrame, column: str, problem: str) -> None:
    row, more = rows.iloc[0], len(rows) - 1
    others = f" (and {more} more)" if more else ""
    raise RecordingError(
        f"{path}, line {row['line']}, column {column}: {row[column]!r} {problem}{others}"
    )


def read_edges(path: str | os.PathLike, recordings: list[Rows], types: list[str]) -> list[Rows]:
    """The recordings with the edges of a CSV: `receiver`, `sender`, `type`, and `sample` or all.

    Raises RecordingError for an object, a sample or a type that is unknown, and a pair that is
    there twice or joins an object with itself.
    """
    try:
        edges = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path}: not readable as CSV ({str(error).strip()})") from error
    if absent := {"receiver", "sender", "type"} - set(edges):
        raise RecordingError(
            f"{path}: no column {', '.join(sorted(absent))}; edges need receiver, sender and type, "
            "and sample where each recording has edges of its own"
        )
    edges = edges.assign(line=np.arange(2, len(edges) + 2))
    key = [*(["sample"] if "sample" in edges else []), "receiver", "sender"]
    for column, wrong, problem in (
        ("type", ~edges["type"].isin(types), f"is none of edge_types ({', '.join(types)})"),
        ("sender", edges["sender"] == edges["receiver"], "is the receiver too; remove the row"),
        ("sender", edges.duplicated(key), "and its receiver are there twice; remove one"),
    ):
        if wrong.any():
            _refuse(path, edges[wrong], column, problem)
    names = {recording.name: set(recording.table["object"]) for recording in recordings}
    if "sample" in edges and (unknown := ~edges["sample"].isin(names)).any():
        _refuse(path, edges[unknown], "sample", "is no recording of the data")
    edges = edges.assign(type=edges["type"].map({name: k for k, name in enumerate(types)}))
    if "sample" not in edges:
        known = set().union(*names.values())
        for column in ("receiver", "sender"):
            if (unknown := ~edges[column].isin(known)).any():
                _refuse(path, edges[unknown], column, "is no object of the data")
        return [replace(recording, edges=edges) for recording in recordings]
    grouped = dict(list(edges.groupby("sample")))
    for name, rows in grouped.items():
        for column in ("receiver", "sender"):
            if (unknown := ~rows[column].isin(names[name])).any():
                _refuse(path, rows[unknown], column, f"is no object of recording {name}")
    nothing = edges.iloc[:0]
    return [
        replace(recording, edges=grouped.get(recording.name, nothing)) for recording in recordings
    ]
