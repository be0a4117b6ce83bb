"""Figure 9: predicted phases of oscillators against the true ones, model by model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.figures.captions import shown_runs
from nri.figures.motion import Lanes, draw_prediction, lane_feature, sine_label
from nri.figures.program import read_paths
from nri.figures.style import (
    FADED,
    INK,
    KIND,
    PAGE,
    legend_below,
    line_style,
    panel_title,
    save,
    styled,
)
from nri.files import ResultsError
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale

__all__ = ["ModelExamples", "plot_phases"]

COLUMNS = 3  # panels side by side on a page
OSCILLATORS = 5  # the first few, one below the other
PAST = 10  # frames before the prediction starts, for the eye
UNRELATED = 8 / np.pi**2  # mean |sin α - sin β| of phases that know nothing of each other


@dataclass(frozen=True)
class ModelExamples:
    """A model's examples and how its line looks, as `nri.figures.style.line_style`."""

    examples: Examples
    style: dict


@styled
def plot_phases(models: Mapping[str, ModelExamples]) -> Figure:
    """Draw the first sample in a panel for each model, by its name, and the error in another.

    The error is the mean absolute one of the sine of the phase, over all samples and oscillators.
    Raises ResultsError if the models were shown different samples.
    """
    first = next(iter(models.values())).examples
    for name, model in models.items():
        if not np.array_equal(model.examples.truth, first.truth):
            raise ResultsError(f"{name}: the examples are of other data; evaluate all runs again")
    columns = min(COLUMNS, len(models) + 1)
    rows = math.ceil((len(models) + 1) / columns)
    figure = Figure(figsize=(PAGE, 0.35 + 2.4 * rows))
    grid = figure.add_gridspec(rows, columns)
    for place, (name, model) in enumerate(models.items()):
        axes = figure.add_subplot(grid[place])
        _draw_sample(axes, model.examples)
        panel_title(axes, name)
        if place % columns:
            axes.set_ylabel("")
    _draw_errors(figure.add_subplot(grid[-1, len(models) % columns :]), models)
    legend_below(
        figure,
        [
            Line2D([], [], color=FADED, linewidth=3, alpha=0.5, label="truth"),
            Line2D([], [], color=INK, linewidth=1.1, label="predicted"),
            *(Line2D([], [], **model.style, label=name) for name, model in models.items()),
        ],
    )
    return figure


def _draw_sample(axes: Axes, examples: Examples) -> None:
    observed = examples.observed[0, :OSCILLATORS, -PAST - 1 :]
    truth, predicted = examples.truth[0, :OSCILLATORS], needed(examples.predicted)[0, :OSCILLATORS]
    lanes = Lanes(examples.features, examples.units, np.concatenate([observed, truth], axis=1))
    draw_prediction(axes, lanes, observed, truth, predicted, start=1 - observed.shape[1])
    axes.set_xlabel("prediction step (frames)")


def _draw_errors(axes: Axes, models: Mapping[str, ModelExamples]) -> None:
    features = next(iter(models.values())).examples.features
    sine = lane_feature(features)
    for model in models.values():
        error = np.abs(needed(model.examples.predicted) - model.examples.truth)
        error = error[..., features.index(sine)].mean((0, 1))
        axes.plot(np.arange(1, len(error) + 1), error, **model.style)
    axes.axhline(UNRELATED, color=FADED, linewidth=0.8, linestyle=":")
    axes.annotate(
        f"unrelated phase ({UNRELATED:.2f})",
        (1, UNRELATED),
        xycoords=("axes fraction", "data"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=6,
        color="#666666",
    )
    axes.set(xlabel="prediction step (frames)", ylabel=f"mean |error| of {sine_label(sine)}")
    axes.set_ylim(0, min(axes.get_ylim()[1], 2.0))  # more than 2 is no sine any more
    panel_title(axes, "mean of all examples")


def caption(runs: pd.DataFrame, examples: Examples) -> str:
    """Say what `plot_phases` shows of these runs, one of which has these examples."""
    sine = sine_label(lane_feature(examples.features))
    seeds = ", ".join(map(str, sorted(set(runs["seed"]))))
    dataset, kept = dataset_entry(runs["dataset"][0]).title, len(examples.sample)
    return (
        f"As the paper's Figure 9. {dataset}: {sine} of the first test sample, unchosen, as it "
        "went on (broad, faded) and as each model predicted it from the dotted line on, NRI under "
        "the encoder's graph; and the "
        f"mean absolute error of {sine} over all {kept} examples that were kept. Dotted there: the "
        "error of a phase that has nothing to do with the true one. "
        f"Seed {seeds}. {describe_scale(runs)}"
    )


def main() -> None:
    """Draw the examples of several runs on one data set."""
    paths = read_paths(__doc__, several=["examples", "configs"])
    runs = shown_runs(paths.configs, paths.labels)
    examples_of = dict(zip(paths.configs, paths.examples, strict=True))
    places = runs.groupby(KIND).cumcount()
    models = {
        run["name"]: ModelExamples(
            Examples.load(examples_of[run["path"]], "predicted"),
            line_style(run["model"], run["graph"], run["recipe"], place),
        )
        for (_, run), place in zip(runs.iterrows(), places, strict=True)
    }
    examples = next(iter(models.values())).examples
    title = f"Phases, {dataset_entry(runs['dataset'][0]).title}"
    save(plot_phases(models), paths.output, title, caption(runs, examples))


if __name__ == "__main__":
    main()
