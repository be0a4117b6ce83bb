"""What the explorer of the page needs of a run: its trained model, test samples, true equations.

The model is loaded as the library loads it; what is written are its weights and the numbers that
`static/model.js` computes the same results from.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nri.config.training import TrainingSettings
from nri.data.format import StoredMetadata
from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.evaluation.new_data import trained_metadata
from nri.evaluation.posterior_file import StoredPosterior
from nri.matching import true_order
from nri.model.build import load_model
from nri.model.likelihood import StudentTLikelihood
from nri.model.make_objective import joint_stage
from nri.model.nri import NRI
from nri.model.objectives import ELBO
from nri.records import read_record
from nri.results.explorer.arrays import pack, pack_rows
from nri.results.explorer.choice import SAMPLES
from nri.results.explorer.systems import describe_system

__all__ = ["describe_model", "explorer_payload"]

ENCODED = (
    6  # objects, at most, of a system whose encoder is on the page: most of a page are encoders
)


def explorer_payload(directory: str | os.PathLike) -> dict[str, Any]:
    """A run with a learned encoder and the decoder `mlp` on a simulated system, for JSON.

    directory: results/runs/DATASET/RUN/seedN. Raises ResultsError if its files are damaged or not
    there.
    """
    metadata = trained_metadata(directory)
    network, settings = load_model(directory, metadata, torch.device("cpu"))
    examples = Examples.load(Path(directory, "examples.npz"), "edges")
    found = StoredPosterior.load(Path(directory, "posterior.npz"))
    record = read_record(Path(directory, "config.json"))
    motion = np.concatenate([examples.observed, examples.truth], axis=2)[:SAMPLES]
    source, objects = metadata.config["source"], motion.shape[1]
    return {
        "run": record["run"],
        "source": source,
        "system": describe_system(source, metadata.config),
        "features": list(metadata.features),
        "frame_interval": metadata.frame_interval,
        "frames": metadata.config["frames"]["train"],
        "types": _type_names(metadata, network.graph.edge_types),
        "order": _type_order(found, network.graph.edge_types),
        "normalisation": {
            "minimum": metadata.normalisation.minimum.tolist(),
            "maximum": metadata.normalisation.maximum.tolist(),
        },
        **describe_model(network, settings, record["identity"]["encoder"], objects),
        "samples": {
            "number": examples.sample[:SAMPLES].tolist(),
            "motion": pack(motion),
            "edges": needed(examples.edges)[:SAMPLES].tolist(),
            "encoder": pack(needed(examples.posterior)[:SAMPLES]),
        },
    }


def describe_model(
    network: NRI, settings: TrainingSettings, encoder: str, objects: int
) -> dict[str, Any]:
    """`model` and `weights` of a payload: the network for so many objects.

    The likelihood and the prior are those of the stage that found the graphs (`joint_stage`).
    """
    joint = joint_stage(network, settings.resolved_stages())
    objective = ELBO(network, joint, true_type_count=0)
    return {
        "model": {
            "encoder": encoder,
            "nodes": objects,
            "types": network.graph.edge_types,
            "undirected": settings.undirected,
            "skip_first": settings.skip_first,
            "prior": objective.prior.tolist(),
            "likelihood": _likelihood(objective.likelihood),
        },
        "weights": _weights(network, objects <= ENCODED),
    }


def _weights(network: NRI, encoder: bool) -> dict[str, Any]:
    """Every array by its name, with the encoder's or without.

    Those that graphs are inferred with are in half the size; predictions, which feed on themselves,
    need all digits.
    """
    arrays = {}
    for name, value in network.state_dict().items():
        unused = name == "median_change" or name.endswith("num_batches_tracked")
        if unused or (name.startswith("graph") and not encoder):
            continue
        halved = value.dim() > 1 and not name.startswith("decoder")
        arrays[name] = (pack_rows if halved else pack)(value.numpy())
    return arrays


def _likelihood(some: Any) -> dict[str, Any]:
    """The numbers of a `nri.model.likelihood.SomeFeatures`."""
    likelihood = some.likelihood
    numbers: dict[str, Any] = {"features": some.index}
    if isinstance(likelihood, StudentTLikelihood):
        precision: Tensor = likelihood.precision
        numbers["precision"] = precision.tolist()
        numbers["degrees_of_freedom"] = likelihood.degrees_of_freedom
    else:
        numbers["variance"] = likelihood.variance
    return numbers


def _type_order(found: StoredPosterior, types: int) -> list[int]:
    """The model's types in the order of the true ones."""
    order = np.arange(types) if found.matching is None else true_order(found.matching)
    return [int(kind) for kind in order]


def _type_names(metadata: StoredMetadata, types: int) -> list[str]:
    """Names of the K types, in that order."""
    extra = [f"type {number}" for number in range(len(metadata.edge_types), types)]
    return [*metadata.edge_types, *extra][:types]
