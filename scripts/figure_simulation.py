"""Figure: one simulated sample and the graph behind it."""

import argparse
from pathlib import Path

from nri.data.format import read_metadata, read_split
from nri.figures.style import save
from nri.figures.systems import plot_simulation
from nri.results.catalogue import dataset_entry


def main() -> None:
    """Draw the first test sample of a data set that is named like its file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    metadata = read_metadata(arguments.data)
    split = read_split(arguments.data, "test", slice(0, 1))
    dataset = dataset_entry(arguments.data.stem).title
    seconds = split.trajectories.shape[2] * metadata.frame_interval
    kinds = " or ".join(f"“{name}”" for name in metadata.edge_types[1:])
    save(
        plot_simulation(split, metadata),
        arguments.output,
        f"The task, {dataset}",
        f"As the paper's Figure 1. {dataset}, the first test sample, unchosen: {seconds:.1f} s of "
        "motion, fading in with time, and in the same colours the true graph, whose lines are "
        f"edges of type {kinds}. A model is shown the motion alone. Nothing is learned here.",
    )


if __name__ == "__main__":
    main()
