"""Trainings on one data set: accuracy of the graph and likelihood, over updates and time."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.evaluation.metrics_file import ROW
from nri.figures.captions import if_of_paper
from nri.figures.program import read_paths
from nri.figures.style import (
    FADED,
    PAGE,
    legend_below,
    line_style,
    panel_title,
    save,
    styled,
)
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale
from nri.results.naming import row_names
from nri.results.rows import in_order, read_config, read_curve, run_key, run_record

__all__ = ["plot_curves", "read_curves"]

MEASURES = {
    "valid_edge_accuracy": "edge accuracy (validation)",
    "valid_nll": "negative log-likelihood (validation)",
}
REFINED = "valid_refined_accuracy"
"""Accuracy of the graphs that the decoder infers while an encoder is learning them, if there is."""
AXES = {"step": "gradient updates", "process_seconds": "CPU time (s)"}


def read_curves(
    curves: Sequence[str | os.PathLike],
    configs: Sequence[str | os.PathLike],
    labels: Mapping[str, str],
) -> pd.DataFrame:
    """Read the curve.csv of several runs into one frame, each with what its config.json says.

    Columns: those of `nri.results.rows.run_record`, with the curve's own process_seconds, then the
    label of the run, the stage, the measures and the axes. labels: as `shown_runs`. Graphs that a
    decoder infers beside its encoder have rows of their own, whose graph is "refined".
    Raises ResultsError if a file is unreadable or lacks a column.
    """
    columns = ["stage", *AXES, *MEASURES]
    frames = []
    for path, config in zip(curves, configs, strict=True):
        run = run_record(read_config(config))
        whole = read_curve(path, list(MEASURES))
        curve = whole[columns].copy()
        # The loss of a supervised encoder is not of the motion, nor is there one of an encoder that
        # is taught, which the training writes down as 0.
        no_likelihood = (run["decoder"] == "none") | (curve["valid_nll"] == 0)
        curve["valid_nll"] = curve["valid_nll"].mask(no_likelihood)
        of_run = {name: value for name, value in run.items() if name not in columns}
        frames.append(curve.assign(**of_run, label=labels.get(run_key(config), "")))
        if REFINED in whole and whole[REFINED].notna().any():
            better = frames[-1].assign(
                graph="refined", valid_edge_accuracy=whole[REFINED], valid_nll=np.nan
            )
            frames.append(better[whole[REFINED].notna()])
    return in_order(pd.concat(frames, ignore_index=True))


@styled
def plot_curves(curves: pd.DataFrame) -> Figure:
    """Draw accuracy and likelihood of one data set's trainings, a thin line for each seed.

    curves: as `read_curves`. Where a training has stages, the likelihood is that of each stage
    and its line is broken between them. Raises ValueError if the curves are of several data sets.
    """
    datasets = curves["dataset"].unique()
    if len(datasets) != 1:
        raise ValueError(f"one data set for each figure, not {', '.join(datasets)}")
    curves = curves.assign(name=row_names(curves, within=[]))
    measures = [name for name in MEASURES if curves[name].notna().any()]
    figure = Figure(figsize=(PAGE, 0.6 + 1.9 * len(measures)))
    grid = figure.subplots(len(measures), len(AXES), sharex="col", sharey="row", squeeze=False)
    styles = _styles(curves)
    for row, measure in zip(grid, measures, strict=True):
        for axes, along in zip(row, AXES, strict=True):
            for (name, *_), line in curves.groupby(["name", "seed", "stage"], sort=False):
                # A training that ends within its first epoch is a point.
                look = {**styles[name], "marker": "o" if len(line) == 1 else "", "markersize": 2.5}
                axes.plot(line[along], line[measure], **look, linewidth=0.8, alpha=0.85)
        row[0].set_ylabel(MEASURES[measure])
        if measure == "valid_edge_accuracy":
            _mark_chance(row, 1 / curves["edge_types"].min())
        elif (curves[measure].dropna() > 0).all():
            row[0].set_yscale("log")
            row[0].set_ylim(top=1.2 * _largest_after_start(curves, measure))
        else:
            row[0].set_yscale("symlog", linthresh=10)
    for axes, along in zip(grid[-1], AXES.values(), strict=True):
        axes.set_xlabel(along)
    panel_title(grid[0, 0], dataset_entry(datasets[0]).title)
    legend_below(figure, [Line2D([], [], **style, label=name) for name, style in styles.items()])
    return figure


def _styles(curves: pd.DataFrame) -> dict[str, dict]:
    styles: dict[str, dict] = {}
    places: dict[tuple[str, str, str], int] = {}
    for _, run in curves.drop_duplicates(ROW).iterrows():
        kind = (run["model"], run["graph"], run["recipe"])
        places[kind] = places.get(kind, -1) + 1
        styles[run["name"]] = line_style(*kind, places[kind])
    return styles


def _largest_after_start(curves: pd.DataFrame, measure: str) -> float:
    """Without the first twentieth of each line, beside which the rest would look flat."""
    known = curves.dropna(subset=[measure])
    steps = known.groupby(["name", "seed", "stage"])["step"]
    first, last = steps.transform("min"), steps.transform("max")
    return known.loc[known["step"] >= first + (last - first) / 20, measure].max()


def _mark_chance(row: Sequence[Axes], chance: float) -> None:
    for axes in row:
        axes.axhline(chance, color=FADED, linewidth=0.8, linestyle=":")
        axes.set_ylim(min(axes.get_ylim()[0], chance - 0.05), 1.005)
    row[0].annotate(
        f"chance ({chance:.2g})",
        (1, chance),
        xycoords=("axes fraction", "data"),
        xytext=(0, -2),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=6,
        color="#666666",
    )


def caption(curves: pd.DataFrame) -> str:
    """Say what `plot_curves` shows."""
    dataset = dataset_entry(curves["dataset"].iloc[0]).title
    runs = curves.drop_duplicates(["encoder", "decoder", "edge_types", "recipe", "seed"])
    names = curves["dataset"].unique()
    dashed = if_of_paper(names, "not the paper's recipe", "a recipe with a name")
    return (
        f"{if_of_paper(names, 'Not in the paper. ')}{dataset}: on the validation split during "
        "training, one thin line for each seed, over gradient updates (left) and CPU seconds of "
        "the process (right). The accuracy is that of the graphs that a stage works with: the "
        "decoder's where it finds them, the encoder's where it is taught, those that were given "
        "in a refit; where graphs are sampled from the encoder, its own and, as refined, those "
        "that its decoder infers of 200 simulations. A logarithmic axis may leave out values of "
        "the first twentieth of a line. "
        f"Dashed: {dashed}, whose likelihood may be another and is then not on one scale. "
        + describe_scale(runs.reset_index(drop=True))
    )


def main() -> None:
    """Draw the curves of several runs on one data set."""
    paths = read_paths(__doc__, several=["curves", "configs"])
    curves = read_curves(paths.curves, paths.configs, paths.labels)
    title = f"Training, {dataset_entry(curves['dataset'].iloc[0]).title}"
    save(plot_curves(curves), paths.output, title, caption(curves))


if __name__ == "__main__":
    main()
