"""The graph that trained models infer from trajectories: types, confidence, agreement of seeds."""

import json
import os
from pathlib import Path

import networkx
import numpy as np
import pandas as pd
import torch

from nri.config.identity import GIVEN_GRAPHS
from nri.data.format import Metadata
from nri.data.normalisation import Normalisation
from nri.data.own.windows import SEPARATOR
from nri.files import atomic_path
from nri.graph import receivers, senders

__all__ = [
    "EDGE_COLUMNS",
    "InferenceError",
    "edge_table",
    "trained_metadata",
    "warn_beyond_range",
    "write_graphs",
]

EDGE_COLUMNS = ["sample", "recording", "start", "end", "sender", "receiver"]
EDGE_COLUMNS += ["type", "probability", "agreement"]


class InferenceError(ValueError):
    """A run or data that no graph can be inferred with; the message says why and what helps."""


def trained_metadata(directory: str | os.PathLike) -> Metadata:
    """What a run's config.json says about the data that it was trained on.

    Raises InferenceError if the directory is no run, or one that infers no graph.
    """
    path = Path(directory, "config.json")
    try:
        record = json.loads(path.read_text())
        data, encoder = record["data"], record["run"]["encoder"]
        normalisation = Normalisation(np.array(data["minimum"]), np.array(data["maximum"]))
    except (OSError, ValueError, KeyError) as error:
        raise InferenceError(
            f"{path}: not the record of a trained model with its data ({error!r}); give the "
            "directory of a run, results/runs/DATASET/MODEL/seedN, or train it again"
        ) from error
    if encoder in GIVEN_GRAPHS:
        raise InferenceError(
            f"{path}: encoder {encoder!r} is a given graph and infers none; "
            "give a run with the encoder mlp, cnn or node-cnn"
        )
    return Metadata(
        features=tuple(data["features"]),
        units=tuple(data["units"]),
        frame_interval=data["frame_interval"],
        edge_types=tuple(data["edge_types"]),
        config=record["dataset"],
        normalisation=normalisation,
    )


def edge_table(posteriors: np.ndarray, windows: pd.DataFrame) -> pd.DataFrame:
    """A row for each edge of each sample, `EDGE_COLUMNS` and the probability of every type.

    posteriors: (R, S, E, K) of R models, types matched. windows: as `nri.data.own.prepare` makes
    them, in the order of the samples. `type` is the one that is most probable by the mean over the
    models, `probability` that mean, `agreement` the share of models whose most probable type it is.
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

    Edges lead from sender to receiver and have `type`, `probability` and `agreement`;
    without_first: type 0 means that there is no edge, and none is written.
    """
    for sample, rows in edges.groupby("sample", sort=True):
        first = rows.iloc[0]
        graph = networkx.DiGraph(
            recording=str(first["recording"]), start=float(first["start"]), end=float(first["end"])
        )
        graph.add_nodes_from(dict.fromkeys([*rows["sender"], *rows["receiver"]]))
        for row in rows[rows["type"] > 0].itertuples() if without_first else rows.itertuples():
            graph.add_edge(
                *(row.sender, row.receiver),
                type=int(row.type),
                probability=float(row.probability),
                agreement=float(row.agreement),
            )
        with atomic_path(Path(directory, f"sample_{sample:04}.graphml")) as path:
            networkx.write_graphml_xml(graph, path)


def warn_beyond_range(x: torch.Tensor, features: tuple[str, ...]) -> list[str]:
    """Of normalised trajectories (..., D), the features whose values leave the training range far.

    More than half of that range beyond it; a model knows nothing about such motion.
    """
    far = x.abs().flatten(0, -2).max(0).values > 2
    return [name for name, beyond in zip(features, far.tolist(), strict=True) if beyond]
