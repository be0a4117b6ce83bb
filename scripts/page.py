"""The page of results, one HTML file that needs nothing beside it."""

import argparse
from pathlib import Path

from nri.files import atomic_path
from nri.results.comparison import read_paper_numbers
from nri.results.page import read_figure, render_page
from nri.results.rows import read_metrics, read_runs


def main() -> None:
    """Put tables and figures that exist on one page, in the order given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", required=True, help="results/metrics.csv")
    parser.add_argument("--runs", required=True, help="results/runs.csv")
    parser.add_argument("--paper", required=True, help="config/paper_numbers.csv")
    parser.add_argument("--tables", nargs="+", required=True, type=Path, help="HTML of the tables")
    parser.add_argument("--figures", nargs="*", default=[], help="SVG of the figures")
    parser.add_argument("--explorer", type=Path, help="HTML of the explorer, to be put in as it is")
    parser.add_argument("--command", required=True, help="what makes this page, for its reader")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    page = render_page(
        read_metrics(arguments.metrics),
        read_runs(arguments.runs),
        read_paper_numbers(arguments.paper),
        {path.stem: path.read_text(encoding="utf-8") for path in arguments.tables},
        [read_figure(path) for path in arguments.figures],
        arguments.command,
        arguments.explorer.read_text(encoding="utf-8") if arguments.explorer else "",
    )
    with atomic_path(arguments.output) as path:
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
