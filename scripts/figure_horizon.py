"""Figure: error of the predictions over the horizon, a panel for each dataset."""

import argparse

from nri.figures.horizon import plot_horizon
from nri.figures.style import save
from nri.results.comparison import describe_scale
from nri.results.rows import read_metrics, read_runs, without_studies, without_transfers


def main() -> None:
    """Draw all runs that have the metric mse, but for studies and models trained elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", required=True, help="results/metrics.csv")
    parser.add_argument("--runs", required=True, help="results/runs.csv")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    runs = read_runs(arguments.runs)
    metrics, shown = (
        without_transfers(without_studies(frame, runs))
        for frame in (read_metrics(arguments.metrics), runs)
    )
    save(
        plot_horizon(metrics),
        arguments.output,
        "Error over the horizon",
        "As the paper's Figure 6, for all data sets. Mean squared error of the predicted test "
        "states, in normalised units, from the last true frame on. Lines: mean over seeds; bands: "
        "standard error, where there are several; dashed: not the paper's recipe. "
        + describe_scale(shown),
    )


if __name__ == "__main__":
    main()
