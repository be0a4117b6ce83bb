"""How the cost of an update grows with objects, frames, edge types, batch and seeds at once."""

import math
import multiprocessing
import statistics
import time
from typing import NamedTuple

import torch
from matplotlib.figure import Figure

from benchmarks import DOCS
from benchmarks.clock import cpu_seconds, table
from benchmarks.step import FAST, Case, Work, peak_memory
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


class Cost(NamedTuple):
    """CPU seconds and peak MiB of an update."""

    seconds: float
    memory: float


def measure(axis: str, value: int, quick: bool) -> Cost:
    """The cost of an update; of few samples where there are many objects."""
    sizes = {**TYPICAL, axis: value}
    if axis == "objects":
        sizes["batch"] = 4
    case = Case("", **FAST, **sizes)
    work = Work(case, "ours", quick=False)
    repeats = max(1, round(0.2 / cpu_seconds(work)))
    seconds = statistics.median(cpu_seconds(work, repeats) for _ in range(1 if quick else 5))
    return Cost(seconds, math.nan if quick else peak_memory(case))


def rows_of(axis: str, costs: dict[int, Cost]) -> list[list[str]]:
    """Rows of the table, with the exponents of each step."""
    rows, before = [], None
    for value, cost in costs.items():
        exponents = ["", ""]
        if before is not None:
            step = math.log(value / before)
            pairs = zip(cost, costs[before], strict=True)
            exponents = [f"{math.log(new / old) / step:.2f}" for new, old in pairs]
        name = f"{value} {NAMES.get(axis, axis)}"
        time_cell, memory_cell = f"{cost.seconds * 1e3:,.0f} ms", f"{cost.memory:,.0f}"
        rows.append([name, time_cell, exponents[0], memory_cell, exponents[1]])
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
    torch.set_num_threads(1)
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
    header = ("", "update", "exponent", "memory, MiB", "exponent")
    seeds = [at_once(count, 2.0 if quick else 15.0) for count in (1, 2, 4)]
    seeds_header = ("trainings", "CPU time of an update", "updates/s of all, wall time")
    if not quick:
        save(
            plot_growth(costs),
            [FIGURE],
            "Growth",
            "CPU time and peak memory of an update against each size.",
        )
    return (
        "An update of the fast recipe (node-cnn encoder, MLP decoder, 8 windows) on one core: CPU "
        "time and peak memory where one size grows and the others are "
        f"{TYPICAL['objects']} objects, {TYPICAL['frames']} frames, {TYPICAL['edge_types']} edge "
        f"types, batches of {TYPICAL['batch']}; of 4 where objects grow. An exponent is that of "
        "the step from the row above. Edges bound it: there are N (N - 1), and so much memory "
        "for each in the encoder; the decoder goes through them block by block.\n\n"
        f"{table(header, rows)}\n\n![Cost of an update against each size]"
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
        for panel, sizes in zip(column, zip(*points.values(), strict=True), strict=True):
            panel.loglog(list(points), sizes, "o-", color=OBJECTS[0])
            panel.set_xticks(list(points), list(map(str, points)))
            panel.minorticks_off()
        column[1].set_xlabel(NAMES.get(axis, axis))
    panels[0, 0].set_ylabel("CPU s of an update")
    panels[1, 0].set_ylabel("peak memory, MiB")
    return figure
