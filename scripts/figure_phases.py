"""Figure: predictions of oscillators against the truth, model by model."""

import argparse

from nri.figures.captions import shown_runs
from nri.figures.examples import read_examples
from nri.figures.phases import ModelExamples, plot_phases
from nri.figures.style import KIND, line_style, save
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale


def main() -> None:
    """Draw the examples of several runs on one data set; config.json is read from beside each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", nargs="+", required=True, help="examples.npz of each run")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    runs = shown_runs(arguments.examples)
    dataset = dataset_entry(runs["dataset"][0]).title
    places = runs.groupby(KIND).cumcount()
    models = {
        run["name"]: ModelExamples(read_examples(run["path"]), line_style(*run[KIND], place))
        for (_, run), place in zip(runs.iterrows(), places, strict=True)
    }
    kept = len(next(iter(models.values())).examples.sample)
    seeds = sorted(set(runs["seed"]))
    save(
        plot_phases(models),
        arguments.output,
        f"Phases, {dataset}",
        f"As the paper's Figure 9. {dataset}: sin φ of the first test sample, unchosen, as it went "
        "on (broad, faded) and as each model predicted it from the dotted line on; and the mean "
        f"absolute error of sin φ over all {kept} examples that were kept. Dotted there: the error "
        "of a phase that has nothing to do with the true one. "
        f"Seed {', '.join(map(str, seeds))}. " + describe_scale(runs),
    )


if __name__ == "__main__":
    main()
