"""Figure: the graphs that the seeds of a run infer of own data, how sure and how stable."""

import argparse
from pathlib import Path

import pandas as pd

from nri.figures.captions import shown_runs
from nri.figures.edges import plot_edges
from nri.figures.style import save
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale


def main() -> None:
    """Draw the table of inferred edges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", required=True, type=Path, help="the inferred edges, CSV")
    parser.add_argument("--configs", required=True, nargs="+", type=Path, help="of every seed")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    edges = pd.read_csv(arguments.edges, dtype={"sender": str, "receiver": str})
    runs = shown_runs(arguments.configs)
    run, dataset = runs.iloc[0], dataset_entry(runs["dataset"].iloc[0]).title
    agreed = f"{100 * (edges['agreement'] == 1).mean():.0f} %"
    seeds = f"the mean of {len(runs)} seeds" if len(runs) > 1 else f"seed {run['seed']}"
    stability = f" All seeds agree on {agreed} of all edges." if len(runs) > 1 else ""
    save(
        plot_edges(edges, int(run["edge_types"])),
        arguments.output,
        f"Inferred edges, {dataset}",
        f"{dataset}, {run['name']}: the type of each edge by {seeds}, of the first test samples, "
        "unchosen, with its probability in percent (in brackets: the seeds differ); right, the "
        "probabilities of all edges of all test samples. Types of different seeds are matched one "
        f"to one.{stability} " + describe_scale(runs),
    )


if __name__ == "__main__":
    main()
