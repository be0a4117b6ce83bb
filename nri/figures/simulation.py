"""Figure 1: one simulated sample and the graph behind it."""

from matplotlib.figure import Figure

from nri.data.format import Metadata, Split, read_metadata, read_split
from nri.figures.graphs import draw_graph, edge_handles
from nri.figures.motion import draw_motion, layout
from nri.figures.program import read_paths
from nri.figures.style import COLUMN, legend_below, panel_title, save, styled
from nri.graph import matrix_to_edges
from nri.results.catalogue import dataset_entry

__all__ = ["plot_simulation"]


@styled
def plot_simulation(split: Split, metadata: Metadata) -> Figure:
    """Draw the motion of the first sample and, in the same colours, its true graph."""
    motion = split.trajectories[0]
    figure = Figure(figsize=(COLUMN, 1.9), layout="compressed")
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1), subplot_kw={"anchor": "N"})
    panel = layout(metadata.features, metadata.units, motion, metadata.frame_interval)
    draw_motion(left, panel, motion)
    panel_title(left, "what is observed")
    draw_graph(right, matrix_to_edges(split.known_edges)[0], len(motion))
    panel_title(right, "what acts on what")
    if len(metadata.edge_types) > 2:
        legend_below(figure, edge_handles(len(metadata.edge_types), with_errors=False))
    return figure


def caption(dataset: str, split: Split, metadata: Metadata) -> str:
    """Say what `plot_simulation` shows of the data set with this title."""
    seconds = split.trajectories.shape[2] * metadata.frame_interval
    kinds = " or ".join(f"“{name}”" for name in metadata.edge_types[1:])
    return (
        f"As the paper's Figure 1. {dataset}, the first test sample, unchosen: {seconds:.1f} s of "
        "motion, fading in with time, and in the same colours the true graph, whose lines are "
        f"edges of type {kinds}. A model is shown the motion alone. Nothing is learned here."
    )


def main() -> None:
    """Draw the first test sample of a data set, whose name is that of its file."""
    paths = read_paths(__doc__, one=["data"])
    metadata, split = read_metadata(paths.data), read_split(paths.data, "test", slice(0, 1))
    dataset = dataset_entry(paths.data.stem).title
    save(
        plot_simulation(split, metadata),
        paths.output,
        f"The task, {dataset}",
        caption(dataset, split, metadata),
    )


if __name__ == "__main__":
    main()
