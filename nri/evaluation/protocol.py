"""The evaluation protocol of the paper (§5): edge accuracy, and error over the horizon.

The encoder sees the first frames of a test trajectory, as many as it was trained on. The
decoder starts at the next frame, the true one, and runs freely from there; decoders with
memory are first fed all frames before. The graph is the most probable one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from nri.data.samples import Samples
from nri.matching import accuracy, best_matching, count_types
from nri.model.nri import NRI
from nri.model.objectives import Averages, Objective
from nri.model.rollout import burn_in, free_run, free_run_dynamic

__all__ = [
    "Evaluation",
    "edge_auroc",
    "evaluate_model",
    "future_mse",
    "graph_rows",
    "motion_rows",
    "posterior",
    "predict",
]

BATCH = 128
REESTIMATED = ("re-estimated", "re-estimated-from-truth")
"""Graphs that decoders with memory find anew before every step (see `predict`)."""


@dataclass(frozen=True)
class Evaluation:
    """What was measured: `rows` with `metric`, `step` and `value`; and `matching` (K,), the true
    type of each predicted one (-1: none), where both are there.
    """

    rows: list[dict[str, Any]]
    matching: np.ndarray | None


def evaluate_model(objective: Objective, samples: Samples, frames: int, horizon: int) -> Evaluation:
    """Evaluate a model on test samples whose first `frames` frames the encoder sees.

    Rows of a graph that is re-estimated at every step (recurrent decoders) also say `graph`.
    """
    model, rows, matching = objective.model, [], None
    if model.infers_graph and samples.edges is not None:
        edges, true_types = samples.first_frames(frames).edges.cpu(), objective.true_type_count
        probabilities = posterior(model, samples, frames)
        matching = best_matching(count_types(probabilities, edges, true_types).numpy())
        rows += graph_rows(probabilities, edges, true_types, matching)
        if samples.edges.dim() == 3:
            rows += changing_graph_rows(
                model, probabilities, samples, frames, horizon, true_types, matching
            )
    if model.decoder is None:
        return Evaluation(rows, matching)
    terms = objective_terms(objective, samples, frames)
    rows.append({"metric": "nll", "value": terms["nll"]})
    if model.infers_graph:
        rows.append({"metric": "kl", "value": terms["kl"]})
        rows.append({"metric": "elbo", "value": -terms["loss"]})
    return Evaluation(rows + motion_rows(model, samples, frames, horizon), matching)


def graph_rows(
    probabilities: Tensor, edges: Tensor, true_types: int, matching: np.ndarray
) -> list[dict[str, Any]]:
    """Edge accuracy under a matching (K,) of types, and the area under the ROC curve of two.

    probabilities (S, E, K) and edges (S, E) on the CPU. One graph for edges that change in
    time, (S, T, E), is compared with each frame.
    """
    if edges.dim() == 3 and probabilities.dim() == 3:
        probabilities = probabilities.unsqueeze(1).expand(*edges.shape, -1)
    confusion = count_types(probabilities, edges, true_types).numpy()
    rows = [{"metric": "edge_accuracy", "value": accuracy(confusion, matching)}]
    auroc = edge_auroc(probabilities, edges, matching) if true_types == 2 else None
    if auroc is not None:
        rows.append({"metric": "edge_auroc", "value": auroc})
    return rows


def changing_graph_rows(
    model: NRI,
    probabilities: Tensor,
    samples: Samples,
    frames: int,
    horizon: int,
    true_types: int,
    matching: np.ndarray,
) -> list[dict[str, Any]]:
    """Edge accuracy of each step where edges change, all under one matching (K,) of types.

    The graph that a step is predicted with is compared with the true one of the frame that the
    step starts from. It is the one inferred from the first `frames` frames, `probabilities`
    (S, E, K), and, of recurrent decoders, re-estimated ones, which also have `graph_rows` of all
    steps together.
    """
    horizon = min(horizon, samples.x.shape[2] - frames - 1)
    edges = samples.edges[:, frames : frames + horizon].cpu()
    static = probabilities.unsqueeze(1).expand(*edges.shape, -1)
    rows = _accuracy_rows(static, edges, true_types, matching)
    if model.decoder is not None and model.decoder.recurrent:
        for graph in REESTIMATED:
            graphs = graphs_by_step(model, samples, frames, horizon, graph)
            found = graph_rows(graphs, edges, true_types, matching)
            found += _accuracy_rows(graphs, edges, true_types, matching)
            rows += [{**row, "graph": graph} for row in found]
    return rows


def _accuracy_rows(
    graphs: Tensor, edges: Tensor, true_types: int, matching: np.ndarray
) -> list[dict[str, Any]]:
    """Edge accuracy of graphs (S, H, E, K) and edges (S, H, E), step by step."""
    counts = (
        count_types(graphs[:, step], edges[:, step], true_types).numpy()
        for step in range(edges.shape[1])
    )
    return [
        {"metric": "edge_accuracy", "step": step, "value": accuracy(confusion, matching)}
        for step, confusion in enumerate(counts, start=1)
    ]


def graphs_by_step(model: NRI, samples: Samples, frames: int, horizon: int, graph: str) -> Tensor:
    """The posterior of every step, re-estimated as in `predict`: (S, H, E, K), on the CPU."""
    x = samples.x
    if graph == "re-estimated":
        batches = [predict(model, each, frames, horizon, graph) for each in samples.batches(BATCH)]
        x = torch.cat([x[:, :, : frames + 1], torch.cat(batches).transpose(1, 2)], dim=2)
    windows = (Samples(x[:, :, step:], None) for step in range(1, horizon + 1))
    return torch.stack([posterior(model, window, frames) for window in windows], dim=1)


def motion_rows(
    model: NRI, samples: Samples, frames: int, horizon: int, units: Tensor | None = None
) -> list[dict[str, Any]]:
    """Error of each step, under the static graph and, of recurrent decoders, re-estimated ones.

    units: as in `future_mse`.
    """
    rows = _mse_rows(future_mse(model, samples, frames, horizon, units=units))
    if model.infers_graph and model.decoder.recurrent:
        for graph in REESTIMATED:
            mse = future_mse(model, samples, frames, horizon, graph, units)
            rows += _mse_rows(mse, graph=graph)
    return rows


def _mse_rows(mse: np.ndarray, **identity: str) -> list[dict[str, Any]]:
    return [
        {"metric": "mse", "step": step, "value": float(value), **identity}
        for step, value in enumerate(mse, start=1)
    ]


@torch.no_grad()
def posterior(model: NRI, samples: Samples, frames: int) -> Tensor:
    """q(z | first `frames` frames) of every sample: probabilities (S, E, K), on the CPU."""
    model.eval()
    batches = samples.first_frames(frames).batches(BATCH)
    return torch.cat([model.graph.logits(batch.x).softmax(-1).cpu() for batch in batches])


def edge_auroc(probabilities: Tensor, edges: Tensor, matching: np.ndarray) -> float | None:
    """Probability that an edge of type 1 scores above one of type 0 (area under the ROC curve).

    The score is the posterior of the predicted types that stand for type 1. None where the
    true edges are all of one type.
    """
    score = probabilities[..., torch.from_numpy(matching == 1)].sum(-1).numpy().ravel()
    positive = edges.numpy().ravel() == 1
    count, others = positive.sum(), (~positive).sum()
    if count == 0 or others == 0:
        return None
    ranks = rankdata(score)[positive].sum()
    return float((ranks - count * (count + 1) / 2) / (count * others))


@torch.no_grad()
def objective_terms(objective: Objective, samples: Samples, frames: int) -> dict[str, Any]:
    """Averages of the training objective over the first `frames` frames."""
    objective.model.eval()
    averages = Averages()
    for batch in samples.first_frames(frames).batches(BATCH):
        averages.add(objective.validation(batch.x, batch.edges), len(batch))
    return averages.result()


@torch.no_grad()
def predict(
    model: NRI, samples: Samples, frames: int, horizon: int, graph: str = "fixed"
) -> Tensor:
    """Predictions of the `horizon` frames after the true frame `frames`: (B, horizon, N, D).

    `graph` is "fixed" (given, or inferred once from the first `frames` frames), or for
    recurrent decoders found anew at each step from the latest frames: "re-estimated" slides
    the encoder's window over the predictions, "re-estimated-from-truth" over the truth (as
    the official code does, which lets the encoder see the future it is asked for).
    """
    model.eval()
    x = samples.x
    edges = model.best_graph(x[:, :, :frames], samples.edges)
    state = burn_in(model.decoder, x[:, :, :frames], edges) if model.decoder.recurrent else None
    if graph == "fixed":
        return free_run(model.decoder, x[:, :, frames], edges, horizon, state)
    truth = x if graph == "re-estimated-from-truth" else None
    return free_run_dynamic(model, x[:, :, : frames + 1], frames, horizon, state, truth)


def future_mse(
    model: NRI,
    samples: Samples,
    frames: int,
    horizon: int,
    graph: str = "fixed",
    units: Tensor | None = None,
) -> np.ndarray:
    """MSE of each step over samples, objects and features, in normalised units: (horizon,).

    A horizon beyond the end of the test trajectories is cut there. Errors are those of the
    samples' own values or, with `units` (D,), of values that many times as large.
    """
    horizon = min(horizon, samples.x.shape[2] - frames - 1)
    total = torch.zeros(horizon, dtype=torch.float64, device=samples.x.device)
    for batch in samples.batches(BATCH):
        predicted = predict(model, batch, frames, horizon, graph)
        truth = batch.x[:, :, frames + 1 : frames + 1 + horizon].transpose(1, 2)
        error = predicted - truth if units is None else (predicted - truth) * units
        total += error.double().square().mean((-1, -2)).sum(0)
    return (total / len(samples)).cpu().numpy()
