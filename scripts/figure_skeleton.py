"""Figure: the edges that a run learned on motion capture, drawn on the walking skeleton."""

import argparse
from pathlib import Path

from nri.data.format import read_metadata
from nri.figures.captions import shown_runs
from nri.figures.examples import read_examples
from nri.figures.skeleton import plot_learned_edges
from nri.figures.style import save
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale
from nri.results.rows import read_config


def main() -> None:
    """Draw the first example of one run; config.json is read from beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", required=True, type=Path, help="examples.npz of a run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    runs = shown_runs([arguments.examples])
    run, dataset = runs.iloc[0], dataset_entry(runs["dataset"][0]).title
    config = read_config(arguments.examples.with_name("config.json"))
    skip_first = config["training"]["skip_first"]
    examples = read_examples(arguments.examples, "window_posterior")
    metadata = read_metadata(arguments.data)
    frames = examples.observed.shape[2] - 1
    save(
        plot_learned_edges(examples, metadata, skip_first),
        arguments.output,
        f"Learned edges, {dataset}",
        f"As the paper's Figure 7. {dataset}, {run['name']}, seed {run['seed']}: edges that are "
        "more likely than not, from sender to receiver, along the first test segment, unchosen. "
        f"Rows: edge types{', without type 0, which is no edge' if skip_first else ''}; columns: "
        f"the encoder's window of {frames} frames ({frames * metadata.frame_interval:.2f} s), "
        "named by the time of its last frame, whose pose is drawn. " + describe_scale(runs),
    )


if __name__ == "__main__":
    main()
