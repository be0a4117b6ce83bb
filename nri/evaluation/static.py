"""The static baseline: nothing moves (paper Table 2, "Static")."""

import numpy as np

from nri.data.samples import Samples

__all__ = ["static_mse"]


def static_mse(samples: Samples, frames: int, horizon: int) -> np.ndarray:
    """MSE of each step of repeating the true frame `frames`, in normalised units: (horizon,).

    The mean is over samples, objects and features, and the horizon is cut at the end of the
    trajectories, as in `nri.evaluation.metrics.mse.future_mse`.
    """
    last = samples.x[:, :, frames : frames + 1]
    future = samples.x[:, :, frames + 1 : frames + 1 + horizon]
    return (future - last).double().square().mean((0, 1, 3)).cpu().numpy()
