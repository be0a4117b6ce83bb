"""What a model predicts and infers of a few test samples, kept for the figures."""

import numpy as np

from nri.data.format import StoredMetadata
from nri.data.samples import Samples
from nri.evaluation.evaluation import Evaluation, FoundGraph
from nri.evaluation.examples import Examples
from nri.evaluation.protocol import posterior, predict
from nri.matching import true_order

__all__ = ["make_examples"]

HORIZON = 50  # frames: how far the paper's Figure 5 looks
WINDOWS = 5  # graphs of a walk that are shown one after the other


def make_examples(own: Evaluation, metadata: StoredMetadata, count: int) -> Examples:
    """The examples of the first `count` test samples, with the graphs that were found there.

    own: the model on the data set of its training, which `metadata` describes.
    """
    model, frames, few = own.model, own.frames, slice(0, count)
    samples = own.samples.take(few)
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
    if own.refined is not None:
        found["refined"] = own.refined.posterior.numpy()[few, :, _order(own.refined)]
    if own.inferred is not None:
        order = _order(own.inferred)
        found["posterior"] = own.inferred.posterior.numpy()[few, :, order]
        if metadata.skeleton is not None:
            # The last window ends with the last frame that is stored.
            starts = np.unique(np.linspace(0, horizon + 1, WINDOWS).astype(int))
            windows = [Samples(samples.x[:, :, start:], None) for start in starts]
            graphs = [posterior(model, window, frames).numpy()[..., order] for window in windows]
            found["window_start"] = starts
            found["window_posterior"] = np.stack(graphs, axis=1)
    return Examples(
        sample=np.arange(len(samples)),
        observed=own_units(samples.x[:, :, : frames + 1].cpu().numpy()),
        truth=own_units(samples.x[:, :, future].cpu().numpy()),
        predicted=predicted,
        features=metadata.features,
        units=metadata.units,
        **found,
    )


def _order(graph: FoundGraph) -> np.ndarray:
    """The model's types in the order of the true ones, (K,); as learned where none are known."""
    if graph.matching is None:
        return np.arange(graph.posterior.shape[-1])
    return true_order(graph.matching)
