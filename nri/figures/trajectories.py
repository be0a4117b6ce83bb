"""True and predicted motion of test samples beside their true and inferred graphs (Figure 5)."""

import os
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from nri.data.normalisation import Normalisation
from nri.figures.graphs import draw_graph, edge_handles
from nri.figures.style import FADED, INK, PAGE, legend_below, object_colours, panel_title, styled
from nri.results import ResultsError

__all__ = ["Examples", "plot_trajectories", "read_examples"]

SHOWN = 3  # samples side by side on a page


@dataclass(frozen=True)
class Examples:
    """What a model made of a few test samples, in the system's own units.

    sample (n,): their numbers in the test split. observed (n, N, T, D): true frames up to the
    one that the prediction starts from; truth, predicted (n, N, H, D): the frames that follow.
    posterior (n, E, K): probabilities of the edge types; edges (n, E): the true types or None.
    features, units: of the D numbers.
    """

    sample: np.ndarray
    observed: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    posterior: np.ndarray
    edges: np.ndarray | None
    features: tuple[str, ...]
    units: tuple[str, ...]

    def label(self, feature: str) -> str:
        """A feature with its unit, where it has one."""
        unit = self.units[self.features.index(feature)]
        return feature if unit in ("", "1") else f"{feature} ({unit})"


def read_examples(path: str | os.PathLike) -> Examples:
    """The examples.npz of a run, un-normalised; raises ResultsError if it lacks something."""
    try:
        with np.load(path) as file:
            stored = dict(file)
        normalisation = Normalisation(stored["minimum"], stored["maximum"])
        motion = {
            name: normalisation.invert(stored[name]) for name in ("observed", "truth", "predicted")
        }
        return Examples(
            sample=stored["sample"],
            posterior=stored["posterior"],
            edges=stored.get("edges"),
            features=tuple(map(str, stored["features"])),
            units=tuple(map(str, stored["units"])),
            **motion,
        )
    except (OSError, ValueError, KeyError) as error:
        raise ResultsError(
            f"{path}: not the examples of a run that infers a graph and predicts "
            f"({error}); choose another run, or evaluate it again"
        ) from error


@styled
def plot_trajectories(examples: Examples) -> Figure:
    """Up to three samples side by side: motion above, true and inferred graph below.

    Systems with features x and y move in their plane; of others, one feature runs over time,
    a lane for each object: sin φ of oscillators, else the first.
    """
    shown = min(SHOWN, len(examples.sample))
    in_plane = {"x", "y"} <= set(examples.features)
    figure = Figure(figsize=(PAGE * max(shown, 2) / SHOWN, 3.9))
    grid = figure.add_gridspec(2, 2 * shown, height_ratios=(2.1, 1))
    for i in range(shown):
        motion = figure.add_subplot(grid[0, 2 * i : 2 * i + 2])
        panel_title(motion, f"test sample {examples.sample[i]}")
        (_draw_plane if in_plane else _draw_lanes)(motion, examples, i)
        if i:
            motion.set_ylabel("")
        _draw_graphs(figure, grid[1, 2 * i : 2 * i + 2], examples, i)
    handles = [
        Line2D([], [], color=FADED, linewidth=0.8, label="observed"),
        Line2D([], [], color=FADED, linewidth=3, alpha=0.5, label="true future"),
        Line2D([], [], color=INK, linewidth=1.1, marker="o", markersize=3, label="predicted"),
        *edge_handles(examples.posterior.shape[-1], with_errors=examples.edges is not None),
    ]
    legend_below(figure, handles, columns=2 * max(shown, 2))
    return figure


def _draw_graphs(figure: Figure, place: SubplotSpec, examples: Examples, i: int) -> None:
    """The true graph, where it is known, and the inferred one."""
    nodes = examples.observed.shape[1]
    certainty, types = examples.posterior[i].max(-1), examples.posterior[i].argmax(-1)
    if examples.edges is None:
        axes = figure.add_subplot(place)
        axes.set_title("inferred graph", fontsize=7)
        draw_graph(axes, types, nodes, certainty=certainty)
        return
    truth = examples.edges[i]
    true, inferred = (figure.add_subplot(part) for part in place.subgridspec(1, 2))
    true.set_title("true graph", fontsize=7)
    draw_graph(true, truth, nodes)
    inferred.set_title(f"inferred, {(types == truth).sum()} of {len(types)}", fontsize=7)
    draw_graph(inferred, types, nodes, truth=truth, certainty=certainty)


def _draw_plane(axes: Axes, examples: Examples, i: int) -> None:
    plane = [examples.features.index("x"), examples.features.index("y")]
    observed, truth, predicted = (
        motion[i][..., plane] for motion in (examples.observed, examples.truth, examples.predicted)
    )
    for n, colour in enumerate(object_colours(len(observed))):
        start = observed[n, -1:]
        axes.plot(*observed[n].T, color=colour, linewidth=0.8, alpha=0.5)
        axes.plot(*np.concatenate([start, truth[n]]).T, color=colour, linewidth=3, alpha=0.3)
        axes.plot(*np.concatenate([start, predicted[n]]).T, color=colour, linewidth=1.1)
        axes.plot(*predicted[n, -1], "o", color=colour, markersize=3.5, markeredgewidth=0)
    # The frame follows the true motion, so that a prediction gone astray does not shrink it.
    true = np.concatenate([observed, truth], axis=1).reshape(-1, 2)
    centre, reach = (true.max(0) + true.min(0)) / 2, 0.56 * np.ptp(true, axis=0).max()
    axes.set(
        xlim=(centre[0] - reach, centre[0] + reach),
        ylim=(centre[1] - reach, centre[1] + reach),
        aspect="equal",
        xlabel=examples.label("x"),
        ylabel=examples.label("y"),
    )
    axes.grid(False)
    axes.locator_params(nbins=4)


def _draw_lanes(axes: Axes, examples: Examples, i: int) -> None:
    name = "sin_phi" if "sin_phi" in examples.features else examples.features[0]
    feature = examples.features.index(name)
    observed, truth, predicted = (
        motion[i][..., feature]
        for motion in (examples.observed, examples.truth, examples.predicted)
    )
    true = np.concatenate([observed, truth], axis=1)
    lane = 1.15 * np.ptp(true)
    past, future = np.split(np.arange(true.shape[1]), [observed.shape[1]])
    future = np.concatenate([past[-1:], future])
    objects = len(observed)
    for n, colour in enumerate(object_colours(objects)):
        base = lane * (objects - 1 - n)
        start = observed[n, -1:]
        axes.plot(past, base + observed[n], color=colour, linewidth=0.8, alpha=0.5)
        axes.plot(future, base + np.append(start, truth[n]), color=colour, linewidth=3, alpha=0.3)
        axes.plot(future, base + np.append(start, predicted[n]), color=colour, linewidth=1.1)
    axes.axvline(past[-1], color=FADED, linewidth=0.6, linestyle=":")
    axes.set(
        xlim=(0, future[-1]),
        ylim=(true.min() - 0.1 * lane, lane * (objects - 1) + true.max() + 0.1 * lane),
        yticks=[],
        xlabel="time (frames)",
        ylabel="sin φ of each oscillator"
        if name == "sin_phi"
        else f"{examples.label(name)} of each object",
    )
    axes.spines["left"].set_visible(False)
