"""The picture that moves: a test sample is seen, its graph sharpens, the motion is predicted."""

import argparse
from pathlib import Path

from nri.evaluation.sharpening import sharpening
from nri.figures.captions import shown_run
from nri.figures.moving import draw_moving
from nri.files import atomic_path
from nri.logs import start_log


def main() -> None:
    """Draw the first test sample of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="results/runs/DATASET/RUN/seedN")
    parser.add_argument("--output", required=True, help="the picture, SVG")
    arguments = parser.parse_args()
    start_log()

    found = sharpening(arguments.run)
    name = shown_run(arguments.run / "config.json", {}).name
    title = f"{name}: test sample {found.sample}, unchosen"
    drawn = draw_moving(found.true, found.predicted, found.chances, found.edges, title)
    with atomic_path(arguments.output) as path:
        path.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
