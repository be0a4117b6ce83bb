"""One table, ours beside the paper's or our studies: CSV, Markdown, LaTeX, HTML, every seed."""

import argparse
import json

from nri.files import atomic_path, write_table
from nri.results.comparison import compare, every_seed, read_paper_numbers
from nri.results.rows import read_metrics, read_runs, without_studies
from nri.results.studies import compare_studies, render_studies, study_seeds
from nri.results.tables import TABLES, render


def main() -> None:
    """Write OUTPUT.csv, .md, .tex, .html and OUTPUT_seeds.csv for the table asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", required=True, help="results/metrics.csv")
    parser.add_argument("--runs", required=True, help="results/runs.csv")
    parser.add_argument("--paper", required=True, help="config/paper_numbers.csv")
    parser.add_argument("--table", choices=[*TABLES, "studies"], required=True)
    parser.add_argument("--studies", default={}, type=json.loads, help="{NAME: TITLE}, as JSON")
    parser.add_argument("--output", required=True, help="the files' path without extension")
    arguments = parser.parse_args()

    metrics = read_metrics(arguments.metrics)
    runs = read_runs(arguments.runs)
    languages = ("md", "tex", "html")
    if arguments.table == "studies":
        comparison = compare_studies(metrics, runs, arguments.studies)
        seeds = study_seeds(metrics, runs, arguments.studies)
        texts = {markup: render_studies(comparison, markup) for markup in languages}
    else:
        metric = TABLES[arguments.table].metric
        comparison = compare(metrics, runs, read_paper_numbers(arguments.paper), metric)
        seeds = every_seed(without_studies(metrics, runs), runs, metric)
        texts = {markup: render(comparison, arguments.table, markup) for markup in languages}

    for markup, text in texts.items():
        with atomic_path(f"{arguments.output}.{markup}") as path:
            path.write_text(text)
    write_table(comparison, f"{arguments.output}.csv")
    write_table(seeds, f"{arguments.output}_seeds.csv")


if __name__ == "__main__":
    main()
