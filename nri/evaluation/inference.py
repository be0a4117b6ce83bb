"""Graphs that trained models infer, for the user's own tools: a table of edges, GraphML files."""

import os
import shutil
from pathlib import Path

import networkx
import numpy as np
import pandas as pd

from nri.data.own.windows import SEPARATOR
from nri.evaluation.verdict import Judgement
from nri.files import atomic_path, write_table
from nri.graph import receivers, senders
from nri.matching import reorder_types, type_orders

__all__ = ["edge_table", "write_edges", "write_graphs"]

REFINED = "refined_"
"""Begins the names of what is known of an edge by the refined graph, not by the encoder's."""

SHOWN = ("type", "probability", "agreement", "type_name")
"""What GraphML holds of an edge, of each graph, where the table has it."""


def write_edges(
    posteriors: np.ndarray,
    refined: np.ndarray | None,
    windows: pd.DataFrame,
    truth: np.ndarray | None,
    without_first: bool,
    directory: Path,
    known: tuple[np.ndarray, list[str]] | None = None,
    judgement: Judgement | None = None,
) -> pd.DataFrame:
    """Write `directory`/edges.csv and a GraphML file for each sample; the table that was written.

    posteriors (R, S, E, K): those of the encoders of R models, each with its own order of types.
    refined (R, S, E, K): those of their decoders, where they are known. windows: a row for each
    sample, in order. truth (S, E): the true types, where they are known; the table then has a
    column `true_type`. without_first: type 0 of all models means that there is no edge. known: the
    types of each model in one order, (R, K), and their names, where they are known from elsewhere
    (`nri.evaluation.new_data.known_types`); the table then has `type_name`, `refined_type_name`.
    judgement: its evidence becomes columns of the table, its verdict `directory`/verdict.json.
    """
    # The decoder gives a type its meaning, so it is the same type in both posteriors of a model.
    orders = type_orders(posteriors, truth, without_first) if known is None else known[0]
    better = None if refined is None else reorder_types(refined, orders)
    table = edge_table(reorder_types(posteriors, orders), better, windows)
    if known is not None:
        names = dict(enumerate(known[1]))
        for column in [name for name in table if name in ("type", f"{REFINED}type")]:
            table[f"{column}_name"] = table[column].map(names)
    if truth is not None:
        table["true_type"] = truth.ravel()
    if judgement is not None:
        judgement.verdict.save(directory / "verdict.json")
        if judgement.evidence is not None:
            table = table.join(judgement.evidence)
    write_table(table, directory / "edges.csv")
    shutil.rmtree(directory / "graphml", ignore_errors=True)
    nothing = without_first and truth is None and not orders[:, 0].any()
    write_graphs(table, directory / "graphml", nothing)
    return table


def edge_table(
    posteriors: np.ndarray, refined: np.ndarray | None, windows: pd.DataFrame
) -> pd.DataFrame:
    """A row for each edge of each sample: where and when it is, its type, and how sure that is.

    posteriors, refined: (R, S, E, K) of R models, types matched. windows: as
    `nri.data.own.prepare` makes them, in the order of the samples. `type` is the most probable one
    by the mean over models, `probability` is that mean, `agreement` the share of models that find
    this type the most probable one, and `probability_0`, … are the means of all types.
    `refined_type`, … are the same of the refined graph and absent without it.
    """
    columns = _describe(posteriors)
    if refined is not None:
        columns |= {REFINED + name: values for name, values in _describe(refined).items()}
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
        }
        piece |= {name: values[i] for name, values in columns.items()}
        pieces.append(pd.DataFrame(piece))
    return pd.concat(pieces, ignore_index=True)


def _describe(posteriors: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of one graph, (S, E) each, from the posteriors (R, S, E, K) of R models."""
    mean = posteriors.mean(0)
    types = mean.argmax(-1)
    columns = {
        "type": types,
        "probability": mean.max(-1).round(6),
        "agreement": (posteriors.argmax(-1) == types).mean(0).round(6),
    }
    return columns | {f"probability_{k}": mean[..., k].round(6) for k in range(mean.shape[-1])}


def write_graphs(edges: pd.DataFrame, directory: str | os.PathLike, without_first: bool) -> None:
    """A GraphML file for each sample of an edge table: `directory`/sample_0000.graphml.

    Edges lead from sender to receiver and have `type`, `probability` and `agreement`, and the same
    of the refined graph, `refined_type`, …, where the table has it, and of edges that were tested
    `evidence` and `p_value`. without_first: type 0 means
    that there is no edge; what is in neither graph is not written, what is in one of them has type
    0 in the other.
    """
    prefixes = [prefix for prefix in ("", REFINED) if f"{prefix}type" in edges]
    types = [f"{prefix}type" for prefix in prefixes]
    names = [prefix + name for prefix in prefixes for name in SHOWN if prefix + name in edges]
    tested = "evidence" in edges
    for sample, rows in edges.groupby("sample", sort=True):
        first = rows.iloc[0]
        graph = networkx.DiGraph(
            recording=str(first["recording"]), start=float(first["start"]), end=float(first["end"])
        )
        graph.add_nodes_from(dict.fromkeys([*rows["sender"], *rows["receiver"]]))
        kept = rows[(rows[types] > 0).any(axis=1)] if without_first else rows
        for row in kept.to_dict("records"):
            shown = {name: row[name] for name in names}
            if tested and not pd.isna(row["evidence"]):
                shown |= {"evidence": bool(row["evidence"]), "p_value": row["p_value"]}
            graph.add_edge(row["sender"], row["receiver"], **shown)
        with atomic_path(Path(directory, f"sample_{sample:04}.graphml")) as path:
            networkx.write_graphml_xml(graph, path)
