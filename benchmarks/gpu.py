"""What a GPU makes of the trainings, within ten minutes: `python -m benchmarks gpu`.

Each part of `benchmarks.gpu_parts` has a process and a time of its own. One that fails, or that is
stopped, is reported with its reason; what it had measured counts, and the others go on.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks import ROOT
from benchmarks.clock import table
from benchmarks.config import read_config
from benchmarks.gpu_parts import PRECISIONS, RATES
from nri.choices import decoder_choice
from nri.config.config import Config
from nri.config.resolve import PlannedRun, resolve_baselines, resolve_runs
from nri.planning.shapes import shape_of
from nri.planning.work import OTHER_START, training_seconds, training_updates

__all__ = ["NOT_MEASURED", "Part", "paper_hours", "report"]

NOT_MEASURED = "**Not measured**: no CUDA device where this page was last written."
BUDGETS = {
    "card": 15,
    "correctness": 130,
    "five": 100,
    "ten": 100,
    "rnn": 155,
    "seeds": 40,
    "accuracy": 60,
}
"""Seconds of each part, ten minutes in all but for some to stop them."""


@dataclass(frozen=True)
class Part:
    """The rows that a part has measured, and why there are no more, "" if it came to its end."""

    rows: list[dict[str, Any]]
    problem: str = ""


def run_part(name: str, device: str, quick: bool) -> Part:
    """A part in its process, stopped with all that it has started when its time is over."""
    command = [sys.executable, "-m", "benchmarks.gpu_parts", name, "--device", device]
    command += ["--quick"] if quick else []
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdout=pipe, stderr=pipe, start_new_session=True
    ) as process:
        try:
            output, errors = process.communicate(timeout=BUDGETS[name])
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return Part(_rows(output), f"stopped after {BUDGETS[name]} s")
    if process.returncode == 0:
        return Part(_rows(output))
    said = errors.decode(errors="replace").strip().splitlines() or ["no reason given"]
    return Part(_rows(output), f"failed: {said[-1][:200]}")


def _rows(output: bytes) -> list[dict[str, Any]]:
    """The whole lines of an output that are rows; a library may print others."""
    lines = output.decode(errors="replace").split("\n")[:-1]
    return [json.loads(line) for line in lines if line.startswith("{")]


def report(quick: bool) -> str:
    """The section of the report."""
    if not torch.cuda.is_available() and not quick:
        return f"{NOT_MEASURED}\n"
    device, parts = "cuda" if torch.cuda.is_available() else "cpu", {}
    for name, budget in BUDGETS.items():
        print(f"{name}: {budget} s at most", file=sys.stderr, flush=True)
        parts[name] = run_part(name, device, quick)
    return written(parts)


def written(parts: dict[str, Part]) -> str:
    """The section of the report, from what the parts have measured."""
    texts = [
        _card(parts["card"]),
        _correctness(parts["correctness"]),
        _rates({name: parts[name] for name in RATES}),
        _seeds(parts["seeds"]),
        _accuracy(parts["accuracy"]),
    ]
    problems = [f"- `{name}`: {part.problem}" for name, part in parts.items() if part.problem]
    if problems:
        texts.append("Not to its end:\n\n" + "\n".join(problems))
    return "\n\n".join(filter(None, texts)) + "\n"


def _card(part: Part) -> str:
    return "".join(
        f"{row['card']}, driver {row['driver']}, torch {row['torch']}." for row in part.rows
    )


def _correctness(part: Part) -> str:
    """First of all: does it compute the right numbers?"""
    return "".join(
        f"Tests of what a GPU computes (`pytest tests/test_device.py`): "
        f"{'passed' if row['passed'] else '**failed**'}, {row['said'].strip('= ')}."
        for row in part.rows
    )


def _rates(parts: dict[str, Part]) -> str:
    rows = [row for part in parts.values() for row in part.rows]
    if not rows:
        return ""
    rates = {(row["case"], row["way"], row["precision"]): row["rate"] for row in rows}

    def cells(update: tuple[str, str]) -> list[str]:
        found = (rates.get((*update, precision)) for precision in PRECISIONS)
        return [*update, *("" if rate is None else f"{rate:,.0f}" for rate in found)]

    lines = [cells(each) for each in dict.fromkeys((row["case"], row["way"]) for row in rows)]
    best = {
        name: max(row["rate"] for row in part.rows if row["precision"] != "bf16")
        for name, part in parts.items()
        if part.rows
    }
    text = (
        "Training samples per second, whole updates by wall time: *eager* launches every kernel, "
        "*CUDA graph* replays the decoder's unroll (`nri/device.py`), of which that of the MLP is "
        f"compiled, too. Trainings use TF32 and CUDA graphs; *bf16* is torch's autocast.\n\n"
        f"{table(('update', 'how', *PRECISIONS), lines)}"
    )
    if set(best) == set(RATES):
        hours = paper_hours(best)
        text += (
            f"\n\nAll trainings of config/paper.yaml would take about {hours:,.0f} h of this GPU: "
            "the work that `make plan` counts, at the fastest of these rates that is no bf16; to a "
            "factor of about two, without simulation and evaluation."
        )
    return text


def _seeds(part: Part) -> str:
    if not part.rows:
        return ""
    rows = [[str(row["seeds"]), f"{row['rate']:,.0f}"] for row in part.rows]
    return (
        "Several seeds of the paper's recipe with 5 objects in one process, weights stacked "
        "(`benchmarks/seeds.py`), eager, TF32:\n\n"
        f"{table(('seeds', 'samples/s of all'), rows)}"
    )


def _accuracy(part: Part) -> str:
    if not part.rows:
        return ""
    row = next((row for row in part.rows if row["accuracy"] >= 0.999), part.rows[-1])
    return (
        "The default recipe on springs5, first stage, seed 1: the decoder's graphs are right on "
        f"{row['accuracy']:.2%} of validation edges after {row['seconds']:.1f} s of wall time and "
        f"{row['updates']:,} updates."
    )


def paper_hours(rates: dict[str, float]) -> float:
    """Hours of all trainings of config/paper.yaml at these rates of RATES, in samples/s.

    The work of each is what `nri.planning` counts; a unit of it takes as long as in the case that
    is most like it: the RNN decoder for all with memory, ten objects for ten and more.
    """
    config = read_config("paper.yaml")
    runs = [*resolve_runs(config).values(), *resolve_baselines(config).values()]
    per_unit = {name: 1 / rate / _planned(config, name) for name, rate in rates.items()}
    seconds = 0.0
    for run in runs:
        if isinstance(run, PlannedRun):
            shape = shape_of(config.datasets[run.dataset])
            memory = run.decoder != "none" and decoder_choice(run.decoder).memory
            case = "rnn" if memory else "ten" if shape.objects >= 10 else "five"
            seconds += len(run.seeds) * per_unit[case] * training_seconds(run, shape)
    return seconds / 3600


def _planned(config: Config, name: str) -> float:
    """What planning counts for one sample of a training of a case."""
    case = RATES[name]
    run = resolve_runs(config)[f"springs{case.objects}", "mlp-mlp-k2"]
    run = run.model_copy(update={"decoder": case.decoder})
    shape = shape_of(config.datasets[run.dataset])
    updates = training_updates(run, shape.samples["train"])
    work = training_seconds(run, shape) - OTHER_START
    return work / (updates * run.training.batch_size)
