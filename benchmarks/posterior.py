"""What the posterior of a graph costs, method by method: CPU time of one sample."""

import torch

from benchmarks.clock import cpu_seconds, table
from nri.model.decoders.mlp import MLPDecoder
from nri.model.likelihood import StudentTLikelihood
from nri.model.posterior.infer import Method, infer
from nri.model.posterior.mean_field import MeanField

__all__ = ["report"]

FRAMES, FEATURES, HIDDEN = 49, 4, 64
CASES: list[tuple[Method, int, int, int]] = [  # method, objects, edge types, samples
    ("exact", 5, 2, 64),
    ("exact", 5, 3, 16),
    ("blocks", 5, 2, 64),
    ("blocks", 10, 2, 4),
    ("mean_field", 5, 2, 16),
    ("mean_field", 10, 2, 4),
    ("mean_field", 50, 2, 1),
]


def measure(method: Method, objects: int, edge_types: int, samples: int, quick: bool) -> float:
    """CPU milliseconds of a sample, for an untrained decoder and random trajectories."""
    torch.manual_seed(1)
    decoder = MLPDecoder(FEATURES, HIDDEN, edge_types, True, 0.0).eval()
    likelihood = StudentTLikelihood(torch.full((FEATURES,), 0.05), 1.0)
    x = 0.05 * torch.randn(samples, objects, FRAMES, FEATURES).cumsum(2)
    prior = torch.full((edge_types,), 1 / edge_types)
    settings = MeanField(steps=2) if quick else MeanField()

    def work() -> None:
        infer(decoder, likelihood, x, prior, True, method, mean_field=settings)

    work()
    return 1e3 * cpu_seconds(work, 1 if quick else 5) / samples


def report(quick: bool) -> str:
    """The section of the report."""
    rows = [
        [method, str(objects), str(types), f"{measure(method, objects, types, count, quick):.3g}"]
        for method, objects, types, count in CASES
    ]
    header = ("method", "objects", "edge types", "CPU ms a sample")
    return (
        f"The graph of one sample from a decoder without memory, {HIDDEN} hidden units, all "
        f"{FRAMES - 1} transitions: exactly, by blocks of a node's edges from tables, and by "
        f"{MeanField().steps} steps up the gradient of a mean field.\n\n{table(header, rows)}\n"
    )
