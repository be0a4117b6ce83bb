"""How the graph of one test sample becomes certain, frame by frame, and the motion it predicts."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nri.data.samples import Samples
from nri.device import choose_device
from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.evaluation.new_data import InferenceError, trained_metadata
from nri.evaluation.posterior_file import StoredPosterior
from nri.evaluation.refine import refined_posterior
from nri.evaluation.trained import load
from nri.matching import true_order
from nri.model.build import load_model

__all__ = ["Sharpening", "sharpening"]


@dataclass(frozen=True)
class Sharpening:
    """One test sample in the plane, and what the decoder makes of it.

    sample: its number. true (N, T, 2): positions over all frames. predicted (N, H, 2): those after
    the first T - H frames, under the refined graph. chances (F, E): the probability that there is
    an edge, after 1, 2, … F frames. edges (E,): whether there is one.
    """

    sample: int
    true: np.ndarray
    predicted: np.ndarray
    chances: np.ndarray
    edges: np.ndarray


def sharpening(directory: str | os.PathLike) -> Sharpening:
    """Refine the graph of the first test sample of a run again after each frame, and predict.

    directory: results/runs/DATASET/RUN/seedN, of objects with x and y and of two edge types.
    The encoder, which needs all frames at once, has no part in it. Raises InferenceError if the
    run is another one, ResultsError if its files are damaged.
    """
    model, metadata = load(directory), trained_metadata(directory)
    network, settings = load_model(directory, metadata, choose_device())
    found = StoredPosterior.load(Path(directory, "posterior.npz"))
    examples = Examples.load(Path(directory, "examples.npz"), "edges")
    plane = [name in ("x", "y") for name in examples.features]
    if sum(plane) != 2 or len(model.types) != 2 or found.refined_matching is None:
        raise InferenceError(
            f"{directory}: not a run on objects with x and y, two edge types and refined graphs; "
            "name one such as results/runs/springs5/mlp-mlp-k2-fast/seed1"
        )
    observed, truth = examples.observed[:1], examples.truth[:1]
    seen = torch.from_numpy(metadata.normalisation.apply(observed.astype(np.float32)))
    edges = needed(examples.edges)[0]
    chances = torch.full((model.frames, len(edges), 2), 0.5)
    for frames in range(2, model.frames + 1):
        samples = Samples(seen, None)
        posterior, _ = refined_posterior(network, settings, samples, frames, chances[:1])
        chances[frames - 1] = posterior[0]
    present = true_order(found.refined_matching)[1]
    predicted = model.predict(observed, truth.shape[2], refined=True)
    return Sharpening(
        sample=int(examples.sample[0]),
        true=np.concatenate([observed, truth], axis=2)[0][..., plane],
        predicted=predicted[0][..., plane],
        chances=chances[..., present].numpy(),
        edges=edges == 1,
    )
