"""Baselines that need no training: nothing moves (paper Table 2, "Static"), or all moves on."""

from collections.abc import Sequence

import numpy as np
import torch

from nri.data.samples import Samples

__all__ = ["constant_velocity_errors", "static_errors"]


def static_errors(samples: Samples, frames: int, horizon: int) -> np.ndarray:
    """MSE of each step and feature of repeating the true frame `frames`: (horizon, D).

    In normalised units; over samples and objects, and the horizon is cut at the end of the
    trajectories, as in `nri.evaluation.metrics.mse.future_errors`.
    """
    last = samples.x[:, :, frames : frames + 1]
    future = samples.x[:, :, frames + 1 : frames + 1 + horizon]
    return (future - last).double().square().mean((0, 1)).cpu().numpy()


def constant_velocity_errors(
    samples: Samples, frames: int, horizon: int, features: Sequence[str]
) -> np.ndarray:
    """As `static_errors`, of repeating the last known change of each feature with every step.

    That is the change from the true frame `frames` - 1 to `frames`. Features that are velocities of
    others, `vx` beside `x`, stay as they are. No graph is needed for that.
    """
    last, before = samples.x[:, :, frames], samples.x[:, :, frames - 1]
    velocity = [name.startswith("v") and name[1:] in features for name in features]
    change = torch.where(torch.tensor(velocity, device=last.device), 0.0, last - before)
    future = samples.x[:, :, frames + 1 : frames + 1 + horizon]
    steps = torch.arange(1, future.shape[2] + 1, device=future.device)[:, None]
    moved = last.unsqueeze(2) + steps * change.unsqueeze(2)
    return (future - moved).double().square().mean((0, 1)).cpu().numpy()
