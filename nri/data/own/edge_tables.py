"""Tables of known edges: who acts on whom, and from when where that changes."""

import os
from dataclasses import replace

import pandas as pd

from nri.data.own.recordings import RecordingError, Rows
from nri.data.own.settings import OwnSettings
from nri.data.own.tables import numbers, read_cells, refuse

__all__ = ["read_edges"]


def read_edges(
    path: str | os.PathLike, recordings: list[Rows], settings: OwnSettings
) -> list[Rows]:
    """The recordings with the edges of a CSV: `receiver`, `sender`, `type`, and `sample` or all.

    With `edges_change` also `time`, in the unit of the recordings: a row holds from then to the
    next row of its pair. Raises RecordingError for an object, a sample, a time or a type that is
    unknown, and a pair that is there twice or joins an object with itself.
    """
    edges = _read(path, settings)
    types = settings.edge_types
    key = [name for name in ("sample", "time", "receiver", "sender") if name in edges]
    for column, wrong, problem in (
        ("type", ~edges["type"].isin(types), f"is none of edge_types ({', '.join(types)})"),
        ("sender", edges["sender"] == edges["receiver"], "is the receiver too; remove the row"),
        ("sender", edges.duplicated(key), "and its receiver are there twice; remove one"),
    ):
        if wrong.any():
            refuse(path, edges[wrong], column, problem)
    names = {recording.name: set(recording.table["object"]) for recording in recordings}
    if "sample" in edges and (unknown := ~edges["sample"].isin(names)).any():
        refuse(path, edges[unknown], "sample", "is no recording of the data")
    edges = edges.assign(type=edges["type"].map({name: k for k, name in enumerate(types)}))
    if "sample" not in edges:
        known = set().union(*names.values())
        for column in ("receiver", "sender"):
            if (unknown := ~edges[column].isin(known)).any():
                refuse(path, edges[unknown], column, "is no object of the data")
        return [replace(recording, edges=edges) for recording in recordings]
    grouped = dict(list(edges.groupby("sample")))
    for name, rows in grouped.items():
        for column in ("receiver", "sender"):
            if (unknown := ~rows[column].isin(names[name])).any():
                refuse(path, rows[unknown], column, f"is no object of recording {name}")
    nothing = edges.iloc[:0]
    return [
        replace(recording, edges=grouped.get(recording.name, nothing)) for recording in recordings
    ]


def _read(path: str | os.PathLike, settings: OwnSettings) -> pd.DataFrame:
    """The columns that are needed, `time` in s; the index is the line of each row."""
    edges = read_cells(path)
    changing = ["time"] if settings.edges_change else []
    if absent := {"receiver", "sender", "type", *changing} - set(edges):
        raise RecordingError(
            f"{path}: no column {', '.join(sorted(absent))}; edges need receiver, sender and type, "
            "with `edges_change` the time from which on, and sample where each recording has edges "
            "of its own"
        )
    if "time" in edges and not changing:
        raise RecordingError(
            f"{path}: a column time, but edges that do not change; set `edges_change: true`, or "
            "remove the column"
        )
    if not changing:
        return edges
    time = numbers(edges, path, "time", settings.time_unit)
    if time.isna().any():
        refuse(path, edges[time.isna()], "time", "is no time; correct or remove the row")
    return edges.assign(time=time)
