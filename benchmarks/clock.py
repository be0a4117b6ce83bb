"""Process CPU time and peak memory, and how ratios of them are written."""

import multiprocessing
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["cpu_seconds", "high_water", "in_fresh_process", "raised_peak", "ratio_cell", "table"]


def cpu_seconds(work: Callable[[], Any], repeats: int = 1) -> float:
    """Process CPU time of one call, averaged over `repeats`."""
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def ratio_cell(slow: Sequence[float], fast: Sequence[float]) -> str:
    """Median and range of the ratios of measurements that took turns."""
    ratios = sorted(s / f for s, f in zip(slow, fast, strict=True))
    median, low, high = (
        f"{r:,.{0 if ratios[0] > 20 else 2}f}"
        for r in (statistics.median(ratios), ratios[0], ratios[-1])
    )
    return f"{median} ({low}–{high})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def high_water() -> float:
    """The largest resident memory of this process so far, MiB (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def raised_peak(work: Callable[[], Any]) -> float:
    """MiB by which a call raises this process's peak; what is loaded once was loaded before."""
    before = high_water()
    work()
    return high_water() - before


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's result, from a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)
