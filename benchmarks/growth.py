"""How training, EM and posterior grow with objects, frames, edge types, batch; seeds at once."""

import math
import multiprocessing
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from matplotlib.figure import Figure

from benchmarks import DOCS
from benchmarks.clock import cpu_seconds, table
from benchmarks.step import FAST, Case, Work, peak_memory
from nri.device import take_processor
from nri.figures.style import OBJECTS, PAGE, save, styled

__all__ = ["report"]

FIGURE = DOCS / "figures" / "growth.svg"
AXES = {
    "objects": [5, 10, 20, 50, 100],
    "frames": [25, 50, 100, 200],
    "edge_types": [2, 4, 8],
    "batch": [8, 32, 128],
}
TYPICAL = {"objects": 5, "frames": 49, "edge_types": 2, "batch": 32}
NAMES = {"edge_types": "edge types", "batch": "samples in a batch"}
SAMPLED = {**FAST, "recipe": "sampled"}
LONG = 2.0  # CPU seconds of a call that is measured once, with what it does the first time


class Cost(NamedTuple):
    """CPU seconds of a sample in an update of a training with sampled graphs, in an update of EM
    and in the posterior from all transitions; peak MiB of an update of EM.
    """

    training: float
    em: float
    posterior: float
    memory: float


def measure(axis: str, value: int, quick: bool) -> Cost:
    """The costs at a size; of few samples where there are many objects."""
    sizes = {**TYPICAL, axis: value}
    if axis == "objects":
        sizes["batch"] = 4
    training, em = (Work(Case("", **way, **sizes), "ours", quick=False) for way in (SAMPLED, FAST))
    few = em.samples.x[: 1 if axis == "objects" else 8]
    with torch.no_grad():
        found = seconds_of(partial(em.objective.posterior, few), quick) / len(few)
    return Cost(
        seconds_of(training, quick) / sizes["batch"],
        seconds_of(em, quick) / sizes["batch"],
        found,
        math.nan if quick else peak_memory(Case("", **FAST, **sizes)),
    )


def seconds_of(work: Callable[[], Any], quick: bool) -> float:
    """CPU seconds of a call: the median of three measurements, or of a long one the only one."""
    if (first := cpu_seconds(work)) > LONG:
        return first
    repeats = max(1, round(0.2 / cpu_seconds(work)))
    return statistics.median(cpu_seconds(work, repeats) for _ in range(1 if quick else 3))


def rows_of(axis: str, costs: dict[int, Cost]) -> list[list[str]]:
    """Rows of the table, with the exponents of each step."""
    rows, before = [], None
    for value, cost in costs.items():
        exponents = [""] * len(cost)
        if before is not None:
            step = math.log(value / before)
            pairs = zip(cost, costs[before], strict=True)
            exponents = [f"{math.log(new / old) / step:.2f}" for new, old in pairs]
        name = f"{value} {NAMES.get(axis, axis)}"
        cells = [*(f"{1e3 * seconds:,.3g} ms" for seconds in cost[:3]), f"{cost.memory:,.0f}"]
        rows.append([name, *(part for pair in zip(cells, exponents, strict=True) for part in pair)])
        before = value
    return rows


def at_once(count: int, seconds: float) -> list[str]:
    """A row: so many trainings at once, each in a process of one thread."""
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        measured = pool.map(_updates, [seconds] * count, chunksize=1)
    cpu = statistics.mean(used / done for done, used, _ in measured)
    rate = sum(done / wall for done, _, wall in measured)
    return [f"{count} at once", f"{cpu * 1e3:,.0f} ms", f"{rate:.1f}"]


def _updates(seconds: float) -> tuple[int, float, float]:
    """Updates done in so many seconds of wall time, and their CPU and wall time."""
    take_processor(1)
    work = Work(Case("", **FAST, **TYPICAL), "ours", quick=False)
    work()
    done, cpu, start = 0, time.process_time(), time.monotonic()
    while time.monotonic() < start + seconds:
        work()
        done += 1
    return done, time.process_time() - cpu, time.monotonic() - start


def report(quick: bool) -> str:
    """The section of the report, and its figure."""
    costs = {
        axis: {value: measure(axis, value, quick) for value in values[: 3 if quick else None]}
        for axis, values in AXES.items()
    }
    rows = [row for axis in AXES for row in rows_of(axis, costs[axis])]
    columns = ("training", "EM", "posterior", "memory of EM, MiB")
    header = ("", *(part for column in columns for part in (column, "exponent")))
    seeds = [at_once(count, 2.0 if quick else 15.0) for count in (1, 2, 4)]
    seeds_header = ("trainings", "CPU time of an update", "updates/s of all, wall time")
    if not quick:
        save(
            plot_growth(costs),
            [FIGURE],
            "Growth",
            "CPU time of a sample and peak memory of an update against each size.",
        )
    return (
        "CPU time of a sample on one core (node-cnn encoder, MLP decoder, 8 windows) in an update "
        "with graphs sampled from the encoder (`recipe: sampled`), in one of the fast recipe's "
        "first stage (EM), and of its posterior graph from all transitions, by the most exact way "
        "that is affordable; and peak memory of an update of EM. One size grows, the others are "
        f"{TYPICAL['objects']} objects, {TYPICAL['frames']} frames, {TYPICAL['edge_types']} edge "
        f"types, batches of {TYPICAL['batch']}; of 4 where objects grow. An exponent is that of "
        "the step from the row above. "
        "Edges bound it: there are N (N - 1). Where the way to the posterior changes with the "
        "size, so does its cost.\n\n"
        f"{table(header, rows)}\n\n![Costs against each size]"
        f"({FIGURE.relative_to(DOCS)})\n\n"
        "Seeds are trainings of their own, of one thread each, as many at once as there are "
        f"cores ({multiprocessing.cpu_count()} here):\n\n{table(seeds_header, seeds)}\n"
    )


@styled
def plot_growth(costs: dict[str, dict[int, Cost]]) -> Figure:
    """Time and memory of an update against each size, on logarithmic axes."""
    figure = Figure(figsize=(PAGE, 3.2))
    panels = figure.subplots(2, len(costs), sharex="col", sharey="row")
    for column, (axis, points) in zip(panels.T, costs.items(), strict=True):
        *times, memory = zip(*points.values(), strict=True)
        for name, seconds, colour in zip(
            ("training", "EM", "posterior"), times, OBJECTS, strict=False
        ):
            column[0].loglog(list(points), seconds, "o-", color=colour, label=name)
        column[1].loglog(list(points), memory, "o-", color=OBJECTS[1])
        for panel in column:
            panel.set_xticks(list(points), list(map(str, points)))
            panel.minorticks_off()
        column[1].set_xlabel(NAMES.get(axis, axis))
    panels[0, -1].legend()
    panels[0, 0].set_ylabel("CPU s of a sample")
    panels[1, 0].set_ylabel("memory of EM, MiB")
    return figure
