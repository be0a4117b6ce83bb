"""Simulations per second beside plain NumPy, and the paper's data set on the disk."""

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numba
import numpy as np

from benchmarks.clock import cpu_seconds, high_water, in_fresh_process, ratio_cell, table
from benchmarks.plain_simulation import plain_kuramoto, plain_particles
from nri.choices import SOURCES, load
from nri.data.simulated.randomness import generators

__all__ = ["report"]

CASES = [
    ("springs", 5),
    ("springs", 10),
    ("charged", 5),
    ("charged", 10),
    ("kuramoto", 5),
    ("kuramoto", 10),
]
FRAMES = 49
PAPER = {"train": 60_000, "valid": 10_000, "test": 10_000}


class Simulations:
    """Initial states of a system, and the two ways to go on from them."""

    def __init__(self, source: str, objects: int, count: int):
        self.source = source
        self.system = load(SOURCES[source])
        samples = {"train": count, "valid": 1, "test": 1}
        self.settings = self.system.Settings(source=source, objects=objects, samples=samples)
        self.initial, self.edges = self.system.draw(self.settings, generators(0, "train", 0, count))

    def ours(self) -> np.ndarray:
        """All of them, (samples, objects, frames, features)."""
        return self.system.simulate(self.settings, self.initial, self.edges, FRAMES)

    def plain(self, index: int) -> np.ndarray:
        """One of them, (objects, frames, features)."""
        initial, edges = self.initial[index], self.edges[index]
        if self.source == "kuramoto":
            return plain_kuramoto(initial, edges.astype(float), FRAMES)
        if self.source == "springs":
            return plain_particles(initial, -0.1 * edges, False, FRAMES)
        return plain_particles(initial, 2.0 * edges - 1.0, True, FRAMES)


def measure(source: str, objects: int, quick: bool) -> list[str]:
    """A row of the table."""
    simulations = Simulations(source, objects, 384 if quick else 1920)
    together = simulations.ours()  # compiled, or loaded
    plain, ours, apart = [], [], []
    for index in range(2 if quick else 9):
        plain.append(cpu_seconds(partial(simulations.plain, index)))
        ours.append(cpu_seconds(simulations.ours) / len(together))
        apart.append(np.abs(simulations.plain(index) - together[index])[:, :10].max())
    return [
        f"{source}, {objects} objects",
        f"{np.median(plain) * 1e3:,.0f} ms",
        f"{np.median(ours) * 1e6:,.0f} µs",
        ratio_cell(plain, ours),
        f"{np.max(apart):.0e}",
    ]


def write_paper_data(samples: dict[str, int]) -> tuple[float, float, float]:
    """Wall seconds, peak MiB above the start and MiB of the file of a springs data set."""
    springs = load(SOURCES["springs"])
    settings = springs.Settings(source="springs", objects=5, samples=samples)
    before, start = high_water(), time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "springs5.h5"
        springs.prepare(settings, {}, path, {}, numba.get_num_threads())
        size = path.stat().st_size
    return time.monotonic() - start, high_water() - before, size / 2**20


def compile_seconds() -> tuple[float, float]:
    """Seconds to the first simulations of all systems in a new process: compiled, and cached."""
    program = (
        "from benchmarks.simulation import Simulations\n"
        "[Simulations(s, 5, 1).ours() for s in ('springs', 'charged', 'kuramoto')]"
    )
    with tempfile.TemporaryDirectory() as directory:
        environment = os.environ | {"NUMBA_CACHE_DIR": directory}
        seconds = []
        for _ in range(2):
            start = time.monotonic()
            subprocess.run([sys.executable, "-c", program], env=environment, check=True)
            seconds.append(time.monotonic() - start)
    return seconds[0], seconds[1]


def report(quick: bool) -> str:
    """The section of the report."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    rows = [measure(*case, quick) for case in CASES]
    numba.set_num_threads(threads)
    header = ("49 frames", "plain NumPy", "ours", "ratio, median (range)", "difference")
    text = (
        "CPU time of one simulation on one core; plain NumPy simulates one at a time with the same "
        "steps (`benchmarks/plain_simulation.py`), ours many side by side. The difference is the "
        "largest in the first second: later, close encounters amplify rounding.\n\n"
        f"{table(header, rows)}\n"
    )
    if quick:
        return text
    cold, warm = compile_seconds()
    rows = []
    for factor in (0.1, 1.0):
        samples = {split: int(factor * count) for split, count in PAPER.items()}
        wall, memory, size = in_fresh_process(write_paper_data, samples)
        rows.append([f"{sum(samples.values()):,}", f"{wall:.1f} s", f"{memory:.0f}", f"{size:.0f}"])
    header = ("springs, 5 objects, to HDF5", "wall time", "peak memory, MiB", "file, MiB")
    return (
        f"{text}\n{table(header, rows)}\n\nOn {threads} threads. The first simulation in a new "
        f"process waits {cold:.0f} s for the kernels of all three systems to compile, and "
        f"{warm:.1f} s once they are cached (both with Python's own start).\n"
    )
