"""The parts of the GPU's section, each in a process of its own: python -m benchmarks.gpu_parts PART

Every row is printed as JSON when it is measured, so that a part that is stopped has told what it
knew.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks import ROOT
from benchmarks.config import read_config
from benchmarks.seeds import SeedsAtOnce
from benchmarks.step import Case, Work
from nri.choices import SOURCES, load
from nri.config.resolve import resolve_runs
from nri.data.format import Metadata, read_metadata
from nri.data.samples import load_samples
from nri.device import rounded_products
from nri.model.build import build_model
from nri.model.rollout import teacher_forced_windows, unroll
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Trainer

__all__ = ["PARTS", "PRECISIONS", "RATES"]

Rows = Iterator[dict[str, Any]]
FEATURES = ("x", "y", "vx", "vy")
RATES = {
    "five": Case("paper's recipe, 5 objects"),
    "ten": Case("paper's recipe, 10 objects", objects=10),
    "rnn": Case("RNN decoder, 5 objects", decoder="rnn"),
}
SEEDS = (1, 2, 4, 8, 16, 32)
DATASET, RUN = "springs5", "mlp-mlp-k2-fast"


def card(device: torch.device, quick: bool) -> Rows:
    """What computes."""
    if device.type != "cuda":
        yield {"card": "the CPU", "driver": "none", "torch": torch.__version__}
        return
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    driver = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split("\n")[0]
    name = torch.cuda.get_device_name(device)
    yield {"card": name, "driver": driver, "torch": torch.__version__}


def correctness(device: torch.device, quick: bool) -> Rows:
    """The tests of what a GPU computes, by pytest."""
    # Side by side: most of their time is that of compilations.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-n", "8", "--dist", "worksteal"]
    command += [str(ROOT / "tests" / "test_device.py"), "--co" if quick else "-rs"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = (result.stdout.strip() or result.stderr.strip() or "pytest said nothing").splitlines()
    yield {"passed": result.returncode == 0, "said": lines[-1]}


def rates(case: Case, device: torch.device, quick: bool) -> Rows:
    """Updates of a recipe in each precision, as they are and with the unroll as a CUDA graph."""
    for way in "eager", "CUDA graph":
        for precision in PRECISIONS:
            # On a CPU, the plain torch code that a GPU runs.
            work = Work(case, "ours" if device.type == "cuda" else "torch", quick, device)
            if way == "eager":
                work.objective.predict_windows = teacher_forced_windows
                work.objective.unroll = unroll
            with PRECISIONS[precision](device):
                seconds = seconds_of(work, device, quick)
            rate = len(work.samples) / seconds
            yield {"case": case.name, "way": way, "precision": precision, "rate": rate}


@contextlib.contextmanager
def exact(device: torch.device) -> Iterator[None]:
    """Products of matrices in float32."""
    yield


def bf16(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Products of matrices in bfloat16, by torch's autocast."""
    return torch.autocast(device.type, torch.bfloat16)


PRECISIONS: dict[str, Callable[[torch.device], contextlib.AbstractContextManager[Any]]]
PRECISIONS = {"float32": exact, "TF32": rounded_products, "bf16": bf16}


def seconds_of(work: Callable[[], Any], device: torch.device, quick: bool) -> float:
    """Wall time of one call, after three that compile and warm up."""
    for _ in range(1 if quick else 3):
        work()
    calls, begin = 0, _now(device)
    while (spent := _now(device) - begin) < (0.1 if quick else 2.0):
        for _ in range(1 if quick else 10):  # between two looks at the clock, which wait
            work()
            calls += 1
    return spent / calls


def _now(device: torch.device) -> float:
    """Wall time when all that was launched is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def seeds(device: torch.device, quick: bool) -> Rows:
    """Several seeds of the paper's recipe in one process, as many as the memory takes."""
    case = RATES["five"]
    for count in SEEDS[:2] if quick else SEEDS:
        work = Work(case, "ours", quick, torch.device("cpu"))
        models = [_model_of(work, seed, device) for seed in range(count)]
        generators = [torch.Generator(device).manual_seed(seed) for seed in range(count)]
        together = SeedsAtOnce(models, work.settings, generators)
        x = torch.stack([work.samples.x] * count).to(device)
        with rounded_products(device):
            seconds = seconds_of(lambda: together.update(x), device, quick)  # noqa: B023
        yield {"seeds": count, "rate": count * x.shape[1] / seconds}


def _model_of(work: Work, seed: int, device: torch.device) -> Any:
    torch.manual_seed(seed)
    case = work.case
    model = build_model(
        encoder=case.encoder,
        decoder=case.decoder,
        edge_types=case.edge_types,
        settings=work.settings,
        metadata=Metadata(FEATURES, FEATURES, 0.1, ("a", "b")),
        frames=case.frames,
        objects=case.objects,
    )
    model.fit_scales(work.samples.x, work.settings.standardise)
    return model.to(device)


def accuracy(device: torch.device, quick: bool) -> Rows:
    """How long the default recipe takes until its decoder finds the graphs of springs."""
    config = read_config()
    run, data = resolve_runs(config)[DATASET, RUN], config.datasets[DATASET]
    if quick:
        data = data.model_copy(update={"samples": data.samples.model_copy(update=SMALL)})
    settings = run.training.model_copy(update={"stages": run.training.stages[:1]})
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "data.h5"
        load(SOURCES[data.source]).prepare(data, {}, path, {})
        train, valid = (load_samples(path, split, device) for split in ("train", "valid"))
        torch.manual_seed(1)
        model = build_model(
            encoder=run.encoder,
            decoder=run.decoder,
            edge_types=run.edge_types,
            settings=settings,
            metadata=read_metadata(path),
            frames=train.x.shape[2],
            objects=train.x.shape[1],
        ).to(device)
        model.fit_scales(train.x, settings.standardise)
        checkpoint = Checkpoint(Path(directory) / "checkpoint.pt")
        trainer = Trainer(model, settings, train, valid, 2, 1, [checkpoint])
        with rounded_products(device):
            curve = trainer.run().curve
    for row in curve:
        reached, seconds = row["valid_edge_accuracy"], row["wall_seconds"]
        yield {"accuracy": reached, "seconds": seconds, "updates": row["step"]}


SMALL = {"train": 256, "valid": 32, "test": 32}
PARTS: dict[str, Callable[[torch.device, bool], Rows]] = {
    "card": card,
    "correctness": correctness,
    **{
        name: lambda device, quick, case=case: rates(case, device, quick)
        for name, case in RATES.items()
    },
    "seeds": seeds,
    "accuracy": accuracy,
}


def main() -> None:
    """Read the arguments, print the rows of a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--device", default="cuda", type=torch.device)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for row in PARTS[arguments.part](arguments.device, arguments.quick):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
