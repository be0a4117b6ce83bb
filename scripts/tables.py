"""One table of the paper, ours beside the paper's: CSV, Markdown, LaTeX, HTML, every seed."""

import argparse

from nri.comparison import compare, every_seed, read_paper_numbers
from nri.files import atomic_path
from nri.results import read_metrics, read_runs, write_table
from nri.tables import TABLES, render


def main() -> None:
    """Write OUTPUT.csv, .md, .tex, .html and OUTPUT_seeds.csv for the table asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", required=True, help="results/metrics.csv")
    parser.add_argument("--runs", required=True, help="results/runs.csv")
    parser.add_argument("--paper", required=True, help="config/paper_numbers.csv")
    parser.add_argument("--table", choices=TABLES, required=True)
    parser.add_argument("--output", required=True, help="the files' path without extension")
    arguments = parser.parse_args()

    metrics = read_metrics(arguments.metrics)
    runs = read_runs(arguments.runs)
    paper = read_paper_numbers(arguments.paper)
    metric = TABLES[arguments.table].metric
    comparison = compare(metrics, runs, paper, metric)

    for markup in ("md", "tex", "html"):
        with atomic_path(f"{arguments.output}.{markup}") as path:
            path.write_text(render(comparison, arguments.table, markup))
    with atomic_path(f"{arguments.output}.csv") as path:
        write_table(comparison, path)
    with atomic_path(f"{arguments.output}_seeds.csv") as path:
        write_table(every_seed(metrics, runs, metric), path)


if __name__ == "__main__":
    main()
