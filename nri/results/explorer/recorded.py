"""What the explorer of the page needs of a run on recordings: motion and graphs, found beforehand.

No equations are known of them that the page could run, and a decoder with memory on 31 joints would
keep a browser busy for seconds. So the library predicts here, and the page plays what came out.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nri.data.format import StoredMetadata, read_metadata
from nri.data.samples import Samples
from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.evaluation.protocol import posteriors_of_steps, predict
from nri.model.build import load_model
from nri.model.latent import one_hot
from nri.model.nri import NRI
from nri.records import read_record
from nri.results.court_lines import court_lines
from nri.results.explorer.arrays import pack_graphs, pack_rows
from nri.results.explorer.choice import SAMPLES

__all__ = ["describe_place", "recorded_payload"]


def recorded_payload(directory: str | os.PathLike, data: str | os.PathLike) -> dict[str, Any]:
    """A run that infers graphs and predicts motion on a data set of recordings, for JSON.

    directory: results/runs/DATASET/RUN/seedN. data: its data set, which knows names and bones.
    Raises ResultsError or DataFormatError if a file is damaged or not there.
    """
    metadata = read_metadata(data)
    examples = Examples.load(Path(directory, "examples.npz"), "predicted", "posterior")
    record = read_record(Path(directory, "config.json"), "run")
    motion = np.concatenate([examples.observed, examples.truth], axis=2)[:SAMPLES]
    objects, frames = motion.shape[1], examples.observed.shape[2] - 1
    network, settings = load_model(directory, metadata, torch.device("cpu"), objects)
    samples = Samples(torch.from_numpy(metadata.normalisation.apply(motion)), None)
    truth, graphs, predictions = samples.x[:, :, frames + 1 :], {}, {}
    for name, (chances, predicted) in _found(network, samples, frames, examples).items():
        graphs[name] = pack_graphs(chances)
        predictions[name] = {
            "motion": _places(metadata, metadata.normalisation.invert(predicted.numpy())),
            "errors": (predicted - truth).square().mean((1, 3)).tolist(),
        }
    return {
        "run": record["run"],
        "system": describe_place(metadata, objects),
        "frame_interval": metadata.frame_interval,
        "frames": frames,
        "types": _type_names(network.graph.edge_types, settings.skip_first),
        "model": {"nodes": objects, "types": network.graph.edge_types},
        "samples": {
            "number": examples.sample[:SAMPLES].tolist(),
            "motion": _places(metadata, motion),
            "graphs": graphs,
            "predictions": predictions,
        },
    }


def describe_place(metadata: StoredMetadata, objects: int) -> dict[str, Any]:
    """What a stage of the page draws around the objects: bones, or a court."""
    names = list(metadata.objects or [str(number + 1) for number in range(objects)])
    if metadata.skeleton is not None:
        bones = np.argwhere(np.triu(metadata.skeleton)).tolist()
        return {"kind": "skeleton", "names": names, "bones": bones}
    lines = [line.round(2).tolist() for line in court_lines()]
    return {"kind": "court", "names": names, "teams": [*map(_team, names)], "lines": lines}


def _team(role: str) -> str:
    """Whose a body of a play is, by its role."""
    return "ball" if role == "ball" else "defence" if "defender" in role else "attack"


def _found(
    network: NRI, samples: Samples, frames: int, examples: Examples
) -> dict[str, tuple[np.ndarray, Tensor]]:
    """Graphs and the motion (S, N, H, D) predicted under them, normalised, by how they were found.

    Probabilities are (S, E, K), or (S, H, E, K) of graphs that are re-estimated before each step.
    """
    steps = samples.x.shape[2] - frames - 1
    encoder = needed(examples.posterior)[:SAMPLES]
    found = {"encoder": (encoder, predict(network, samples, frames, steps))}
    if network.required_decoder.recurrent:
        way = "re-estimated"
        chances = posteriors_of_steps(network, samples, frames, steps, way).numpy()
        found["moving"] = (chances, predict(network, samples, frames, steps, way))
    if examples.refined is not None:
        refined = examples.refined[:SAMPLES]
        edges = one_hot(torch.from_numpy(refined))
        found["refined"] = (refined, predict(network, samples, frames, steps, edges=edges))
    return {name: (chances, motion.transpose(1, 2)) for name, (chances, motion) in found.items()}


def _places(metadata: StoredMetadata, motion: np.ndarray) -> dict[str, Any]:
    """Where the objects are in (S, N, T, D), without their velocities: (S·N, T, 2 or 3)."""
    axes = [metadata.features.index(name) for name in "xyz" if name in metadata.features]
    return pack_rows(motion[..., axes].reshape(-1, *motion.shape[2:3], len(axes)))


def _type_names(types: int, skip_first: bool) -> list[str]:
    """Learned types have numbers; the first is no edge where it sends nothing."""
    return ["none" if kind == 0 and skip_first else f"type {kind}" for kind in range(types)]
