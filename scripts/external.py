"""Check the numbers that were measured elsewhere, and keep a copy of them: results/external.csv."""

import argparse

from nri.files import write_table
from nri.logs import start_log
from nri.results.external import read_external


def main() -> None:
    """Read the user's file, check it, write the copy that tables and figures read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", required=True, help="the user's file, CSV")
    parser.add_argument("--datasets", required=True, nargs="*", help="those of the configuration")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    start_log()

    write_table(read_external(arguments.file, arguments.datasets), arguments.output)


if __name__ == "__main__":
    main()
