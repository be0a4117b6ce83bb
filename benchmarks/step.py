"""How long an update and an evaluation take, beside the plain formulation (`plain`).

    python -m benchmarks.step [--quick]

One thread, process CPU time. Plain and fast take turns, with the same weights and batches, so
that a busy machine slows both: trust the ratios, not the rates. Recipes are those of
config/config.yaml; the trajectories are random. Prints a Markdown table.

The gradient error is the largest relative difference of any parameter's gradient, rounding as
a rule; a ReLU that rounding opens in one of the two and not in the other makes it 1e-3.
"""

import argparse
import multiprocessing
import platform
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.plain import plain_copy
from nri.build import build_model
from nri.config import resolve_training
from nri.data.format import Metadata
from nri.data.samples import Samples
from nri.evaluation import future_mse
from nri.model.nri import NRI
from nri.objectives import make_objective
from nri.settings import TrainingSettings

FRAMES, HORIZON = 49, 20
FEATURES = ("x", "y", "vx", "vy")
CONFIG = Path(__file__).parent.parent / "config" / "config.yaml"


@dataclass(frozen=True)
class Case:
    """A row of the table: an update of a recipe, or with `evaluates` an evaluation."""

    name: str
    encoder: str = "mlp"
    decoder: str = "mlp"
    objects: int = 5
    variant: str = ""
    stage: int = 0
    evaluates: str = ""
    batch: int = 0  # the recipe's where 0
    training: dict[str, Any] = field(default_factory=dict)


CHARGED = {"encoder": "node-cnn", "variant": "fast", "training": {"windows": 8}}
SPRINGS = {"variant": "fast", "training": {"skip_first": True}}
CASES = [
    Case("update, paper's recipe, 5 objects"),
    Case("update, paper's recipe, 10 objects", objects=10, batch=32),
    Case("update, RNN decoder, 5 objects", decoder="rnn", batch=32),
    Case("update, fast recipe, MLP encoder, skip-first", **SPRINGS),
    Case("update, fast recipe, node-cnn encoder", **CHARGED),
    Case("update, refit of the decoder, MLP encoder, skip-first", stage=1, **SPRINGS),
    Case("update, refit of the decoder, node-cnn encoder", stage=1, **CHARGED),
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
        entry = {"variant": case.variant, "training": case.training}
        settings = TrainingSettings.from_dict(resolve_training(entry, config))
        torch.manual_seed(0)
        metadata = Metadata(FEATURES, FEATURES, 0.1, ("a", "b"))
        model = build_model(case.encoder, case.decoder, 2, settings, metadata, FRAMES)
        self.case, self.settings = case, settings.resolved_stages()[case.stage]
        batch = case.batch or settings.batch_size
        self.samples = _random_samples(min(batch, 16) if quick else batch, case.objects)
        model.fit_scales(self.samples.x, settings.standardise)
        self.model: NRI = plain_copy(model) if plain else model
        self.objective = make_objective(self.model, self.settings, 2)
        trained = self.model.decoder if self.settings.trains == "decoder" else self.model
        self.parameters = list(trained.parameters())
        self.optimiser = torch.optim.Adam(self.parameters, 1e-4, fused=True)

    def __call__(self) -> None:
        """One update or one evaluation of all samples."""
        if self.case.evaluates == "mse":
            future_mse(self.model.eval(), self.samples, FRAMES - HORIZON - 1, HORIZON)
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
        if self.settings.trains == "decoder":
            self.model.graph.eval()
        self.optimiser.zero_grad(set_to_none=True)
        generator = torch.Generator().manual_seed(1)
        terms = self.objective.training(self.samples.x, self.samples.edges, generator, 1.0)
        terms.loss.backward()
        return [p.grad for p in self.parameters if p.grad is not None]


def _random_samples(count: int, objects: int) -> Samples:
    generator = torch.Generator().manual_seed(2)
    steps = 0.05 * torch.randn(count, objects, FRAMES, len(FEATURES), generator=generator)
    edges = torch.randint(0, 2, (count, objects * (objects - 1)), generator=generator)
    return Samples(steps.cumsum(2), edges)


def measure(case: Case, quick: bool) -> str:
    """A row of the table."""
    plain, fast = Work(case, True, quick), Work(case, False, quick)
    error = "" if case.evaluates else f"{gradient_error(plain, fast):.0e}"
    flops = count_flops(fast)
    repeats = max(1, round((0.1 if quick else 1.0) / cpu_seconds(plain)))
    pairs = [
        (cpu_seconds(plain, repeats), cpu_seconds(fast, repeats), matrix_rate())
        for _ in range(5 if quick else 9)
    ]
    ratios = sorted(p / f for p, f, _ in pairs)
    rates = [len(fast.samples) / statistics.median(p[i] for p in pairs) for i in (0, 1)]
    share = statistics.median(flops / f / rate for _, f, rate in pairs)
    memory = ["", ""] if quick else [f"{peak_memory(case, which):.0f}" for which in (True, False)]
    cells = [
        case.name,
        *(f"{rate:.3g}" for rate in rates),
        f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})",
        f"{share:.0%}",
        *memory,
        error,
    ]
    return f"| {' | '.join(cells)} |"


def cpu_seconds(work: Callable[[], None], repeats: int = 1) -> float:
    """Process CPU time of one call, averaged over `repeats`."""
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


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


def peak_memory(case: Case, plain: bool) -> float:
    """MiB by which one call raises the peak of a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_memory, (case, plain))


def _peak_memory(case: Case, plain: bool) -> float:
    torch.set_num_threads(1)
    work = Work(case, plain, False)
    samples, work.samples = work.samples, work.samples.take(slice(0, 2))
    work()  # what is loaded once, such as compiled loops, does not count
    work.samples, before = samples, _high_water()
    work()
    return _high_water() - before


def _high_water() -> float:
    """The largest resident memory of this process so far, MiB (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="small batches, few repeats, no memory"
    )
    parser.add_argument("--only", default="", help="the cases whose names contain this")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.machine()}, torch {torch.__version__}, one thread")
    print(
        f"matrix products: {statistics.median(matrix_rate() for _ in range(9)) / 1e9:.0f} GFLOP/s"
    )
    print()
    print(
        "| | plain, samples/CPU-s | ours, samples/CPU-s | ratio, median (range) "
        "| of the matrix peak | plain, MiB | ours, MiB | gradient error |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for case in CASES:
        if options.only in case.name:
            print(measure(case, options.quick), flush=True)


if __name__ == "__main__":
    main()
