"""The explorer of the page, one piece of HTML with models that run in it."""

import argparse
from pathlib import Path

from nri.files import atomic_path
from nri.results.explorer.payload import explorer_payload
from nri.results.explorer.section import explorer_section


def main() -> None:
    """Put trained models, test samples and equations of runs into one file, in the order given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs",
        nargs="+",
        required=True,
        type=Path,
        help="results/runs/DATASET/RUN/seedN of each, of different data sets",
    )
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    text = explorer_section(explorer_payload(directory) for directory in arguments.runs)
    with atomic_path(arguments.output) as path:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
