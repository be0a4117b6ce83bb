"""Mean squared error of the predicted frames, step by step (paper Table 2).

Of recordings also in their own units: `nri.evaluation.errors`.
"""

from collections.abc import Iterator
from itertools import repeat

import numpy as np
from torch import Tensor

from nri.data.samples import Samples
from nri.evaluation.errors import NORMALISED, Errors, OwnUnits, error_rows, mean_errors
from nri.evaluation.evaluation import Evaluation, Measurement
from nri.evaluation.protocol import BATCH, REESTIMATED, predict
from nri.model.latent import one_hot
from nri.model.nri import NRI

__all__ = ["future_errors", "future_mse", "measure"]


def measure(evaluation: Evaluation) -> Iterator[Measurement]:
    """Under each graph that was found, and, of recurrent decoders, under re-estimated ones."""
    model = evaluation.model
    if model.decoder is None:
        return
    reestimates = model.infers_graph and model.decoder.recurrent
    # The model's own graph is known where it was inferred: the encoder need not run again.
    own = None if evaluation.inferred is None else one_hot(evaluation.inferred.posterior)
    kinds: dict[str | None, tuple[str, Tensor | None]] = {None: ("fixed", own)}
    if evaluation.refined is not None:
        kinds["refined"] = ("fixed", one_hot(evaluation.refined.posterior))
    kinds |= {graph: (graph, None) for graph in (REESTIMATED if reestimates else ())}
    for name, (graph, edges) in kinds.items():
        errors = future_errors(
            model,
            evaluation.samples,
            frames=evaluation.frames,
            horizon=evaluation.horizon,
            graph=graph,
            units=evaluation.units,
            edges=edges,
            own_units=evaluation.own_units,
        )
        for row in error_rows(errors, evaluation.own_units):
            yield Measurement(**row, graph=name)


def future_mse(model: NRI, samples: Samples, frames: int, horizon: int) -> np.ndarray:
    """MSE of each step over samples, objects and features, in normalised units: (horizon,).

    Under the model's own graph; arguments as `future_errors`.
    """
    return future_errors(model, samples, frames, horizon).squares.mean(-1)


def future_errors(
    model: NRI,
    samples: Samples,
    frames: int,
    horizon: int,
    graph: str = "fixed",
    units: Tensor | None = None,
    edges: Tensor | None = None,
    own_units: OwnUnits = NORMALISED,
) -> Errors:
    """Errors of `horizon` predicted frames, and distances where `own_units` has lengths.

    A horizon beyond the end of the test trajectories is cut there. graph: as in
    `nri.evaluation.protocol.predict`. edges (S, E, K): a graph to use instead of the model's own.
    Squared errors are in the samples' units or, with `units` (D,), multiplied by those.
    """
    horizon = min(horizon, samples.x.shape[2] - frames - 1)
    graphs = repeat(None) if edges is None else edges.to(samples.x).split(BATCH)

    def differences() -> Iterator[Tensor]:
        for batch, given in zip(samples.batches(BATCH), graphs, strict=False):
            predicted = predict(model, batch, frames, horizon, graph, given)
            truth = batch.x[:, :, frames + 1 : frames + 1 + horizon].transpose(1, 2)
            yield predicted - truth if units is None else (predicted - truth) * units

    return mean_errors(differences(), own_units)
