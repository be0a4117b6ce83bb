"""Write the card of one run, README.md in its directory."""

import argparse
from pathlib import Path

from nri.files import atomic_path
from nri.logs import start_log
from nri.results.card import render_card


def main() -> None:
    """Read the record and the metrics of a run, write its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="directory of the evaluated run")
    parser.add_argument("--label", default="", help="what tables and figures call it")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    start_log()

    card = render_card(arguments.run, arguments.label)
    with atomic_path(arguments.output) as path:
        path.write_text(card, encoding="utf-8")


if __name__ == "__main__":
    main()
