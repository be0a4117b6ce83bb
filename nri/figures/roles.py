"""Figure 8: which edge types a run infers between the roles of a pick-and-roll."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from nri.data.format import read_metadata
from nri.evaluation.archive import needed
from nri.evaluation.posterior_file import StoredPosterior
from nri.figures.captions import ShownRun, shown_run
from nri.figures.program import read_paths
from nri.figures.style import INK, PAGE, panel_title, save, styled
from nri.graph import edges_to_matrix

__all__ = ["plot_role_edges", "role_shares"]


def role_shares(posterior: np.ndarray) -> np.ndarray:
    """Count how often each type is the most probable one: (S, E, K) → (K, N, N).

    Shares of the samples at [type, receiver, sender]; NaN where sender and receiver are the same
    object.
    """
    types = posterior.shape[-1]
    shares = (posterior.argmax(-1)[..., None] == np.arange(types)).mean(0)  # (E, K)
    nodes = round((1 + np.sqrt(1 + 4 * len(shares))) / 2)
    matrix = edges_to_matrix(shares.T, nodes)
    matrix[:, np.arange(nodes), np.arange(nodes)] = np.nan
    return matrix


@styled
def plot_role_edges(
    posteriors: Mapping[str, np.ndarray], roles: Sequence[str], names: Sequence[str]
) -> Figure:
    """Draw a heat map for each edge type: sender by receiver, in percent of the samples.

    posteriors: (S, E, K) of each kind of graph by what it is called, a row for each; `roles` of the
    objects, `names` of the types.
    """
    size = len(posteriors), len(names)
    figure = Figure(figsize=(PAGE if len(names) > 1 else PAGE / 2, 0.3 + 3.0 * len(posteriors)))
    panels = figure.subplots(*size, squeeze=False, sharex=True, sharey=True)
    for row, (graph, posterior) in zip(panels, posteriors.items(), strict=True):
        for axes, matrix, name in zip(row, role_shares(posterior), names, strict=True):
            image = _draw_shares(axes, matrix, roles)
            panel_title(axes, name)
        row[0].set_ylabel(f"{graph}\nreceiver")
    for axes in panels[-1]:
        axes.set_xlabel("sender")
    bar = figure.colorbar(image, ax=list(panels.flat), shrink=0.75 / len(posteriors))
    bar.set_ticks([0, 0.5, 1], labels=["0", "50", "100"])
    bar.set_label("samples (%)")
    bar.outline.set_visible(False)
    return figure


def _draw_shares(axes: Axes, matrix: np.ndarray, roles: Sequence[str]) -> AxesImage:
    """Draw the shares [receiver, sender] of one type."""
    image = axes.imshow(matrix, cmap="cividis", vmin=0, vmax=1)
    for receiver, sender in np.argwhere(np.isfinite(matrix)):
        share = matrix[receiver, sender]
        colour = "white" if share < 0.55 else INK
        text = f"{100 * share:.0f}"
        axes.text(sender, receiver, text, ha="center", va="center", color=colour)
    place = np.arange(len(roles))
    axes.set_xticks(place, roles, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(place, roles)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    return image


def caption(run: ShownRun, samples: int, refined: bool) -> str:
    """Say what `plot_role_edges` shows of so many samples."""
    graphs = "above of the encoder's graphs, below of those refined by the decoder's likelihood"
    return (
        f"As the paper's Figure 8. {run.name}: how often each edge type is the most probable one, "
        f"in percent of the {samples} test segments, by the role of the sender and of the "
        f"receiver{'; ' + graphs if refined else ''}. Learned types have no order of their own. "
        f"{run.scale}"
    )


def main() -> None:
    """Draw the distribution of the types that a run inferred on all test segments."""
    paths = read_paths(__doc__, one=["posterior", "config", "data"])
    run = shown_run(paths.config, paths.labels)
    stored = StoredPosterior.load(paths.posterior)
    posterior = needed(stored.inferred)
    posteriors = {"encoder's graphs": posterior}
    if stored.refined is not None:
        posteriors["refined graphs"] = stored.refined
    names = [f"type {k}" for k in range(posterior.shape[-1])]
    if run.training["skip_first"]:
        names[0] += ", no edge"
    save(
        plot_role_edges(posteriors, read_metadata(paths.data).objects, names),
        paths.output,
        f"Edge types between roles, {run.dataset}",
        caption(run, len(posterior), stored.refined is not None),
    )


if __name__ == "__main__":
    main()
