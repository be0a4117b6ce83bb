"""Figure: the learned edges of a motion capture run, drawn on the skeleton."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from nri.catalogue import dataset_entry, paper_row
from nri.comparison import describe_scale
from nri.data.format import read_metadata
from nri.figures.skeleton import plot_learned_edges
from nri.figures.style import save
from nri.naming import row_names
from nri.results import read_config, run_record


def main() -> None:
    """Draw the first example of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", required=True, type=Path, help="examples.npz of the run")
    parser.add_argument("--config", required=True, type=Path, help="config.json of the run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    config = read_config(arguments.config)
    run = run_record(config)
    run = pd.DataFrame([{**run, "model": paper_row(run["encoder"], run["decoder"])}])
    name, dataset = row_names(run, within=[])[0], dataset_entry(run["dataset"][0]).title
    with np.load(arguments.examples) as examples:
        figure = plot_learned_edges(
            examples, read_metadata(arguments.data).skeleton, config["training"]["skip_first"]
        )
    save(
        figure,
        arguments.output,
        f"Learned edges, {dataset}",
        f"{dataset}, {name}, seed {run['seed'][0]}: edges of each type that are more likely than "
        "not, from sender to receiver, for the first test segment. " + describe_scale(run),
    )


if __name__ == "__main__":
    main()
