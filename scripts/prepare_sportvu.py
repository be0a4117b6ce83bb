"""Find the pick-and-rolls in tracked basketball games and cut them into a dataset file."""

import argparse
import json
from pathlib import Path

from nri.data.basketball.prepare import prepare_sportvu
from nri.data.format import SPLITS
from nri.files import write_table
from nri.logs import start_log


def main() -> None:
    """Read the arguments, prepare, write the data set and both reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, type=json.loads, help="the data set")
    parser.add_argument(
        "--files", required=True, nargs="+", type=Path, help="one for each game, as listed"
    )
    parser.add_argument("--output", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--games", required=True, type=Path, help="what each game gave, CSV")
    parser.add_argument("--segments", required=True, type=Path, help="where each is from, CSV")
    arguments = parser.parse_args()
    start_log()
    rest = iter(arguments.files)
    games = arguments.settings["games"]
    files = {split: [next(rest) for _ in games[split]] for split in SPLITS}
    reports = prepare_sportvu(arguments.settings, files, arguments.output)
    for report, output in zip(reports, (arguments.games, arguments.segments), strict=True):
        write_table(report, output)


if __name__ == "__main__":
    main()
