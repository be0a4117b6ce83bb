"""The static baseline: nothing moves (paper Table 2, "Static")."""

import numpy as np

from nri.data.samples import Samples

__all__ = ["static_errors"]


def static_errors(samples: Samples, frames: int, horizon: int) -> np.ndarray:
    """MSE of each step and feature of repeating the true frame `frames`: (horizon, D).

    In normalised units; over samples and objects, and the horizon is cut at the end of the
    trajectories, as in `nri.evaluation.metrics.mse.future_errors`.
    """
    last = samples.x[:, :, frames : frames + 1]
    future = samples.x[:, :, frames + 1 : frames + 1 + horizon]
    return (future - last).double().square().mean((0, 1)).cpu().numpy()
