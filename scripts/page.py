"""The page of results, one HTML file that needs nothing beside it."""

import argparse
import json
from pathlib import Path

from nri.files import atomic_path
from nri.logs import start_log
from nri.results.comparison import read_paper_numbers
from nri.results.external import read_external
from nri.results.page.data_sets import read_data_set
from nri.results.page.figures import read_figure
from nri.results.page.published import read_best_published
from nri.results.page.records import read_records
from nri.results.page.render import Results, render_page
from nri.results.rows import read_metrics, read_runs
from nri.results.verdicts import read_verdict


def main() -> None:
    """Put tables and figures that exist on one page, in the order given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", required=True, help="results/metrics.csv")
    parser.add_argument("--runs", required=True, help="results/runs.csv")
    parser.add_argument("--paper", required=True, help="config/paper_numbers.csv")
    parser.add_argument("--best", required=True, help="config/best_published.csv")
    parser.add_argument("--studies", default={}, type=json.loads, help="{NAME: TITLE}, as JSON")
    parser.add_argument("--external", help="results/external.csv: what was measured elsewhere")
    parser.add_argument("--configs", nargs="*", default=[], help="config.json of each run")
    parser.add_argument("--data", nargs="*", default=[], help="HDF5 of each data set")
    parser.add_argument("--verdicts", nargs="*", default=[], type=Path, help="verdict.json of runs")
    parser.add_argument("--tables", nargs="*", default=[], type=Path, help="HTML of other tables")
    parser.add_argument("--figures", nargs="*", default=[], help="SVG of the figures")
    parser.add_argument("--explorer", type=Path, help="HTML of the explorer, to be put in as it is")
    parser.add_argument("--command", required=True, help="what makes this page, for its reader")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    start_log()

    results = Results(
        metrics=read_metrics(arguments.metrics),
        runs=read_runs(arguments.runs),
        paper=read_paper_numbers(arguments.paper),
        best=read_best_published(arguments.best),
        studies=arguments.studies,
        records=read_records(arguments.configs),
        external=read_external(arguments.external) if arguments.external else None,
        data=[read_data_set(path) for path in arguments.data],
        verdicts={"/".join(path.parts[-3:-1]): read_verdict(path) for path in arguments.verdicts},
    )
    page = render_page(
        results,
        [read_figure(path) for path in arguments.figures],
        arguments.command,
        tables=[path.read_text(encoding="utf-8") for path in arguments.tables],
        explorer=arguments.explorer.read_text(encoding="utf-8") if arguments.explorer else "",
    )
    with atomic_path(arguments.output) as path:
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
