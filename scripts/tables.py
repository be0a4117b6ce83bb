"""One table, of a metric beside the paper's or of our studies: CSV, Markdown, LaTeX and HTML."""

import argparse
import json

from nri.files import atomic_path, write_table
from nri.logs import start_log
from nri.results.comparison import cells_of_table, every_seed, read_paper_numbers
from nri.results.external import read_external
from nri.results.metrics import metric_of_table
from nri.results.rows import read_metrics, read_runs, without_studies
from nri.results.studies import compare_studies, render_studies, study_seeds
from nri.results.tables import render


def main() -> None:
    """Write OUTPUT.csv, .md, .tex, .html and OUTPUT_seeds.csv for the table asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", required=True, help="results/metrics.csv")
    parser.add_argument("--runs", required=True, help="results/runs.csv")
    parser.add_argument("--paper", required=True, help="config/paper_numbers.csv")
    parser.add_argument("--table", required=True, help='of nri.results.metrics, or "studies"')
    parser.add_argument("--studies", default={}, type=json.loads, help="{NAME: TITLE}, as JSON")
    parser.add_argument("--external", help="results/external.csv: what was measured elsewhere")
    parser.add_argument("--output", required=True, help="the files' path without extension")
    arguments = parser.parse_args()
    start_log()

    metrics = read_metrics(arguments.metrics)
    runs = read_runs(arguments.runs)
    languages = ("md", "tex", "html")
    if arguments.table == "studies":
        comparison = compare_studies(metrics, runs, arguments.studies)
        seeds = study_seeds(metrics, runs, arguments.studies)
        texts = {language: render_studies(comparison, language) for language in languages}
    else:
        metric, paper = metric_of_table(arguments.table).name, read_paper_numbers(arguments.paper)
        comparison = cells_of_table(metrics, runs, paper, metric)
        external = read_external(arguments.external) if arguments.external else None
        seeds = every_seed(without_studies(metrics, runs), runs, metric)
        texts = {each: render(comparison, metric, each, external) for each in languages}

    for language, text in texts.items():
        with atomic_path(f"{arguments.output}.{language}") as path:
            path.write_text(text, encoding="utf-8")
    write_table(comparison, f"{arguments.output}.csv")
    write_table(seeds, f"{arguments.output}_seeds.csv")


if __name__ == "__main__":
    main()
