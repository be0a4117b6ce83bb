"""Figure: accuracy and likelihood during the trainings on one dataset, every seed."""

import argparse

from nri.figures.curves import plot_curves, read_curves
from nri.figures.style import save
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale


def main() -> None:
    """Draw the curves of the runs given; config.json is read from beside each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curves", nargs="+", required=True, help="curve.csv of each run")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    curves = read_curves(arguments.curves)
    runs = curves.drop_duplicates(["encoder", "decoder", "edge_types", "recipe", "seed"])
    dataset = dataset_entry(curves["dataset"].iloc[0]).title
    save(
        plot_curves(curves),
        arguments.output,
        f"Training, {dataset}",
        f"Not in the paper. {dataset}: on the validation split during training, one thin line for "
        "each seed, over gradient updates (left) and CPU seconds of the process (right); dashed: "
        "not the paper's recipe, whose likelihood may be another and is then not on one scale. "
        + describe_scale(runs.reset_index(drop=True)),
    )


if __name__ == "__main__":
    main()
