"""Tabulate what the rules for pick-and-rolls made of each tracked game."""

import argparse
from pathlib import Path

from nri.files import atomic_path
from nri.logs import start_log
from nri.results.catalogue import dataset_entry
from nri.results.games_table import games_table, read_games


def main() -> None:
    """Read the report of a data set, DATASET.games.csv, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", required=True, type=Path, help="what each game gave, CSV")
    parser.add_argument("--output", required=True, type=Path, help="the table, HTML")
    arguments = parser.parse_args()
    start_log()

    dataset = arguments.games.name.removesuffix(".games.csv")
    table = games_table(read_games(arguments.games), dataset_entry(dataset).title)
    with atomic_path(arguments.output) as path:
        path.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
