"""How long an update and an evaluation take, beside plainer ways to compute them (`plain`)."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.clock import cpu_seconds, in_fresh_process, raised_peak, ratio_cell, table
from benchmarks.config import read_config
from benchmarks.plain import one_hot_copy, torch_copy
from nri.config.identity import PAPER
from nri.config.training import TrainingSettings
from nri.data.format import Metadata
from nri.data.samples import Samples
from nri.device import take_processor
from nri.evaluation.metrics.mse import future_mse
from nri.model.build import build_model
from nri.model.decoders.mlp import MLPDecoder
from nri.model.make_objective import make_objective
from nri.model.nri import NRI
from nri.model.precision import products_in

__all__ = ["FAST", "WAYS", "Case", "Work", "peak_memory", "report"]

CPU = torch.device("cpu")
HORIZON = 20
ROUNDING = 1e-8  # of the largest gradient
FEATURES = ("x", "y", "vx", "vy")
ROUNDED = ["mlp-mlp", "cnn-mlp", "mlp-rnn", "cnn-rnn"]
"""Networks of the paper's recipe whose updates are also timed with `precision: bf16`."""
WAYS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "one-hot": one_hot_copy,
    "torch": torch_copy,
    "ours": lambda model: model,
}
"""Ways to compute a model."""


@dataclass(frozen=True)
class Case:
    """A row of the table: an update of a recipe or, with `evaluates`, an evaluation."""

    name: str
    encoder: str = "mlp"
    decoder: str = "mlp"
    objects: int = 5
    frames: int = 49
    edge_types: int = 2
    recipe: str = PAPER
    stage: int = 0
    evaluates: str = ""
    batch: int = 0  # the recipe's where 0
    training: dict[str, Any] = field(default_factory=dict)


FAST = {"encoder": "node-cnn", "recipe": "fast", "training": {"loss_windows": 8}}
NODES = {"encoder": "node-cnn", "recipe": "fast"}
SPRINGS = {"recipe": "fast", "training": {"skip_first": True}}
CASES = [
    Case("update, paper's recipe, 5 objects"),
    Case("update, paper's recipe, 10 objects", objects=10),
    Case("update, CNN encoder, 5 objects", encoder="cnn"),
    Case("update, RNN decoder, 5 objects", decoder="rnn"),
    Case("update, fast recipe: graphs are found, skip-first", **SPRINGS),
    Case("update, fast recipe: graphs are found", **NODES),
    Case("update, fast recipe: the MLP encoder is taught", stage=1, **SPRINGS),
    Case("update, fast recipe: the node-cnn encoder is taught", stage=1, **NODES),
    Case("update, fast recipe: the decoder is refitted, skip-first", stage=2, **SPRINGS),
    Case("update, fast recipe: the decoder is refitted", stage=2, **NODES),
    Case("teacher-forced evaluation, given graph", encoder="true", evaluates="nll"),
    Case("free running, given graph", encoder="true", evaluates="mse"),
    Case(
        "teacher-forced evaluation, given graph, skip-first",
        encoder="true",
        evaluates="nll",
        training={"skip_first": True},
    ),
]


class Work:
    """What a case repeats, computed in one of WAYS."""

    def __init__(self, case: Case, way: str, quick: bool, device: torch.device = CPU):
        config = read_config()
        settings = config.training
        if case.recipe != PAPER:
            settings = settings.overridden(config.recipes[case.recipe])
        settings = settings.overridden(TrainingSettings(**case.training))
        torch.manual_seed(0)
        metadata = Metadata(FEATURES, FEATURES, 0.1, ("a", "b"))
        model = build_model(
            encoder=case.encoder,
            decoder=case.decoder,
            edge_types=case.edge_types,
            settings=settings,
            metadata=metadata,
            frames=case.frames,
            objects=case.objects,
        )
        self.case, self.settings = case, settings.resolved_stages()[case.stage]
        batch = case.batch or self.settings.batch_size
        self.samples = _random_samples(min(batch, 16) if quick else batch, case, device)
        model.fit_scales(self.samples.x.cpu(), settings.standardise)
        self.model: NRI = WAYS[way](model).to(device)
        self.objective = make_objective(self.model, self.settings, 2)
        trained = {"encoder": self.model.decoder, "decoder": self.model.graph}
        self.parameters = list(trained.get(self.settings.freeze, self.model).parameters())
        self.optimiser = torch.optim.Adam(self.parameters, 1e-4, fused=True)

    def __call__(self) -> None:
        """One update or one evaluation of all samples."""
        if self.case.evaluates == "mse":
            future_mse(self.model.eval(), self.samples, self.case.frames - HORIZON - 1, HORIZON)
        elif self.case.evaluates == "nll":
            with torch.no_grad():
                self.objective.validation(self.samples.x, self.samples.edges, self.samples.edges)
        else:
            self.gradients()
            if self.settings.gradient_clip is not None:
                torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.gradient_clip)
            self.optimiser.step()

    def gradients(self) -> list[Tensor]:
        """The gradients of a training batch; the noise is the same every time."""
        self.model.train()
        if self.settings.freeze == "encoder":
            self.model.graph.eval()
        self.optimiser.zero_grad(set_to_none=True)
        generator = torch.Generator(self.samples.x.device).manual_seed(1)
        x, edges = self.samples.x, self.samples.edges  # fixed graphs, where a stage has them, too
        with products_in(self.settings.precision, x.device):
            batch_loss = self.objective.training(x, edges, generator, 1.0, edges)
        batch_loss.loss.backward()
        return [p.grad for p in self.parameters if p.grad is not None]


def _random_samples(count: int, case: Case, device: torch.device) -> Samples:
    generator, objects = torch.Generator().manual_seed(2), case.objects
    steps = 0.05 * torch.randn(count, objects, case.frames, len(FEATURES), generator=generator)
    edges = torch.randint(0, 2, (count, objects * (objects - 1)), generator=generator)
    return Samples(steps.cumsum(2).to(device), edges.to(device))


def measure(case: Case, quick: bool) -> list[str]:
    """A row of the table."""
    works = {way: Work(case, way, quick) for way in WAYS}
    error = "" if case.evaluates else f"{gradient_error(works['one-hot'], works['ours']):.0e}"
    flops = count_flops(works["ours"])
    repeats = max(1, round((0.1 if quick else 1.0) / cpu_seconds(works["one-hot"])))
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    shares = []
    for _ in range(3 if quick else 9):
        for way, work in works.items():
            seconds[way].append(cpu_seconds(work, repeats))
        shares.append(flops / seconds["ours"][-1] / matrix_rate())
    samples = len(works["ours"].samples)
    return [
        case.name,
        *(f"{samples / statistics.median(seconds[way]):.3g}" for way in WAYS),
        ratio_cell(seconds["one-hot"], seconds["ours"]),
        ratio_cell(seconds["torch"], seconds["ours"]),
        f"{statistics.median(shares):.0%}",
        *("" if quick else f"{peak_memory(case, way):.0f}" for way in WAYS),
        error,
    ]


def measure_rounded(networks: str, quick: bool) -> list[str]:
    """A row of the table of both precisions."""
    encoder, decoder = networks.split("-")
    works = [
        Work(Case(networks, encoder, decoder, training={"precision": each}), "ours", quick)
        for each in ("float32", "bf16")
    ]
    error = gradient_error(*works)
    seconds = [[cpu_seconds(work) for work in works] for _ in range(3 if quick else 9)]
    exact, near = zip(*seconds, strict=True)
    rates = (f"{len(works[0].samples) / statistics.median(each):.3g}" for each in (exact, near))
    return [networks, *rates, ratio_cell(exact, near), f"{error:.0e}"]


def matrix_rate() -> float:
    """FLOP/s of matrix products that fit the cache: what a core can do."""
    a, b, out = torch.ones(512, 256), torch.ones(256, 256), torch.empty(512, 256)
    seconds = cpu_seconds(lambda: torch.mm(a, b, out=out), 100)
    return 2 * 512 * 256 * 256 / seconds


def count_flops(work: Work) -> float:
    """FLOPs of the matrix products in one call.

    Decoders go step by step meanwhile: the counter sees torch's products, not those of loops.
    """
    in_place = {torch.ops.aten.addmm_: _addmm_flops}  # which the counter does not know either
    step_by_step = patch.object(MLPDecoder, "_is_fused", return_value=False)
    with step_by_step, FlopCounterMode(display=False, custom_mapping=in_place) as counter:
        work()
    return counter.get_total_flops()


def _addmm_flops(_: Any, a: tuple[int, int], b: tuple[int, int], **__: Any) -> int:
    return 2 * a[0] * a[1] * b[1]


def gradient_error(one: Work, other: Work) -> float:
    """Largest relative difference between the gradients of any parameter.

    Not of one whose gradient is rounding alone, as that of the attention's bias before its softmax.
    """
    pairs = list(zip(one.gradients(), other.gradients(), strict=True))
    zero = ROUNDING * max(a.norm() for a, _ in pairs)
    return max(((a - b).norm() / a.norm()).item() for a, b in pairs if a.norm() > zero)


def peak_memory(case: Case, way: str = "ours") -> float:
    """MiB by which one call raises the peak of a fresh process."""
    return in_fresh_process(_peak_memory, case, way)


def _peak_memory(case: Case, way: str) -> float:
    take_processor(1)
    Work(replace(case, objects=3, batch=2), way, False)()  # what is loaded and compiled once
    return raised_peak(Work(case, way, False))


def report(quick: bool) -> str:
    """The section of the report."""
    rate = statistics.median(matrix_rate() for _ in range(9)) / 1e9
    header = [
        "",
        *(f"{way}, samples/s" for way in WAYS),
        "one-hot : ours, median (range)",
        "torch : ours, median (range)",
        "of the matrix peak",
        *(f"{way}, MiB" for way in WAYS),
        "gradient error",
    ]
    rows = [measure(case, quick) for case in CASES]
    rounded = table(
        ("", "float32, samples/s", "bf16, samples/s", "ratio, median (range)", "gradient error"),
        [measure_rounded(networks, quick) for networks in ROUNDED],
    )
    return (
        "Three ways to compute the same model with the same weights, batches and noise. *One-hot* "
        "is NRI as its equations are written: one-hot matrices, every type on every edge, whole "
        "tensors from layer to layer. *Torch* is our model without `nri/model/fused_messages.py`, "
        "the plain torch code that a GPU runs (both in `benchmarks/plain.py`). Recipes are those "
        "of config/config.yaml, trajectories random. The matrix peak is what products of matrices "
        f"in the cache reach, {rate:.0f} GFLOP/s. The gradient error is the largest relative "
        "difference between one-hot and ours of any parameter's gradient: rounding as a rule; a "
        "ReLU that rounding opens in one of the two alone makes it 1e-3.\n\n"
        f"{table(header, rows)}\n\n"
        "The same updates of the paper's recipe, 5 objects, with `precision: bf16` "
        f"([recipes.md](recipes.md#products-in-bfloat16)):\n\n{rounded}\n"
    )
