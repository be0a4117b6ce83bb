"""A model evaluated on data that it was not trained on.

The model sees the other data in the units of the data set that it was TRAINED on, the only ones
it knows. Its results are reported in those of the data set that it is TESTED on, so that they
compare with models that were trained there:

- errors are converted feature by feature (both normalisations are affine);
- learned edge types keep the names that the test split of the model's OWN data set gave them.
  A matching fitted to the other set would reward ignorance: where nothing interacts, every
  constant answer would be right on all edges.
"""

import os

import numpy as np
import torch

from nri.data.format import DataFormatError, Metadata, StoredMetadata, read_metadata
from nri.data.normalisation import Normalisation
from nri.data.samples import load_samples
from nri.evaluation.evaluation import Evaluation, FoundGraph, Refine
from nri.evaluation.protocol import posterior
from nri.model.nri import NRI

__all__ = ["on_other_data", "unit_ratio"]


def on_other_data(
    model: NRI,
    trained: StoredMetadata,
    tested: str | os.PathLike,
    matching: np.ndarray | None,
    horizon: int,
    device: torch.device,
    refine: Refine | None = None,
    refined_matching: np.ndarray | None = None,
) -> Evaluation:
    """A model on the test split of another data set, whose number of objects may differ.

    trained: the data set of the training. tested: the other file. matching, refined_matching:
    those of `nri.evaluation.evaluation.on_own_data` for inferred and refined graphs. Raises
    DataFormatError if the file does not fit.
    """
    metadata = read_metadata(tested)
    _check(trained, metadata, tested)
    samples = load_samples(tested, "test", device, trained.normalisation)
    frames = trained.config["frames"]["train"]
    ratio = unit_ratio(trained.normalisation, metadata.normalisation)
    inferred = refined = None
    if model.infers_graph:
        inferred = FoundGraph(posterior(model, samples, frames), matching)
        if refine is not None:
            better, _ = refine(samples, frames, inferred.posterior)
            refined = FoundGraph(better, refined_matching)
    return Evaluation(
        model=model,
        samples=samples,
        frames=frames,
        horizon=horizon,
        true_types=len(trained.edge_types),
        inferred=inferred,
        refined=refined,
        units=torch.from_numpy(ratio).to(samples.x),
    )


def unit_ratio(trained: Normalisation, tested: Normalisation) -> np.ndarray:
    """What one unit of `trained`'s normalised features is in units of `tested`'s, (D,)."""
    return trained.in_units_of(tested)[0]


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
