"""Baselines that need no training: nothing moves (paper Table 2, "Static"), or all moves on."""

from collections.abc import Sequence

import torch

from nri.data.samples import Samples
from nri.evaluation.errors import NORMALISED, Errors, OwnUnits, mean_errors

__all__ = ["constant_velocity_errors", "static_errors"]


def static_errors(
    samples: Samples,
    frames: int,
    horizon: int,
    units: OwnUnits = NORMALISED,
) -> Errors:
    """Errors of repeating the true frame `frames`.

    The horizon is cut at the end of the trajectories, as in
    `nri.evaluation.metrics.mse.future_errors`.
    """
    last = samples.x[:, :, frames : frames + 1]
    future = samples.x[:, :, frames + 1 : frames + 1 + horizon]
    return mean_errors([(last - future).transpose(1, 2)], units)


def constant_velocity_errors(
    samples: Samples,
    frames: int,
    horizon: int,
    features: Sequence[str],
    units: OwnUnits = NORMALISED,
) -> Errors:
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
    return mean_errors([(moved - future).transpose(1, 2)], units)
