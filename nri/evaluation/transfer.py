"""A model evaluated on data that it was not trained on.

What the model sees is in the units of the data set that it was TRAINED on, the only ones it
knows. What is reported stands in those of the data set that it is TESTED on, so that it
compares with models that were trained there:

- errors are converted feature by feature (both normalisations are affine);
- learned edge types keep the names that the test split of the model's OWN data set gave them.
  A matching fitted to the other set would reward ignorance: where nothing interacts, every
  constant answer would be right on all edges.
"""

import os
from typing import Any

import numpy as np
import torch

from nri.data.format import DataFormatError, Metadata, read_metadata
from nri.data.normalisation import Normalisation
from nri.data.samples import load_samples
from nri.evaluation.protocol import graph_rows, motion_rows, posterior
from nri.model.nri import NRI

__all__ = ["evaluate_transfer", "unit_ratio"]


def evaluate_transfer(
    model: NRI,
    trained: Metadata,
    tested: str | os.PathLike,
    matching: np.ndarray | None,
    horizon: int,
    device: torch.device,
) -> list[dict[str, Any]]:
    """Edge accuracy, area under the ROC curve and error on the test split of another data set.

    trained: what the model was trained on. tested: the other file. matching: as
    `nri.evaluation.protocol.evaluate_model` found it on the model's own test split. The number of
    objects may differ. Likelihoods are left out: they do not compare between data sets.
    Raises DataFormatError if the file does not fit the model.
    """
    metadata = read_metadata(tested)
    _check(trained, metadata, tested)
    samples = load_samples(tested, "test", device, trained.normalisation)
    frames, rows = trained.config["frames"]["train"], []
    if model.infers_graph and samples.edges is not None and matching is not None:
        probabilities, types = posterior(model, samples, frames), len(trained.edge_types)
        edges = samples.first_frames(frames).edges.cpu()
        rows += graph_rows(probabilities, edges, types, matching)
    if model.decoder is not None:
        ratio = unit_ratio(trained.normalisation, metadata.normalisation)
        units = torch.from_numpy(ratio).to(samples.x)
        rows += motion_rows(model, samples, frames, horizon, units)
    return rows


def unit_ratio(trained: Normalisation, tested: Normalisation) -> np.ndarray:
    """How many units of the one data set's normalised features a unit of the other's is, (D,)."""
    ends = np.stack([np.zeros_like(trained.minimum), np.ones_like(trained.minimum)])
    low, high = tested.apply(trained.invert(ends))
    return high - low


def _check(trained: Metadata, tested: Metadata, path: str | os.PathLike) -> None:
    """Raise DataFormatError if a model of the one data set cannot read the other."""
    if tested.features != trained.features:
        raise DataFormatError(
            f"{path}: features {', '.join(tested.features)}, but the model was trained on "
            f"{', '.join(trained.features)}; leave the data set out of test_on"
        )
    if len(tested.edge_types) > len(trained.edge_types):
        raise DataFormatError(
            f"{path}: {len(tested.edge_types)} edge types, but the model was trained where there "
            f"are {len(trained.edge_types)}; leave the data set out of test_on"
        )
