"""Figure: true and predicted motion on the court, of one run on basketball."""

import argparse
from pathlib import Path

from nri.data.format import read_metadata
from nri.figures.captions import shown_runs
from nri.figures.court import plot_court_predictions
from nri.figures.examples import read_examples
from nri.figures.style import save
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale


def main() -> None:
    """Draw the examples of one run; config.json is read from beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", required=True, type=Path, help="examples.npz of a run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    runs = shown_runs([arguments.examples])
    run, dataset = runs.iloc[0], dataset_entry(runs["dataset"][0]).title
    metadata, examples = read_metadata(arguments.data), read_examples(arguments.examples)
    observed, future = (
        motion.shape[2] * metadata.frame_interval for motion in (examples.observed, examples.truth)
    )
    save(
        plot_court_predictions(examples, metadata.objects),
        arguments.output,
        f"Motion on the court, {dataset}",
        f"As the paper's Figure 11. {dataset}, {run['name']}, seed {run['seed']}: the first test "
        f"segments, unchosen, as observed for {observed:.1f} s (thin, faded), as they went on for "
        f"{future:.1f} s (broad, faded) and as predicted. All plays are turned to attack the left "
        "basket. " + describe_scale(runs),
    )


if __name__ == "__main__":
    main()
