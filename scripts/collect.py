"""Collect the results of all runs: results/metrics.csv and results/runs.csv."""

import argparse
import json
from functools import cache

from nri.files import write_table
from nri.logs import start_log
from nri.results.rows import collect_metrics, collect_runs, read_metrics


def main() -> None:
    """Read every metrics.csv and config.json, check them, write the two tidy tables."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.csv of each run")
    parser.add_argument("--configs", nargs="*", default=[], help="config.json of each run")
    parser.add_argument(
        "--studies", default={}, type=json.loads, help="{RUN: {DATASET: STUDY}}, as JSON"
    )
    parser.add_argument("--labels", default={}, type=json.loads, help="{RUN: LABEL}, as JSON")
    parser.add_argument("--output-metrics", required=True)
    parser.add_argument("--output-runs", required=True)
    arguments = parser.parse_args()
    start_log()

    read = cache(read_metrics)
    metrics = collect_metrics(arguments.metrics, read)
    runs = collect_runs(arguments.configs, arguments.studies, arguments.labels, read)
    for table, path in ((metrics, arguments.output_metrics), (runs, arguments.output_runs)):
        write_table(table, path)


if __name__ == "__main__":
    main()
