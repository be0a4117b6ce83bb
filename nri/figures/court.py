"""Figure 11: true and predicted motion on the court, of one run on basketball."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.data.format import Metadata, read_metadata
from nri.evaluation.archive import needed
from nri.evaluation.examples import Examples
from nri.figures.captions import ShownRun, shown_run
from nri.figures.half_court import HalfCourt, role_handles
from nri.figures.motion import draw_prediction
from nri.figures.program import read_paths
from nri.figures.style import FADED, INK, PAGE, legend_below, panel_title, save, styled

__all__ = ["plot_court_predictions"]


@styled
def plot_court_predictions(examples: Examples, roles: Sequence[str], shown: int = 6) -> Figure:
    """Draw up to `shown` examples, three in a row: observed, true and predicted motion."""
    shown = min(shown, len(examples.sample))
    columns = min(3, shown)
    rows = -(-shown // columns)
    figure = Figure(figsize=(PAGE * columns / 3, 2.2 * rows + 0.4), layout="compressed")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    true = np.concatenate([examples.observed, examples.truth], axis=2)[:shown]
    court = HalfCourt(examples.features, examples.units, true)
    for axes in panels.flat[shown:]:
        axes.axis("off")
    predicted = needed(examples.predicted)
    for i, axes in enumerate(panels.flat[:shown]):
        draw_prediction(axes, court, examples.observed[i], examples.truth[i], predicted[i])
        panel_title(axes, f"test sample {examples.sample[i]}")
        axes.label_outer()
    handles = [
        *role_handles(roles),
        Line2D([], [], color=FADED, linewidth=0.8, label="observed"),
        Line2D([], [], color=FADED, linewidth=3, alpha=0.5, label="true future"),
        Line2D([], [], color=INK, linewidth=1.1, marker="o", markersize=3, label="predicted"),
    ]
    legend_below(figure, handles)
    return figure


def caption(run: ShownRun, examples: Examples, metadata: Metadata) -> str:
    """Say what `plot_court_predictions` shows."""
    observed, future = (
        motion.shape[2] * metadata.frame_interval for motion in (examples.observed, examples.truth)
    )
    return (
        f"As the paper's Figure 11. {run.name}: the first test segments, unchosen, as observed for "
        f"{observed:.1f} s (thin, faded), as they went on for {future:.1f} s (broad, faded) and as "
        "predicted under the encoder's graph. All plays are turned to attack the left basket. "
        f"{run.scale}"
    )


def main() -> None:
    """Draw the examples of one run."""
    paths = read_paths(__doc__, one=["examples", "config", "data"])
    run, metadata = shown_run(paths.config, paths.labels), read_metadata(paths.data)
    examples = Examples.load(paths.examples, "predicted")
    save(
        plot_court_predictions(examples, metadata.objects),
        paths.output,
        f"Motion on the court, {run.dataset}",
        caption(run, examples, metadata),
    )


if __name__ == "__main__":
    main()
