"""Figure: accuracy of the graph of each step where edges change in time."""

import argparse

from nri.data.format import read_metadata, read_split
from nri.figures.changing_edges import constant_accuracy, plot_changing_edges
from nri.figures.style import save
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale
from nri.results.rows import read_metrics, read_runs, without_studies, without_transfers


def main() -> None:
    """Draw all runs on a data set, but for studies and models trained elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", required=True, help="results/metrics.csv")
    parser.add_argument("--runs", required=True, help="results/runs.csv")
    parser.add_argument("--data", required=True, help="the data set, HDF5")
    parser.add_argument("--dataset", required=True, help="its name")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    runs, dataset = read_runs(arguments.runs), arguments.dataset
    metrics, shown = (
        without_transfers(without_studies(frame[frame["dataset"] == dataset], runs))
        for frame in (read_metrics(arguments.metrics), runs)
    )
    frames = read_metadata(arguments.data).config["frames"]["train"]
    edges = read_split(arguments.data, "test").edges
    title = dataset_entry(dataset).title
    save(
        plot_changing_edges(metrics, constant_accuracy(edges, frames)),
        arguments.output,
        f"Edges that change, {title}",
        f"{title}: accuracy of the graph that each step is predicted with, against the true one of "
        f"the frame that the step starts from. The first {frames} frames are seen; a re-estimated "
        f"graph is that of the latest {frames} before each step, predicted or true. Dotted: the "
        "type that is commonest in all later frames, said of every edge. Lines: mean over seeds; "
        "bands: standard error, where there are several. " + describe_scale(shown),
    )


if __name__ == "__main__":
    main()
