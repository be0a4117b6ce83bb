"""What a better search could still find in a trained decoder, and what only a better decoder could.

    python -m benchmarks.bound RUN DATA.h5 [--samples 100]

RUN is the directory of a run that refines undirected graphs. Where the decoder scores the true
graph below the one that was found, no search can find the truth: the decoder prefers another. The
search climbs from several starts; a table says how far it comes from each alone. And it says how
large residuals are beside the scale of a likelihood with heavy tails.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.clock import table
from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.device import take_processor
from nri.matching import accuracy, best_matching, count_types
from nri.model.build import load_model
from nri.model.frames import frames_at
from nri.model.likelihood import StudentTLikelihood
from nri.model.make_objective import joint_stage
from nri.model.objectives import ELBO
from nri.model.posterior.blocks import climb, graph_score
from nri.model.posterior.infer import starts_of_climbs
from nri.model.posterior.propagation import propagate
from nri.model.posterior.race import raced_tables
from nri.model.posterior.tables import receiver_tables
from nri.model.rollout import teacher_forced_windows, window_starts


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="directory of a trained run")
    parser.add_argument("data", type=Path, help="the data set, with true edges")
    parser.add_argument("--samples", type=int, default=100, help="of the test split")
    arguments = parser.parse_args()
    take_processor(1)
    with torch.no_grad():
        print(bound(arguments.run, arguments.data, arguments.samples))


def bound(run: Path, data: Path, count: int) -> str:
    """A paragraph of what was found in the first `count` test samples, and a table of starts."""
    metadata, device = read_metadata(data), torch.device("cpu")
    samples = load_samples(data, "test", device)
    model, settings = load_model(run, metadata, device, objects=samples.x.shape[1])
    joint = joint_stage(model.eval(), settings.resolved_stages())
    objective, frames = ELBO(model, joint, true_type_count=0), metadata.config["frames"]["train"]
    decoder, log_prior = model.posterior_decoder, objective.prior.log()
    x, true = samples.x[:count, :, :frames], samples.edges[:count]
    starts = window_starts(frames, 1, decoder.order, device).expand(len(x), -1)
    raced = propagate(raced_tables(decoder, objective.likelihood, x, log_prior, starts), log_prior)
    tables = receiver_tables(decoder, objective.likelihood, x, len(log_prior), starts)
    marginals = propagate(tables, log_prior)
    starts_of = starts_of_climbs(tables, log_prior, marginals, model.inferred_graph.logits(x))
    climbed = [climb(tables, log_prior, one) for one in starts_of.values()]
    scores = torch.stack([graph_score(tables, log_prior, one) for one in climbed])
    highest, best = scores.max(0)
    found = torch.stack(climbed)[best, torch.arange(len(x))]

    confusion = count_types(marginals, true, len(metadata.edge_types)).numpy()
    matching = best_matching(confusion)
    truth = torch.from_numpy(np.argsort(matching))[true]  # in the model's types
    gap = highest - graph_score(tables, log_prior, truth)
    rows = [
        [name, f"{_right(one, truth):.2%}", f"{(score >= highest).float().mean():.0%}"]
        for name, one, score in zip(starts_of, climbed, scores, strict=True)
    ]
    return (
        f"{len(x)} samples. Edges right: {_accuracy(raced, true, matching):.2%} by raced tables,"
        f" {_accuracy(marginals, true, matching):.2%} by all transitions of all assignments,"
        f" {_right(found, truth):.2%} in the best graph found. The true graph scores lower than"
        f" that in {(gap > 0).float().mean():.0%} of the samples, higher in"
        f" {(gap < 0).float().mean():.0%}.{_residuals(objective, x, found)}\n\n"
        + table(("climbed from", "edges right", "no start reaches a better graph"), rows)
    )


def _residuals(objective: ELBO, x: Tensor, types: Tensor) -> str:
    """The median residual of each feature under these graphs, beside the likelihood's scale."""
    chosen, decoder = objective.likelihood, objective.model.posterior_decoder
    tails = chosen.likelihood
    if not isinstance(tails, StudentTLikelihood):
        return ""
    edges = torch.eye(len(objective.prior))[types]
    predicted, times = teacher_forced_windows(decoder, x, edges, steps=1)
    residual = predicted[:, :, 0] - frames_at(x, times[..., 0])
    median = residual[..., chosen.index].abs().flatten(0, -2).median(0).values
    scale = (tails.degrees_of_freedom * tails.precision).rsqrt()
    shares = [f"{share:.2g}" for share in (median / scale).tolist() if share > 0]
    return f" The median residual is {', '.join(shares)} times the scale of its feature."


def _right(types: Tensor, truth: Tensor) -> float:
    return (types == truth).float().mean().item()


def _accuracy(marginals: Tensor, true: Tensor, matching: np.ndarray) -> float:
    return accuracy(count_types(marginals, true, len(matching)).numpy(), matching)


if __name__ == "__main__":
    main()
