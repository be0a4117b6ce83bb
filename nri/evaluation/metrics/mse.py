"""Mean squared error of the predicted frames, step by step (paper Table 2)."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from nri.data.samples import Samples
from nri.evaluation.evaluation import Evaluation, Measurement
from nri.evaluation.protocol import BATCH, REESTIMATED, predict
from nri.model.nri import NRI

__all__ = ["future_mse", "measure"]


def measure(evaluation: Evaluation) -> Iterator[Measurement]:
    """Under one graph for all steps, and, of recurrent decoders, under re-estimated ones."""
    model = evaluation.model
    if model.decoder is None:
        return
    reestimates = model.infers_graph and model.decoder.recurrent
    for graph in (None, *(REESTIMATED if reestimates else ())):
        errors = future_mse(
            model,
            evaluation.samples,
            frames=evaluation.frames,
            horizon=evaluation.horizon,
            graph=graph or "fixed",
            units=evaluation.units,
        )
        for step, value in enumerate(errors, start=1):
            yield Measurement(float(value), step=step, graph=graph)


def future_mse(
    model: NRI,
    samples: Samples,
    frames: int,
    horizon: int,
    graph: str = "fixed",
    units: Tensor | None = None,
) -> np.ndarray:
    """MSE of each step over samples, objects and features, in normalised units: (horizon,).

    A horizon beyond the end of the test trajectories is cut there. graph: as in
    `nri.evaluation.protocol.predict`. Errors are in the samples' own units or, with `units` (D,),
    multiplied by those.
    """
    horizon = min(horizon, samples.x.shape[2] - frames - 1)
    total = torch.zeros(horizon, dtype=torch.float64, device=samples.x.device)
    for batch in samples.batches(BATCH):
        predicted = predict(model, batch, frames, horizon, graph)
        truth = batch.x[:, :, frames + 1 : frames + 1 + horizon].transpose(1, 2)
        error = predicted - truth if units is None else (predicted - truth) * units
        total += error.double().square().mean((-1, -2)).sum(0)
    return (total / len(samples)).cpu().numpy()
