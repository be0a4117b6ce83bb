"""Figure: true and predicted motion beside the true and the inferred graph, of one run."""

import argparse
from pathlib import Path

from nri.figures.captions import shown_runs
from nri.figures.examples import read_examples
from nri.figures.style import save
from nri.figures.trajectories import plot_trajectories
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale


def main() -> None:
    """Draw the examples of one run; config.json is read from beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", required=True, type=Path, help="examples.npz of a run")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    runs = shown_runs([arguments.examples])
    run, dataset = runs.iloc[0], dataset_entry(runs["dataset"][0]).title
    save(
        plot_trajectories(read_examples(arguments.examples, "posterior")),
        arguments.output,
        f"Motion and graph, {dataset}",
        f"As the paper's Figure 5. {dataset}, {run['name']}, seed {run['seed']}: the first test "
        "samples, unchosen, as observed (thin, faded), as they went on (broad, faded) and as "
        "predicted from the inferred graph alone; below, the true graph and the inferred one, the "
        "more opaque the more certain. " + describe_scale(runs),
    )


if __name__ == "__main__":
    main()
