"""Cut motion capture trials into the segments of a dataset file; list the glitches in them."""

import argparse
import json
import logging
from pathlib import Path

from nri.data.mocap.prepare import prepare_mocap
from nri.files import atomic_path
from nri.logs import start_log


def main() -> None:
    """Read the arguments, prepare, write both outputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, type=json.loads, help="the data set")
    parser.add_argument("--directory", required=True, type=Path, help="the subject's files")
    parser.add_argument("--output", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--glitches", required=True, type=Path, help="joints that jump, CSV")
    arguments = parser.parse_args()
    start_log()
    glitches = prepare_mocap(arguments.settings, arguments.directory, arguments.output)
    with atomic_path(arguments.glitches) as path:
        glitches.to_csv(path, index=False)
    for trial, rows in glitches.groupby("trial"):
        joints = ", ".join(rows["joint"].unique())
        frames = ", ".join(map(str, rows["frame"].unique()))
        logging.warning("trial %s: %s jump in frames %s, kept as recorded", trial, joints, frames)


if __name__ == "__main__":
    main()
