"""Simulate a dataset: springs, charged particles or Kuramoto oscillators."""

import argparse
import json
import sys
from pathlib import Path

import numba

from nri.data.simulated.prepare import simulate_dataset
from nri.logs import start_log


def main() -> None:
    """Parse the command line and write the dataset file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=json.loads, required=True, help="the dataset, as JSON")
    parser.add_argument("--output", type=Path, required=True, help="dataset file (HDF5)")
    parser.add_argument("--threads", type=int, default=1, help="cores to use")
    arguments = parser.parse_args()
    start_log()

    numba.set_num_threads(min(arguments.threads, numba.config.NUMBA_NUM_THREADS))
    try:
        simulate_dataset(arguments.settings, arguments.output)
    except ValueError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
