"""One small training for a long time, killed every so often: memory, files, and the same bytes.

    python -m benchmarks.soak --minutes 60 --every 180

First it is trained undisturbed, for a third of the time; then again with kills by SIGKILL, SIGTERM
and SIGINT in turn at random moments, until it has ended. Prints what docs/reliability.md says, and
ends with exit code 1 if weights or curve differ, a file is left over, or a process grows.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import psutil

from benchmarks import ROOT
from nri.config.runs import Run
from nri.config.training import TrainingSettings
from nri.data.simulated.springs import Springs

WAYS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
SECONDS = ["wall_seconds", "process_seconds"]  # all that may differ between two curves
GROWTH = 32  # MiB that a process may grow after its first checkpoint, but for
ROW = 3 / 1024  # MiB of an epoch: its row of the learning curve
SAMPLES = {"train": 256, "valid": 64, "test": 8}


@dataclass
class Watch:
    """Memory in MiB and open files of each process, once a second from its first checkpoint on."""

    memory: list[list[float]] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def look(self, process: psutil.Process) -> None:
        """Add what a process has now."""
        self.memory[-1].append(process.memory_info().rss / 2**20)
        self.files.append(process.num_fds())

    @property
    def growth(self) -> float:
        """The most that a process grew while it trained."""
        return max((max(life) - life[0] for life in self.memory if life), default=0.0)


def command(directory: Path, data: Path, epochs: int) -> list[str]:
    """The command line of the training that writes into a directory."""
    training = TrainingSettings(encoder_hidden=32, decoder_hidden=32, epochs=epochs, batch_size=32)
    run = Run(dataset="soak", encoder="mlp", decoder="mlp", edge_types=2, training=training)
    arguments = {
        "--run": run.model_dump_json(),
        "--seed": "1",
        "--data": str(data),
        "--checkpoints": str(directory / "checkpoints"),
        "--checkpoint-seconds": "5",
        "--output": str(directory / "run"),
    }
    flat = [part for pair in arguments.items() for part in pair]
    return [sys.executable, str(ROOT / "scripts" / "train.py"), *flat]


def train(
    directory: Path,
    arguments: list[str],
    watch: Watch,
    kill: signal.Signals | None = None,
    seconds: float = 0.0,
) -> bool:
    """Train until a signal after some seconds, or without one to the end; whether it got there."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL)
    seen, deadline = psutil.Process(process.pid), time.monotonic() + seconds
    began = time.time()
    watch.memory.append([])
    while process.poll() is None:
        if kill is not None and time.monotonic() > deadline:
            process.send_signal(kill)
            process.wait()
            break
        try:
            saved = (directory / "checkpoints").glob("*.pt")
            if any(path.stat().st_mtime > began for path in saved):
                watch.look(seen)
        except (psutil.Error, FileNotFoundError):  # it has just ended, or is saving
            pass
        time.sleep(1.0)
    return process.wait() == 0


def left_over(directory: Path) -> list[str]:
    """Files that neither a training nor its checkpoints should leave."""
    known = {"model.safetensors", "config.json", "curve.csv"}
    files = [path for path in directory.rglob("*") if path.is_file()]
    ours = {path.name for path in files if path.suffix == ".pt" or path.name.endswith(".previous")}
    return sorted(str(path) for path in files if path.name not in known | ours)


def outcome(directory: Path) -> tuple[bytes, pd.DataFrame]:
    """What two trainings must share: weights, and the curve without its seconds."""
    run = directory / "run"
    curve = pd.read_csv(run / "curve.csv").drop(columns=SECONDS)
    return (run / "model.safetensors").read_bytes(), curve


def soak(directory: Path, minutes: float, every: float) -> bool:
    """Do what the docstring of the module says; whether all was well."""
    data, draw, epochs = directory / "data.h5", random.Random(), 4
    entry = {"source": "springs", "objects": 5, "samples": SAMPLES}
    Springs.prepare(Springs.Settings(**entry), {}, data, {})
    watch, began = Watch(), time.monotonic()
    while True:  # twice as long until it takes its third
        calm, start = directory / f"calm{epochs}", time.monotonic()
        train(calm, command(calm, data, epochs), watch)
        took = time.monotonic() - start
        if took > 15 * minutes or time.monotonic() - began > 30 * minutes:
            break
        epochs = max(2 * epochs, int(0.8 * epochs * 20 * minutes / took))
    rough, kills = directory / "rough", 0
    while True:
        way, seconds = WAYS[kills % len(WAYS)], draw.uniform(0.2, 1.8) * every
        late = time.monotonic() - began > 60 * minutes
        if train(rough, command(rough, data, epochs), watch, None if late else way, seconds):
            break
        kills += 1
    (weights, curve), (again, rough_curve) = outcome(calm), outcome(rough)
    same, extra = weights == again and curve.equals(rough_curve), left_over(rough)
    print(
        f"{(time.monotonic() - began) / 60:.0f} minutes, {epochs} epochs, {kills} kills; "
        f"weights and curve {'the same' if same else 'NOT the same'}; "
        f"files left over: {', '.join(extra) or 'none'}; a process grew by {watch.growth:.0f} MiB "
        f"at most and had {max(watch.files, default=0)} files open at most"
    )
    return same and not extra and watch.growth < GROWTH + ROW * epochs


def main() -> None:
    """Soak in a directory that is removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", default=60.0, type=float, help="in all")
    parser.add_argument("--every", default=180.0, type=float, help="seconds between kills")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        sys.exit(0 if soak(Path(directory), arguments.minutes, arguments.every) else 1)


if __name__ == "__main__":
    main()
