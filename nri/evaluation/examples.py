"""A few predicted samples of a model, kept for the figures."""

import os

import numpy as np
import torch

from nri.data.format import Metadata
from nri.data.samples import Samples
from nri.evaluation.protocol import posterior, predict
from nri.files import atomic_path
from nri.matching import true_order
from nri.model.nri import NRI

__all__ = ["examples", "write_examples"]

HORIZON = 50  # frames: how far the paper's Figure 5 looks
WINDOWS = 5  # graphs of a walk that are shown one after the other


def examples(
    model: NRI, samples: Samples, frames: int, metadata: Metadata, matching: np.ndarray | None
) -> dict[str, np.ndarray]:
    """What the figures show of a few samples, normalised, edge types in the truth's terms.

    `observed` (n, N, frames + 1, D), `truth` and `predicted` (n, N, H, D) the frames after
    them, `posterior` (n, E, K), `edges` (n, E), as `Samples.usual_edges`; the last two and
    `predicted` where there are.
    Of joints of a skeleton also `window_posterior` (n, P, E, K), the posterior of windows of
    `frames` frames that begin at `window_start` (P,) and end within what is stored.
    """
    horizon = min(HORIZON, samples.x.shape[2] - frames - 1)
    future = slice(frames + 1, frames + 1 + horizon)
    arrays = {
        "sample": np.arange(len(samples.x)),
        "observed": samples.x[:, :, : frames + 1].cpu().numpy(),
        "truth": samples.x[:, :, future].cpu().numpy(),
        "features": np.array(metadata.features),
        "units": np.array(metadata.units),
        "minimum": metadata.normalisation.minimum,
        "maximum": metadata.normalisation.maximum,
    }
    if model.decoder is not None:
        arrays["predicted"] = predict(model, samples, frames, horizon).transpose(1, 2).cpu().numpy()
    if samples.edges is not None:
        arrays["edges"] = samples.first_frames(frames).usual_edges().cpu().numpy()
    if model.infers_graph:
        order = slice(None) if matching is None else torch.from_numpy(true_order(matching))
        arrays["posterior"] = posterior(model, samples, frames)[..., order].numpy()
        if metadata.skeleton is not None:
            starts = np.unique(np.linspace(0, horizon + 1, WINDOWS).astype(int))
            windows = [Samples(samples.x[:, :, start:], None) for start in starts]
            graphs = [posterior(model, window, frames)[..., order] for window in windows]
            arrays["window_start"] = starts
            arrays["window_posterior"] = torch.stack(graphs, dim=1).numpy()
    return arrays


def write_examples(arrays: dict[str, np.ndarray], path: str | os.PathLike) -> None:
    """Write what `examples` gives as a NumPy archive."""
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)
