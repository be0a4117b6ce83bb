"""Figure 10: true and predicted poses of a motion capture run, several steps ahead."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.data.format import Metadata, read_metadata
from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.figures.body import bones_of, draw_skeleton, frame_motion, places
from nri.figures.captions import ShownRun, shown_run
from nri.figures.colours import model_colour
from nri.figures.program import read_paths
from nri.figures.style import FADED, PAGE, legend_below, panel_title, save, styled

__all__ = ["plot_poses"]

STEPS = (1, 10, 20, 30, 40)  # of prediction, beside the last, that poses are shown at


@styled
def plot_poses(examples: Examples, metadata: Metadata, colour: str) -> Figure:
    """Draw the true and the predicted pose of the first example, several steps ahead.

    The root of the true pose is at 0, so that a prediction that walks off shows. Titles give
    the mean distance of a joint from its true place. `colour` is the model's.
    """
    horizon = examples.truth.shape[2]
    steps = [step for step in STEPS if step < horizon] + [horizon]
    figure = Figure(figsize=(PAGE, 2.45), layout="compressed")
    panels = figure.subplots(1, len(steps), sharex=True, sharey=True, squeeze=False)[0]
    frame_motion(panels[0], examples.truth[0], examples)
    bones = bones_of(metadata)
    for axes, step in zip(panels, steps, strict=True):
        true = places(examples.truth[0, :, step - 1], examples)
        predicted = places(needed(examples.predicted)[0, :, step - 1], examples)
        apart = np.linalg.norm(predicted - true, axis=-1).mean()
        root = true[:1] * [1, 0, 1]
        draw_skeleton(axes, true - root, bones, width=3.5, alpha=0.6)
        draw_skeleton(axes, predicted - root, bones, colour, width=1.2)
        panel_title(axes, f"step {step}")
        axes.set_title(f"{100 * apart:.1f} cm", loc="right", fontsize=6)
        axes.set_xlabel("across (m)")
    panels[0].set_ylabel("height (m)")
    handles = [
        Line2D([], [], color=FADED, linewidth=3.5, alpha=0.6, label="truth"),
        Line2D([], [], color=colour, linewidth=1.2, label="predicted"),
    ]
    legend_below(figure, handles)
    return figure


def caption(run: ShownRun, metadata: Metadata) -> str:
    """Say what `plot_poses` shows."""
    return (
        f"As the paper's Figure 10. {run.name}: the first test segment, unchosen, true and "
        f"predicted, so many frames ({metadata.frame_interval * 1000:.1f} ms each) after the last "
        "true one; right, the mean distance between the predicted and the true place of a joint. "
        f"{run.scale}"
    )


def main() -> None:
    """Draw the first example of one run."""
    paths = read_paths(__doc__, one=["examples", "config", "data"])
    run, metadata = shown_run(paths.config, paths.labels), read_metadata(paths.data)
    examples, colour = Examples.load(paths.examples, "predicted"), model_colour(run.model)
    save(
        plot_poses(examples, metadata, colour),
        paths.output,
        f"Predicted poses, {run.dataset}",
        caption(run, metadata),
    )


if __name__ == "__main__":
    main()
