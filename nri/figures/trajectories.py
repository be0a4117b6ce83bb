"""Figure 5: true and predicted motion above the true and the found graphs, of one run."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.figures.captions import ShownRun, if_of_paper, shown_run
from nri.figures.graphs import draw_graph, edge_handles
from nri.figures.motion import draw_prediction, layout
from nri.figures.program import read_paths
from nri.figures.style import FADED, INK, PAGE, legend_below, panel_title, save, styled

__all__ = ["plot_trajectories"]

SHOWN = 3  # samples side by side on a page
GRAPH_TITLE = 7


@styled
def plot_trajectories(examples: Examples) -> Figure:
    """Draw up to three samples side by side: motion above, its graphs below.

    These are the true one, where it is known, the inferred one, and the refined one, where it was
    computed. The examples must be of a run that infers a graph.
    """
    shown = min(SHOWN, len(examples.sample))
    figure = Figure(figsize=(PAGE * max(shown, 2) / SHOWN, 3.9))
    grid = figure.add_gridspec(2, 2 * shown, height_ratios=(2.1, 1))
    for i in range(shown):
        motion = figure.add_subplot(grid[0, 2 * i : 2 * i + 2])
        panel_title(motion, f"test sample {examples.sample[i]}")
        observed, truth = examples.observed[i], examples.truth[i]
        true = np.concatenate([observed, truth], axis=1)
        panel = layout(examples.features, examples.units, true)
        draw_prediction(motion, panel, observed, truth, needed(examples.predicted)[i])
        if i:
            motion.set_ylabel("")
        _draw_graphs(figure, grid[1, 2 * i : 2 * i + 2], examples, i)
    handles = [
        Line2D([], [], color=FADED, linewidth=0.8, label="observed"),
        Line2D([], [], color=FADED, linewidth=3, alpha=0.5, label="true future"),
        Line2D([], [], color=INK, linewidth=1.1, marker="o", markersize=3, label="predicted"),
        *edge_handles(needed(examples.posterior).shape[-1], with_errors=examples.edges is not None),
    ]
    legend_below(figure, handles, columns=2 * max(shown, 2))
    return figure


def _draw_graphs(figure: Figure, place: SubplotSpec, examples: Examples, i: int) -> None:
    """Draw the true graph of sample `i` and the found ones, side by side."""
    nodes = examples.observed.shape[1]
    truth = None if examples.edges is None else examples.edges[i]
    found = {"inferred": needed(examples.posterior)[i]}
    if examples.refined is not None:
        found["refined"] = examples.refined[i]
    panels = iter(place.subgridspec(1, (truth is not None) + len(found), wspace=0))
    if truth is not None:
        axes = figure.add_subplot(next(panels))
        axes.set_title("true\n", fontsize=GRAPH_TITLE)
        draw_graph(axes, truth, nodes)
    for name, posterior in found.items():
        axes = figure.add_subplot(next(panels))
        types = posterior.argmax(-1)
        right = "" if truth is None else f"\n{(types == truth).sum()} of {len(types)}"
        axes.set_title(name + right, fontsize=GRAPH_TITLE)
        draw_graph(axes, types, nodes, truth=truth, certainty=posterior.max(-1))


def caption(run: ShownRun, truth: bool) -> str:
    """Say what `plot_trajectories` shows, with true graphs or without."""
    counterpart = if_of_paper([run.key], "As the paper's Figure 5. ")
    return (
        f"{counterpart}{run.name}: the first test samples, unchosen, as observed "
        "(thin, faded), as they went on (broad, faded) and as predicted from the inferred graph "
        f"alone; below, {'the true graph, ' if truth else ''}the inferred one and, where it was "
        "computed, the one refined by the decoder's likelihood, from which nothing is predicted "
        "here: the more opaque the more certain"
        f"{', with the number of right edges' if truth else ''}. {run.scale}"
    )


def main() -> None:
    """Draw the examples of one run."""
    paths = read_paths(__doc__, one=["examples", "config"])
    run = shown_run(paths.config, paths.labels)
    examples = Examples.load(paths.examples, "predicted", "posterior")
    save(
        plot_trajectories(examples),
        paths.output,
        f"Motion and graph, {run.name}",
        caption(run, truth=examples.edges is not None),
    )


if __name__ == "__main__":
    main()
