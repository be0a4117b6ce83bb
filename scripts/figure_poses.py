"""Figure: true and predicted poses of a motion capture run, several steps ahead."""

import argparse
from pathlib import Path

from nri.data.format import read_metadata
from nri.figures.captions import shown_runs
from nri.figures.examples import read_examples
from nri.figures.skeleton import plot_poses
from nri.figures.style import save
from nri.results.catalogue import dataset_entry, model_entry
from nri.results.comparison import describe_scale


def main() -> None:
    """Draw the first example of one run; config.json is read from beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", required=True, type=Path, help="examples.npz of a run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    runs = shown_runs([arguments.examples])
    run, dataset = runs.iloc[0], dataset_entry(runs["dataset"][0]).title
    metadata = read_metadata(arguments.data)
    colour = model_entry(run["model"]).colour
    save(
        plot_poses(read_examples(arguments.examples), metadata, colour),
        arguments.output,
        f"Predicted poses, {dataset}",
        f"As the paper's Figure 10. {dataset}, {run['name']}, seed {run['seed']}: the first test "
        "segment, unchosen, true and predicted, so many frames "
        f"({metadata.frame_interval * 1000:.1f} ms each) after the last true one; right, the mean "
        "distance between the predicted and the true place of a joint. " + describe_scale(runs),
    )


if __name__ == "__main__":
    main()
