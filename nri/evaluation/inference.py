"""Graphs that trained models infer, for the user's own tools: a table of edges, GraphML files."""

import os
import shutil
from pathlib import Path

import networkx
import numpy as np
import pandas as pd

from nri.data.own.windows import SEPARATOR
from nri.files import atomic_path, write_table
from nri.graph import receivers, senders
from nri.matching import match_types

__all__ = ["EDGE_COLUMNS", "edge_table", "write_edges", "write_graphs"]

EDGE_COLUMNS = ["sample", "recording", "start", "end", "sender", "receiver"]
EDGE_COLUMNS += ["type", "probability", "agreement"]


def write_edges(
    posteriors: np.ndarray,
    windows: pd.DataFrame,
    truth: np.ndarray | None,
    without_first: bool,
    directory: Path,
) -> pd.DataFrame:
    """Write `directory`/edges.csv and a GraphML file for each sample; the table that was written.

    posteriors (R, S, E, K) of R models, each with its own order of types. windows: a row for each
    sample, in order. truth (S, E): the true types, where they are known; the table then has a
    column `true_type`. without_first: type 0 of all models means that there is no edge.
    """
    table = edge_table(match_types(posteriors, truth, without_first), windows)
    if truth is not None:
        table["true_type"] = truth.ravel()
    write_table(table, directory / "edges.csv")
    shutil.rmtree(directory / "graphml", ignore_errors=True)
    write_graphs(table, directory / "graphml", without_first and truth is None)
    return table


def edge_table(posteriors: np.ndarray, windows: pd.DataFrame) -> pd.DataFrame:
    """A row for each edge of each sample, `EDGE_COLUMNS` and the probability of every type.

    posteriors: (R, S, E, K) of R models, types matched. windows: as `nri.data.own.prepare` makes
    them, in the order of the samples. `type` is the most probable one by the mean over models,
    `probability` is that mean, and `agreement` the share of models that find this type the most
    probable one.
    """
    mean = posteriors.mean(0)
    types = mean.argmax(-1)
    agreement = (posteriors.argmax(-1) == types).mean(0)
    names = windows["objects"].str.split(SEPARATOR)
    pieces = []
    for i, (row, objects) in enumerate(zip(windows.itertuples(), names, strict=True)):
        objects = np.array(objects)
        count = len(objects)
        piece = {
            "sample": row.sample,
            "recording": row.recording,
            "start": round(row.start, 9),
            "end": round(row.end, 9),
            "sender": objects[senders(count)],
            "receiver": objects[receivers(count)],
            "type": types[i],
            "probability": mean[i].max(-1).round(6),
            "agreement": agreement[i].round(6),
        }
        piece |= {f"probability_{k}": mean[i, :, k].round(6) for k in range(mean.shape[-1])}
        pieces.append(pd.DataFrame(piece))
    return pd.concat(pieces, ignore_index=True)


def write_graphs(edges: pd.DataFrame, directory: str | os.PathLike, without_first: bool) -> None:
    """A GraphML file for each sample of an edge table: `directory`/sample_0000.graphml.

    Edges lead from sender to receiver and have `type`, `probability` and `agreement`.
    without_first: write no edges of type 0, which means that there is none.
    """
    for sample, rows in edges.groupby("sample", sort=True):
        first = rows.iloc[0]
        graph = networkx.DiGraph(
            recording=str(first["recording"]), start=float(first["start"]), end=float(first["end"])
        )
        graph.add_nodes_from(dict.fromkeys([*rows["sender"], *rows["receiver"]]))
        for row in rows[rows["type"] > 0].itertuples() if without_first else rows.itertuples():
            graph.add_edge(
                row.sender,
                row.receiver,
                type=int(row.type),
                probability=float(row.probability),
                agreement=float(row.agreement),
            )
        with atomic_path(Path(directory, f"sample_{sample:04}.graphml")) as path:
            networkx.write_graphml_xml(graph, path)
