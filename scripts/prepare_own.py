"""Cut own recordings (tables, arrays or a dataset file) into the samples of a dataset file."""

import argparse
import json
from pathlib import Path

from nri.data.format import SPLITS
from nri.data.own.prepare import prepare_own
from nri.files import write_table
from nri.logs import start_log


def main() -> None:
    """Read the arguments, prepare, write the data set and where its samples are from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, type=json.loads, help="the data set")
    parser.add_argument("--files", required=True, nargs="+", type=Path, help="as `path` lists them")
    parser.add_argument("--edges", type=Path, help="the known edges, CSV")
    parser.add_argument("--output", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--windows", required=True, type=Path, help="where each sample is from")
    arguments = parser.parse_args()
    start_log()
    path, files = arguments.settings["path"], {"": arguments.files}
    if isinstance(path, dict):
        rest = iter(arguments.files)
        files = {split: [next(rest) for _ in path[split]] for split in SPLITS}
    windows = prepare_own(arguments.settings, files, arguments.edges, arguments.output)
    write_table(windows, arguments.windows)


if __name__ == "__main__":
    main()
