"""How the cost of an update grows with objects, frames, edge types and batch."""

import math
import statistics

import matplotlib.pyplot as plt

from benchmarks import DOCS
from benchmarks.clock import cpu_seconds, table
from benchmarks.step import FAST, Case, Work, peak_memory
from nri.figures.style import OBJECTS, PAGE, STYLE

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


def measure(axis: str, value: int, quick: bool) -> tuple[float, float]:
    """CPU seconds and peak MiB of an update; of few samples where there are many objects."""
    sizes = {**TYPICAL, axis: value}
    if axis == "objects":
        sizes["batch"] = 4
    case = Case("", **FAST, **sizes)
    work = Work(case, False, False)
    once = cpu_seconds(work)
    repeats = max(1, round(0.2 / once))
    seconds = statistics.median(cpu_seconds(work, repeats) for _ in range(1 if quick else 5))
    return seconds, math.nan if quick else peak_memory(case)


def report(quick: bool) -> str:
    """The section of the report, and its figure."""
    rows, curves = [], {}
    for axis, values in AXES.items():
        measured = [measure(axis, value, quick) for value in values[: 3 if quick else None]]
        curves[axis] = list(zip(values, measured, strict=False))
        for (value, (seconds, memory)), before in zip(
            curves[axis], [None, *curves[axis]], strict=False
        ):
            exponents = ["", ""]
            if before:
                step = math.log(value / before[0])
                exponents = [
                    f"{math.log(new / old) / step:.2f}"
                    for new, old in zip((seconds, memory), before[1], strict=True)
                ]
            rows.append(
                [
                    f"{value} {NAMES.get(axis, axis)}",
                    f"{seconds * 1e3:,.0f} ms",
                    exponents[0],
                    f"{memory:,.0f}",
                    exponents[1],
                ]
            )
    header = ("", "update", "exponent", "memory, MiB", "exponent")
    text = (
        "An update of the fast recipe (node-cnn encoder, MLP decoder, 8 windows) on one core: CPU "
        "time and peak memory where one size grows and the others are "
        f"{TYPICAL['objects']} objects, {TYPICAL['frames']} frames, {TYPICAL['edge_types']} edge "
        f"types, batches of {TYPICAL['batch']}; of 4 where objects grow. An exponent is that of "
        "the step from the row above. Seeds are trainings of their own: twice as many cost "
        "twice as much.\n\n"
        f"{table(header, rows)}\n"
    )
    if quick:
        return text
    draw(curves)
    return f"{text}\n![Cost of an update against each size]({FIGURE.relative_to(DOCS)})\n"


def draw(curves: dict[str, list[tuple[int, tuple[float, float]]]]) -> None:
    """Time and memory of an update against each size, on logarithmic axes."""
    with plt.style.context(["default", STYLE]):
        figure, panels = plt.subplots(
            2, len(curves), figsize=(PAGE, 3.2), sharex="col", sharey="row", layout="constrained"
        )
        for column, (axis, points) in enumerate(curves.items()):
            values = [value for value, _ in points]
            for row, panel in enumerate(panels[:, column]):
                panel.loglog(values, [sizes[row] for _, sizes in points], "o-", color=OBJECTS[0])
                panel.set_xticks(values, [str(value) for value in values])
                panel.minorticks_off()
            panels[1, column].set_xlabel(NAMES.get(axis, axis))
        panels[0, 0].set_ylabel("CPU seconds of an update")
        panels[1, 0].set_ylabel("peak memory, MiB")
        figure.savefig(FIGURE, metadata={"Date": None})
        plt.close(figure)
