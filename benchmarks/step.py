"""How long an update and an evaluation take, beside the plain formulation (`plain`)."""

import statistics
from dataclasses import dataclass, field
from typing import Any

import torch
import yaml
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import CONFIG
from benchmarks.clock import cpu_seconds, high_water, in_fresh_process, ratio_cell, table
from benchmarks.plain import plain_copy
from nri.config.identity import PAPER
from nri.config.resolve import resolve_training
from nri.config.training import TrainingSettings
from nri.data.format import Metadata
from nri.data.samples import Samples
from nri.evaluation.metrics.mse import future_mse
from nri.model.build import build_model
from nri.model.nri import NRI
from nri.model.objectives import make_objective

__all__ = ["FAST", "Case", "Work", "peak_memory", "report"]

HORIZON = 20
FEATURES = ("x", "y", "vx", "vy")


@dataclass(frozen=True)
class Case:
    """A row of the table: an update of a recipe, or with `evaluates` an evaluation."""

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
SPRINGS = {"recipe": "fast", "training": {"skip_first": True}}
CASES = [
    Case("update, paper's recipe, 5 objects"),
    Case("update, paper's recipe, 10 objects", objects=10),
    Case("update, RNN decoder, 5 objects", decoder="rnn"),
    Case("update, fast recipe, MLP encoder, skip-first", **SPRINGS),
    Case("update, fast recipe, node-cnn encoder", **FAST),
    Case("update, refit of the decoder, MLP encoder, skip-first", stage=1, **SPRINGS),
    Case("update, refit of the decoder, node-cnn encoder", stage=1, **FAST),
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
    """What a case repeats, for the fast model and a plain copy of it."""

    def __init__(self, case: Case, plain: bool, quick: bool):
        config = yaml.safe_load(CONFIG.read_text())
        entry = {"recipe": case.recipe, "training": case.training}
        settings = TrainingSettings.from_dict(resolve_training(entry, config))
        torch.manual_seed(0)
        metadata = Metadata(FEATURES, FEATURES, 0.1, ("a", "b"))
        model = build_model(
            *(case.encoder, case.decoder, case.edge_types, settings, metadata, case.frames)
        )
        self.case, self.settings = case, settings.resolved_stages()[case.stage]
        batch = case.batch or settings.batch_size
        self.samples = _random_samples(min(batch, 16) if quick else batch, case)
        model.fit_scales(self.samples.x, settings.standardise)
        self.model: NRI = plain_copy(model) if plain else model
        self.objective = make_objective(self.model, self.settings, 2)
        trained = self.model.decoder if self.settings.freeze == "encoder" else self.model
        self.parameters = list(trained.parameters())
        self.optimiser = torch.optim.Adam(self.parameters, 1e-4, fused=True)

    def __call__(self) -> None:
        """One update or one evaluation of all samples."""
        if self.case.evaluates == "mse":
            future_mse(self.model.eval(), self.samples, self.case.frames - HORIZON - 1, HORIZON)
        elif self.case.evaluates == "nll":
            with torch.no_grad():
                self.objective.validation(self.samples.x, self.samples.edges)
        else:
            self.gradients()
            if self.settings.gradient_clip is not None:
                torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.gradient_clip)
            self.optimiser.step()

    def gradients(self) -> list[Tensor]:
        """The gradients of a training batch with noise that is the same every time."""
        self.model.train()
        if self.settings.freeze == "encoder":
            self.model.graph.eval()
        self.optimiser.zero_grad(set_to_none=True)
        generator = torch.Generator().manual_seed(1)
        terms = self.objective.training(self.samples.x, self.samples.edges, generator, 1.0)
        terms.loss.backward()
        return [p.grad for p in self.parameters if p.grad is not None]


def _random_samples(count: int, case: Case) -> Samples:
    generator, objects = torch.Generator().manual_seed(2), case.objects
    steps = 0.05 * torch.randn(count, objects, case.frames, len(FEATURES), generator=generator)
    edges = torch.randint(0, 2, (count, objects * (objects - 1)), generator=generator)
    return Samples(steps.cumsum(2), edges)


def measure(case: Case, quick: bool) -> list[str]:
    """A row of the table."""
    plain, fast = Work(case, True, quick), Work(case, False, quick)
    error = "" if case.evaluates else f"{gradient_error(plain, fast):.0e}"
    flops = count_flops(fast)
    repeats = max(1, round((0.1 if quick else 1.0) / cpu_seconds(plain)))
    turns = [
        (cpu_seconds(plain, repeats), cpu_seconds(fast, repeats), matrix_rate())
        for _ in range(3 if quick else 9)
    ]
    slow, quicker, _ = zip(*turns, strict=True)
    share = statistics.median(flops / f / rate for _, f, rate in turns)
    memory = ["", ""] if quick else [f"{peak_memory(case, which):.0f}" for which in (True, False)]
    return [
        case.name,
        *(f"{len(fast.samples) / statistics.median(times):.3g}" for times in (slow, quicker)),
        ratio_cell(slow, quicker),
        f"{share:.0%}",
        *memory,
        error,
    ]


def matrix_rate() -> float:
    """FLOP/s of matrix products that fit the cache: what a core can do."""
    a, b, out = torch.ones(512, 256), torch.ones(256, 256), torch.empty(512, 256)
    seconds = cpu_seconds(lambda: torch.mm(a, b, out=out), 100)
    return 2 * 512 * 256 * 256 / seconds


def count_flops(work: Work) -> float:
    """FLOPs of the matrix products in one call."""
    in_place = {torch.ops.aten.addmm_: _addmm_flops}  # which the counter does not know
    with FlopCounterMode(display=False, custom_mapping=in_place) as counter:
        work()
    return counter.get_total_flops()


def _addmm_flops(_: Any, a: tuple[int, int], b: tuple[int, int], **__: Any) -> int:
    return 2 * a[0] * a[1] * b[1]


def gradient_error(plain: Work, fast: Work) -> float:
    """Largest relative difference between the gradients of any parameter."""
    pairs = zip(plain.gradients(), fast.gradients(), strict=True)
    return max(((p - f).norm() / p.norm()).item() for p, f in pairs if p.norm() > 0)


def peak_memory(case: Case, plain: bool = False) -> float:
    """MiB by which one call raises the peak of a fresh process."""
    return in_fresh_process(_peak_memory, case, plain)


def _peak_memory(case: Case, plain: bool) -> float:
    torch.set_num_threads(1)
    work = Work(case, plain, False)
    samples, work.samples = work.samples, work.samples.take(slice(0, 2))
    work()  # what is loaded once, such as compiled loops, does not count
    work.samples, before = samples, high_water()
    work()
    return high_water() - before


def report(quick: bool) -> str:
    """The section of the report."""
    rate = statistics.median(matrix_rate() for _ in range(9)) / 1e9
    header = (
        *("", "plain, samples/s", "ours, samples/s", "ratio, median (range)"),
        *("of the matrix peak", "plain, MiB", "ours, MiB", "gradient error"),
    )
    return (
        "Plain is NRI as its equations are written: one-hot matrices, every type on every edge, "
        "whole tensors from layer to layer (`benchmarks/plain.py`); weights, batches and noise are "
        "the same. Recipes are those of config/config.yaml, trajectories random. The matrix peak "
        f"is what products of matrices in the cache reach, {rate:.0f} GFLOP/s. The gradient error "
        "is the largest relative difference of any parameter's gradient: rounding as a rule; a "
        "ReLU that rounding opens in one of the two alone makes it 1e-3.\n\n"
        f"{table(header, [measure(case, quick) for case in CASES])}\n"
    )
