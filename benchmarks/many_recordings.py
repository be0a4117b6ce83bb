"""Time and memory of own data with thousands of recordings: in one table, and in a file each.

    python -m benchmarks.many_recordings 1000 10000

Writes so many recordings of three objects and 60 frames, and makes a data set of each kind by
scripts/prepare.py in a process of its own. Prints the rows of docs/reliability.md.
"""

import argparse
import contextlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import ROOT
from benchmarks.scale import measured

OBJECTS, FRAMES = 3, 60
FEATURES = ["x", "y"]


def table(recordings: int) -> pd.DataFrame:
    """Random walks, a row for each recording, frame and object."""
    shape = (recordings, FRAMES, OBJECTS)
    walks = np.random.default_rng(0).normal(size=(*shape, len(FEATURES))).cumsum(1).round(4)
    keys = np.indices(shape).reshape(len(shape), -1)
    found = pd.DataFrame(walks.reshape(-1, len(FEATURES)), columns=FEATURES)
    names = [f"{number:04}" for number in range(recordings)]
    return found.assign(recording=np.take(names, keys[0]), time=keys[1] / 10, object=keys[2])


def write(frame: pd.DataFrame, apart: bool, directory: Path) -> list[str]:
    """The table in one file, or in one for each recording; their names."""
    if not apart:
        frame.to_csv(directory / "all.csv", index=False)
        return ["all.csv"]
    for name, rows in frame.groupby("recording", sort=False):
        rows.to_csv(directory / f"{name}.csv", index=False)
    return sorted(path.name for path in directory.iterdir())


def row(recordings: int, apart: bool, directory: Path) -> str:
    """Prepare, and say what it took."""
    files = write(table(recordings), apart, directory)
    settings = {
        "source": "own",
        "path": files,
        "features": FEATURES,
        "velocities": FEATURES,
        "columns": {
            "sample": None if apart else "recording",
            "time": "time",
            "object": "object",
        },
        "frames": {"train": 49, "valid": 49, "test": 59},
        "split": {"by": "sample"},
    }
    words = ["--settings", json.dumps(settings), "--inputs", json.dumps({"files": files})]
    program = [sys.executable, str(ROOT / "scripts" / "prepare.py"), *words]
    peak, seconds = measured([*program, "--output", "data.h5"])
    kind = "a file each" if apart else "one table"
    return f"| {recordings:,} | {kind} | {peak:,.0f} | {seconds:,.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recordings", nargs="+", type=int)
    print("| recordings | in | MiB | CPU s |")
    print("|--:|:--|--:|--:|")
    for recordings in parser.parse_args().recordings:
        for apart in (False, True):
            # Of 10,000 files only short names fit on the command line of the program.
            with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
                print(row(recordings, apart, Path(directory)), flush=True)


if __name__ == "__main__":
    main()
