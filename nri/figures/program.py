"""The command line that all programs of figures share: files in, files out."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from nri.logs import start_log

__all__ = ["read_paths"]

HELP = {
    "config": "config.json of the run",
    "configs": "config.json of every run",
    "curves": "curve.csv of every run, in the order of the configs",
    "data": "the data set, HDF5",
    "edges": "the inferred edges, CSV",
    "external": "results/external.csv: what was measured elsewhere",
    "examples": "examples.npz of the run, or of every run in the order of the configs",
    "metrics": "results/metrics.csv",
    "output": "files to write: .svg, .png",
    "posterior": "posterior.npz of the run",
    "posteriors": "posterior.npz of every run, in the order of the configs",
    "runs": "results/runs.csv",
    "segments": "where each segment is from, CSV",
    "verdict": "verdict.json beside the edges",
}


def read_paths(
    description: str | None,
    *,
    one: Sequence[str] = (),
    several: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> argparse.Namespace:
    """Read `--NAME PATH` from the command line, `--NAME PATH PATH …` for names of `several`.

    Every figure also has `--output A.svg B.png`, and `--labels JSON`, what runs are called,
    {"DATASET/RUN": LABEL}, a mapping. The paths are attributes of what is returned:
    `Path`s for names of `one` and `optional` (None if it is not given), lists of `Path`s for
    `output` and names of `several`.
    """
    parser = argparse.ArgumentParser(description=description, fromfile_prefix_chars="@")
    for name in one:
        parser.add_argument(f"--{name}", required=True, type=Path, help=HELP.get(name))
    for name in optional:
        parser.add_argument(f"--{name}", type=Path, help=HELP.get(name))
    for name in (*several, "output"):
        parser.add_argument(f"--{name}", required=True, type=Path, nargs="+", help=HELP.get(name))
    parser.add_argument("--labels", default={}, type=json.loads, help="{RUN: LABEL}, as JSON")
    paths = parser.parse_args()
    start_log()
    return paths
