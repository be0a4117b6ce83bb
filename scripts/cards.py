"""Write the card of each run, README.md in its directory."""

import argparse
import json
from pathlib import Path

from nri.files import atomic_path
from nri.logs import start_log
from nri.results.card import render_card


def main() -> None:
    """Read the record and the metrics of each run, write its card."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--runs", required=True, nargs="+", type=Path, help="directories of evaluated runs"
    )
    parser.add_argument(
        "--labels", default="{}", help="JSON: what tables call a run, by its DATASET/NAME"
    )
    parser.add_argument("--output", required=True, help="the paths of all cards, one a line")
    arguments = parser.parse_args()
    start_log()

    labels = json.loads(arguments.labels)
    cards = [run / "README.md" for run in arguments.runs]
    for run, place in zip(arguments.runs, cards, strict=True):
        card = render_card(run, labels.get("/".join(run.parts[-3:-1]), ""))
        with atomic_path(place) as path:
            path.write_text(card, encoding="utf-8")
    with atomic_path(arguments.output) as path:
        path.write_text("".join(f"{place}\n" for place in cards), encoding="utf-8")


if __name__ == "__main__":
    main()
