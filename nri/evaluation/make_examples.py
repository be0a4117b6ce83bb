"""What a model predicts and infers of a few test samples, kept for the figures."""

import numpy as np
import torch

from nri.data.format import StoredMetadata
from nri.data.samples import Samples
from nri.evaluation.examples import Examples
from nri.evaluation.protocol import posterior, predict
from nri.matching import true_order
from nri.model.nri import NRI

__all__ = ["make_examples"]

HORIZON = 50  # frames: how far the paper's Figure 5 looks
WINDOWS = 5  # graphs of a walk that are shown one after the other


def make_examples(
    model: NRI, samples: Samples, frames: int, metadata: StoredMetadata, matching: np.ndarray | None
) -> Examples:
    """The examples of a few samples, whose first `frames` frames the encoder sees.

    samples: the first ones of the test split, normalised as `metadata` says. matching (K,): the
    true type of each type of the model, as `nri.matching.best_matching` finds it.
    """
    horizon = min(HORIZON, samples.x.shape[2] - frames - 1)
    own_units = metadata.normalisation.invert
    future = slice(frames + 1, frames + 1 + horizon)
    found: dict[str, np.ndarray] = {}
    predicted = None
    if model.decoder is not None:
        motion = predict(model, samples, frames, horizon).transpose(1, 2)
        predicted = own_units(motion.cpu().numpy())
    edges = samples.first_frames(frames).usual_edges()
    if edges is not None:
        found["edges"] = edges.cpu().numpy()
    if model.infers_graph:
        order = slice(None) if matching is None else torch.from_numpy(true_order(matching))
        found["posterior"] = posterior(model, samples, frames)[..., order].numpy()
        if metadata.skeleton is not None:
            # The last window ends with the last frame that is stored.
            starts = np.unique(np.linspace(0, horizon + 1, WINDOWS).astype(int))
            windows = [Samples(samples.x[:, :, start:], None) for start in starts]
            graphs = [posterior(model, window, frames)[..., order] for window in windows]
            found["window_start"] = starts
            found["window_posterior"] = torch.stack(graphs, dim=1).numpy()
    return Examples(
        sample=np.arange(len(samples)),
        observed=own_units(samples.x[:, :, : frames + 1].cpu().numpy()),
        truth=own_units(samples.x[:, :, future].cpu().numpy()),
        predicted=predicted,
        features=metadata.features,
        units=metadata.units,
        **found,
    )
