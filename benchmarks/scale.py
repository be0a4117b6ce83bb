"""Memory of a large data set: while it is simulated, and while a small model is trained on it.

    python -m benchmarks.scale 10000 100000 400000

Simulates so many springs of five objects, and trains for some dozens of updates, each in a process
of its own. Prints a row of docs/reliability.md for each size; needs two bytes of disk for each of
the data, some gigabytes for the last.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks import ROOT
from nri.config.runs import Run
from nri.config.training import TrainingSettings
from nri.data.format import Dataset
from nri.data.simulated.springs import Springs

UPDATES, BATCH = 32, 128


def simulate(simulations: int, path: Path) -> None:
    """Write a data set with so many simulations to train on."""
    samples = {"train": simulations, "valid": 1000, "test": 1000}
    Springs.prepare(Springs.Settings(source="springs", objects=5, samples=samples), {}, path, {})


def training(simulations: int, data: Path, directory: Path) -> list[str]:
    """The arguments of a training of so many updates."""
    settings = TrainingSettings(
        encoder_hidden=32,
        decoder_hidden=32,
        epochs=UPDATES * BATCH / simulations,
        batch_size=BATCH,
        encoder_inputs="changes",
        standardise=True,
        loss_windows=8,
    )
    run = Run(dataset="springs5", encoder="mlp", decoder="mlp", edge_types=2, training=settings)
    arguments = ["--run", run.model_dump_json(), "--seed", "1", "--data", str(data)]
    arguments += ["--checkpoints", str(directory / "checkpoints")]
    return [*arguments, "--output", str(directory / "run")]


def measured(command: list[str]) -> tuple[float, float]:
    """Peak memory in MiB and CPU seconds of a program, as Linux counts them."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    seen, peak, seconds = psutil.Process(process.pid), 0.0, 0.0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):  # none of one that has just ended
            peak, times = int(found[1]) / 1024, seen.cpu_times()
            seconds = times.user + times.system
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: ended with exit code {process.returncode}")
    return peak, seconds


def row(simulations: int, directory: Path) -> str:
    """Simulate, train, and say what both took."""
    data = directory / f"{simulations}.h5"
    program = [sys.executable, "-m", "benchmarks.scale"]
    peak, seconds = measured([*program, str(simulations), "--simulate", str(data)])
    with Dataset(data) as opened:
        size = opened.size("train") / 2**20
    program = [sys.executable, str(ROOT / "scripts" / "train.py")]
    trained, _ = measured([*program, *training(simulations, data, directory / str(simulations))])
    cells = (simulations, size, data.stat().st_size / 2**20, peak, seconds, trained)
    data.unlink()
    return "| " + " | ".join(f"{cell:,.0f}" for cell in cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("simulations", nargs="+", type=int)
    parser.add_argument("--simulate", type=Path, help="only write this data set")
    arguments = parser.parse_args()
    if arguments.simulate:
        simulate(arguments.simulations[0], arguments.simulate)
        return
    print("| simulations | loaded, MiB | file, MiB | simulating, MiB | CPU s | training, MiB |")
    print("|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as directory:
        for simulations in arguments.simulations:
            print(row(simulations, Path(directory)), flush=True)


if __name__ == "__main__":
    main()
