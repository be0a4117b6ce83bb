"""What the posterior of a graph costs, method by method: CPU time and memory."""

from collections.abc import Callable

import torch

from benchmarks.clock import cpu_seconds, in_fresh_process, raised_peak, table
from nri.device import take_processor
from nri.evaluation.protocol import BATCH
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
    ("mean_field", 100, 2, 1),
]
FEW_STEPS = MeanField(steps=2)  # whose memory is that of many


def work(
    method: Method, objects: int, edge_types: int, samples: int, mean_field: MeanField
) -> Callable[[], object]:
    """Infers graphs of random trajectories by an untrained decoder."""
    torch.manual_seed(1)
    decoder = MLPDecoder(FEATURES, HIDDEN, edge_types, True, 0.0).eval()
    likelihood = StudentTLikelihood(torch.full((FEATURES,), 0.05), 1.0)
    x = 0.05 * torch.randn(samples, objects, FRAMES, FEATURES).cumsum(2)
    prior = torch.full((edge_types,), 1 / edge_types)
    return lambda: infer(decoder, likelihood, x, prior, True, method, mean_field=mean_field)


def seconds_of(method: Method, objects: int, edge_types: int, samples: int, quick: bool) -> float:
    """CPU seconds of a sample."""
    once = work(method, objects, edge_types, samples, FEW_STEPS if quick else MeanField())
    once()
    return cpu_seconds(once, 1 if quick else 5) / samples


def peak_memory(method: Method, objects: int, edge_types: int) -> float:
    """MiB by which as many samples as an evaluation takes at once raise a process's peak."""
    take_processor(1)
    work(method, objects, edge_types, 1, FEW_STEPS)()  # what is loaded and compiled once
    return raised_peak(work(method, objects, edge_types, BATCH, FEW_STEPS))


def report(quick: bool) -> str:
    """The section of the report."""
    rows = []
    for method, objects, types, samples in CASES:
        seconds = seconds_of(method, objects, types, samples, quick)
        memory = "" if quick else f"{in_fresh_process(peak_memory, method, objects, types):,.0f}"
        costs = f"{1e3 * seconds:.3g}", f"{1e4 * seconds:,.0f}", memory
        rows.append([method, str(objects), str(types), *costs])
    header = (
        "method",
        "objects",
        "edge types",
        "CPU ms a sample",
        "CPU s of 10,000",
        f"MiB, {BATCH} at once",
    )
    return (
        f"The graph of one sample from a decoder without memory, {HIDDEN} hidden units, all "
        f"{FRAMES - 1} transitions: exactly, by blocks of a node's edges from tables, and by "
        f"{MeanField().steps} steps up the gradient of a mean field. Memory is what {BATCH} "
        "samples, a batch of an evaluation, add to the peak of a process.\n\n"
        f"{table(header, rows)}\n"
    )
