"""Whether edges are as often right as their probabilities say: reliability of the posteriors."""

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.data.format import read_split
from nri.evaluation.archive import needed
from nri.evaluation.posterior_file import StoredPosterior
from nri.figures.captions import shown_runs
from nri.figures.colours import model_colour
from nri.figures.program import read_paths
from nri.figures.style import FADED, PAGE, legend_below, panel_title, save, styled
from nri.graph import matrix_to_edges
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale

__all__ = ["Reliability", "plot_calibration", "reliability"]

COLUMNS = 3  # runs side by side on a page
SUREST = 1e-4  # the probability of an error below which thousands of edges show nothing more
FEWEST = 20  # edges that a point stands for
TICKS = {0.5: "50", 0.1: "90", 0.01: "99", 1e-3: "99.9", 1e-4: "99.99"}
TITLE_LETTERS = 36  # in a line over a panel
RANGE = 0.95, 5e-5  # of both axes

GRAPHS = "inferred", "refined", "tempered"
"""The posteriors, named as in the column `graph` of metrics.csv."""


@dataclass(frozen=True)
class Reliability:
    """Edges sorted into bins by how much their most probable type is doubted, surest first.

    limits (B + 1,): of the bins, probabilities of an error. count, wrong (B,): edges in each, and
    those of them whose type is not the true one. doubt (B,): the mean stated probability of that.
    """

    limits: np.ndarray
    count: np.ndarray
    wrong: np.ndarray
    doubt: np.ndarray


def reliability(posterior: np.ndarray, matching: np.ndarray, edges: np.ndarray) -> Reliability:
    """Count the edges of a posterior (S, E, K) and of the truth (S, E), two bins to a factor ten.

    matching (K,): the true type that each of the model's types stands for.
    """
    chances = np.sort(posterior.astype(float), axis=-1)[..., :-1].sum(-1).ravel()
    doubts = np.maximum(chances, SUREST)  # summed, not 1 - p, which float32 rounds to nothing
    wrong = matching[posterior.argmax(-1)].ravel() != edges.ravel()
    highest = 1 - 1 / posterior.shape[-1]
    bins = round(2 * math.log10(highest / SUREST))
    limits = np.geomspace(SUREST, highest, bins + 1)
    place = np.clip(np.searchsorted(limits, doubts, side="right") - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    total = np.bincount(place, doubts, minlength=bins)
    return Reliability(
        limits=limits,
        count=count,
        wrong=np.bincount(place[wrong], minlength=bins),
        doubt=np.divide(total, count, out=np.full(bins, np.nan), where=count > 0),
    )


@styled
def plot_calibration(
    runs: Mapping[str, Mapping[str, Reliability]], temperatures: Mapping[str, float | None]
) -> Figure:
    """Draw the share of right edges over the stated probability, above how many edges state it.

    runs: for each run's name the reliability of each of its posteriors, by the names in `GRAPHS`.
    temperatures: of the tempered ones. Axes are logarithmic in the probability of an error.
    """
    columns = min(COLUMNS, len(runs))
    rows = math.ceil(len(runs) / columns)
    figure = Figure(figsize=(PAGE * max(columns, 1.5) / 3, 0.4 + 3.3 * rows))
    grid = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[2, 1] * rows)
    curves, counts = grid[::2], grid[1::2]
    for place, (name, posteriors) in enumerate(runs.items()):
        upper, lower = curves.flat[place], counts.flat[place]
        _draw_reliability(upper, posteriors)
        _draw_counts(lower, posteriors)
        upper.tick_params(labelbottom=False)
        panel_title(upper, textwrap.fill(name, TITLE_LETTERS))
        if temperatures[name] is not None:
            upper.text(0.04, 0.92, f"T = {temperatures[name]:.3g}", transform=upper.transAxes)
        if place % columns == 0:
            upper.set_ylabel("right (%)")
            lower.set_ylabel("edges (%)")
    for axes in (*curves.flat[len(runs) :], *counts.flat[len(runs) :]):
        axes.remove()
    shown = [name for name in GRAPHS if any(name in posteriors for posteriors in runs.values())]
    handles = [Line2D([], [], color=_colour(name), label=name) for name in shown]
    handles.append(Line2D([], [], color=FADED, linewidth=0.8, label="as stated"))
    legend_below(figure, handles)
    return figure


def _draw_reliability(axes: Axes, posteriors: Mapping[str, Reliability]) -> None:
    """Draw points with intervals of 95 %, and bounds where no edge of a bin is wrong."""
    axes.plot([1, SUREST], [1, SUREST], color=FADED, linewidth=0.8, zorder=1)
    for name, found in posteriors.items():
        there = found.count >= FEWEST
        doubt, count, wrong = found.doubt[there], found.count[there], found.wrong[there]
        low, high = _interval(wrong, count)
        colour, some = _colour(name), wrong > 0
        share = np.where(some, wrong / count, np.nan)  # breaks the line
        axes.plot(doubt, share, "o-", color=colour, markersize=3, linewidth=1.0)
        axes.vlines(doubt[some], low[some], high[some], color=colour, linewidth=0.8)
        axes.plot(doubt[~some], high[~some], "^", color=colour, markersize=4, fillstyle="none")
    axes.set_yscale("log")
    axes.set_yticks(list(TICKS), list(TICKS.values()))
    axes.set_ylim(*RANGE)
    _stated(axes)


def _draw_counts(axes: Axes, posteriors: Mapping[str, Reliability]) -> None:
    """Draw the share of all edges in each bin."""
    for name, found in posteriors.items():
        share = 100 * found.count / found.count.sum()
        axes.stairs(share, found.limits, color=_colour(name), linewidth=1.2)
    axes.set(yscale="log", ylim=(0.05, 150), xlabel="stated probability of the type (%)")
    axes.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    _stated(axes)


def _stated(axes: Axes) -> None:
    """Let the stated probability grow to the right, on the scale of what it lacks to one."""
    axes.set_xscale("log")
    axes.set_xticks(list(TICKS), list(TICKS.values()))
    axes.set_xlim(*RANGE)
    axes.minorticks_off()


def _interval(wrong: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of 95 % for the share of wrong edges: its ends, (B,) each."""
    z = 1.96
    centre = (wrong + z**2 / 2) / (count + z**2)
    half = z / (count + z**2) * np.sqrt(wrong * (count - wrong) / count + z**2 / 4)
    return centre - half, centre + half


def _colour(name: str) -> str:
    return model_colour("nri_learned", name)


def caption(runs: pd.DataFrame, temperatures: Mapping[str, float | None]) -> str:
    """Say what `plot_calibration` shows of the runs on one data set."""
    chosen = "; ".join(
        f"{name}: T = {value:.3g}" for name, value in temperatures.items() if value is not None
    )
    tempered = (
        "Tempered: the decoder's log-likelihood is divided by the T at which posteriors of the "
        "earlier and of the later transitions of validation samples agree as often as they "
        f"promise, chosen without any true edge ({chosen}). "
        if chosen
        else ""
    )
    seeds = ", ".join(map(str, sorted(set(runs["seed"]))))
    return (
        f"{dataset_entry(runs['dataset'].iloc[0]).title}: how many of the test edges are right "
        "whose most probable type has the stated probability (above), and how many edges state it "
        "(below; the last bin has no end), on scales that are logarithmic in the probability of "
        "an error. Below the grey line edges are less often right than stated. Bars: intervals of "
        "95 %; triangles: their lower ends where no edge of a bin is wrong. "
        f"{tempered}Seed {seeds}. {describe_scale(runs)}"
    )


def main() -> None:
    """Draw one seed of all runs on a data set that have a refined graph."""
    paths = read_paths(__doc__, one=["data"], several=["posteriors", "configs"])
    runs = shown_runs(paths.configs, paths.labels)
    file_of = dict(zip(paths.configs, paths.posteriors, strict=True))
    edges = matrix_to_edges(read_split(paths.data, "test").known_edges)
    shown: dict[str, dict[str, Reliability]] = {}
    temperatures: dict[str, float | None] = {}
    for name, path in zip(runs["name"], runs["path"], strict=True):
        stored = StoredPosterior.load(file_of[path])
        matchings = [stored.matching, stored.refined_matching, stored.refined_matching]
        posteriors = [stored.inferred, stored.refined, stored.tempered]
        shown[name] = {
            graph: reliability(posterior, needed(matching), edges)
            for graph, posterior, matching in zip(GRAPHS, posteriors, matchings, strict=True)
            if posterior is not None
        }
        temperatures[name] = stored.temperature
    save(
        plot_calibration(shown, temperatures),
        paths.output,
        f"Calibration, {dataset_entry(runs['dataset'].iloc[0]).title}",
        caption(runs, temperatures),
    )


if __name__ == "__main__":
    main()
