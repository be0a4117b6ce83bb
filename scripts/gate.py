"""Simulate data of the size and shape of own data, with known edges, to train a run on as well.

python scripts/gate.py --run results/runs/mine/mlp-mlp-k2/seed1 --data results/data/mine.h5
       --windows results/data/mine.windows.csv --output gate

Writes the recordings and an overlay, OUTPUT/gate.yaml, with a data set mine_gate and the same run
on it. Its verdict says how many of the true edges this amount of data can show (docs/verdict.md).
"""

import argparse
from pathlib import Path

import numpy as np
import yaml

from nri.csv_table import read_table
from nri.data.format import read_metadata
from nri.data.own.gate import simulate_like
from nri.data.own.windows import WINDOW_COLUMNS
from nri.files import atomic_path, make_again
from nri.records import read_record


def main() -> None:
    """Read the arguments, simulate, write the recordings and the overlay."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", required=True, type=Path, help="directory of a run on the data")
    parser.add_argument("--data", required=True, type=Path, help="its data set, HDF5")
    parser.add_argument("--windows", required=True, type=Path, help="where samples are from, CSV")
    parser.add_argument("--output", required=True, type=Path, help="directory to write to")
    arguments = parser.parse_args()
    record = read_record(arguments.run / "config.json", "identity", "training")
    metadata = read_metadata(arguments.data)
    windows = read_table(arguments.windows, WINDOW_COLUMNS, make_again(arguments.windows))
    frames = metadata.config["frames"]
    made = simulate_like(windows, frames, metadata.frame_interval)
    paths = {split: arguments.output.absolute() / f"{split}.npz" for split in made}
    for split, arrays in made.items():
        with atomic_path(paths[split]) as path:
            np.savez(path, trajectories=arrays["trajectories"], edges=arrays["edges"])
    name, identity = f"{arguments.data.stem}_gate", record["identity"]
    entry = {
        "source": "own",
        "path": {split: [str(path)] for split, path in paths.items()},
        "features": ["x", "y", "vx", "vy"],
        "shared_ranges": [["x", "y"], ["vx", "vy"]],
        "edge_types": ["none", "spring"],
        "frames": frames,
        "frame_interval": 0.1,
        "stride": metadata.config["stride"],
        "gaps": "cut",
    }
    run = {key: identity[key] for key in ("encoder", "decoder", "edge_types", "recipe")}
    run |= {"dataset": name, "training": record["training"]}
    overlay = {"datasets": {name: entry}, "runs": [run], "baselines": []}
    with atomic_path(arguments.output / "gate.yaml") as path:
        path.write_text(yaml.safe_dump(overlay, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    main()
