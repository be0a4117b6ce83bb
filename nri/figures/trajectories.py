"""Figure 5: true and predicted motion beside the true and the inferred graph, of one run."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.figures.captions import ShownRun, shown_run
from nri.figures.graphs import draw_graph, edge_handles
from nri.figures.motion import draw_prediction, layout
from nri.figures.program import read_paths
from nri.figures.style import FADED, INK, PAGE, legend_below, panel_title, save, styled

__all__ = ["plot_trajectories"]

SHOWN = 3  # samples side by side on a page


@styled
def plot_trajectories(examples: Examples) -> Figure:
    """Draw up to three samples side by side: motion above, true and inferred graph below.

    The examples must be of a run that infers a graph.
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
    """Draw the true graph of sample `i`, where it is known, and the inferred one."""
    nodes = examples.observed.shape[1]
    posterior = needed(examples.posterior)[i]
    certainty, types = posterior.max(-1), posterior.argmax(-1)
    if examples.edges is None:
        axes = figure.add_subplot(place)
        axes.set_title("inferred graph", fontsize=7)
        draw_graph(axes, types, nodes, certainty=certainty)
        return
    truth = examples.edges[i]
    halves = place.subgridspec(1, 2)
    true, inferred = (figure.add_subplot(halves[0, column]) for column in range(2))
    true.set_title("true graph", fontsize=7)
    draw_graph(true, truth, nodes)
    inferred.set_title(f"inferred, {(types == truth).sum()} of {len(types)}", fontsize=7)
    draw_graph(inferred, types, nodes, truth=truth, certainty=certainty)


def caption(run: ShownRun) -> str:
    """Say what `plot_trajectories` shows."""
    return (
        f"As the paper's Figure 5. {run.name}: the first test samples, unchosen, as observed "
        "(thin, faded), as they went on (broad, faded) and as predicted from the inferred graph "
        "alone; below, the true graph and the inferred one, the more opaque the more certain. "
        f"{run.scale}"
    )


def main() -> None:
    """Draw the examples of one run."""
    paths = read_paths(__doc__, one=["examples", "config"])
    run = shown_run(paths.config)
    save(
        plot_trajectories(Examples.load(paths.examples, "predicted", "posterior")),
        paths.output,
        f"Motion and graph, {run.dataset}",
        caption(run),
    )


if __name__ == "__main__":
    main()
