"""Figure: true and predicted motion beside the true and the inferred graph, of one run."""

import argparse
from pathlib import Path

import pandas as pd

from nri.catalogue import dataset_entry, paper_row
from nri.comparison import describe_scale
from nri.figures.style import save
from nri.figures.trajectories import plot_trajectories, read_examples
from nri.naming import row_names
from nri.results import read_config, run_record


def main() -> None:
    """Draw the examples of one run; config.json is read from beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", required=True, type=Path, help="examples.npz of a run")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    run = run_record(read_config(arguments.examples.with_name("config.json")))
    run = pd.DataFrame([{**run, "model": paper_row(run["encoder"], run["decoder"])}])
    name, dataset = row_names(run, within=[])[0], dataset_entry(run["dataset"][0]).title
    save(
        plot_trajectories(read_examples(arguments.examples)),
        arguments.output,
        f"Motion and graph, {dataset}",
        f"{dataset}, {name}, seed {run['seed'][0]}: test samples as observed (thin, faded), as "
        "they went on (broad, faded) and as predicted from the inferred graph alone; below, the "
        "true graph and the inferred one, the more opaque the more certain. " + describe_scale(run),
    )


if __name__ == "__main__":
    main()
