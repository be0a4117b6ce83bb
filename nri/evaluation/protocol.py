"""The evaluation protocol of the paper (§5): what a model infers and predicts of test samples.

The encoder sees the first frames of a test trajectory, as many as it was trained on. The
decoder starts at the next frame, the true one, and runs freely from there; decoders with
memory are first fed all frames before. The graph is the most probable one.
"""

import torch
from torch import Tensor

from nri.data.samples import Samples
from nri.model.nri import NRI
from nri.model.rollout import burn_in, free_run, free_run_dynamic

__all__ = ["BATCH", "REESTIMATED", "posterior", "posteriors_of_steps", "predict"]

BATCH = 128
REESTIMATED = ("re-estimated", "re-estimated-from-truth")
"""Graphs that decoders with memory find anew before every step (see `predict`)."""


@torch.no_grad()
def posterior(model: NRI, samples: Samples, frames: int) -> Tensor:
    """q(z | first `frames` frames) of every sample: probabilities (S, E, K), on the CPU."""
    model.eval()
    batches = samples.first_frames(frames).batches(BATCH)
    return torch.cat([model.inferred_graph.logits(batch.x).softmax(-1).cpu() for batch in batches])


@torch.no_grad()
def predict(
    model: NRI,
    samples: Samples,
    frames: int,
    horizon: int,
    graph: str = "fixed",
    edges: Tensor | None = None,
) -> Tensor:
    """Predictions of the `horizon` frames after the true frame `frames`: (B, horizon, N, D).

    `graph` is "fixed": given, or inferred once from the first `frames` frames. Decoders with
    memory can also find it anew at each step from the latest frames: "re-estimated" slides the
    encoder's window over the predictions, "re-estimated-from-truth" over the truth (as the
    official code does, which lets the encoder see the future that it is asked for).
    edges (B, E, K): the first graph, one-hot, instead of the model's own.
    """
    model.eval()
    x, decoder = samples.x, model.required_decoder
    if edges is None:
        edges = model.best_graph(x[:, :, :frames], samples.edges)
    state = burn_in(decoder, x[:, :, :frames], edges)
    if graph == "fixed":
        return free_run(decoder, x[:, :, frames], edges, horizon, state)
    truth = x if graph == "re-estimated-from-truth" else None
    return free_run_dynamic(model, x[:, :, : frames + 1], frames, horizon, state, truth)


def posteriors_of_steps(
    model: NRI, samples: Samples, frames: int, horizon: int, graph: str
) -> Tensor:
    """The posterior of every step, re-estimated as in `predict`: (S, H, E, K), on the CPU."""
    x = samples.x
    if graph == "re-estimated":
        batches = [predict(model, each, frames, horizon, graph) for each in samples.batches(BATCH)]
        x = torch.cat([x[:, :, : frames + 1], torch.cat(batches).transpose(1, 2)], dim=2)
    windows = (Samples(x[:, :, step:], None) for step in range(1, horizon + 1))
    return torch.stack([posterior(model, window, frames) for window in windows], dim=1)
