"""Figure 4: example motion of the simulated systems, a panel for each."""

import math
from collections.abc import Mapping

from matplotlib.figure import Figure

from nri.data.format import Metadata, Split, read_metadata, read_split
from nri.figures.motion import draw_motion, layout
from nri.figures.program import read_paths
from nri.figures.style import PAGE, panel_title, save, styled
from nri.results.catalogue import dataset_entry

__all__ = ["plot_systems"]

CAPTION = (
    "As the paper's Figure 4. The first test sample of each data set, unchosen, over all its "
    "frames, a colour for each object: paths in the plane grow more opaque with time and end "
    "in a dot; oscillators are drawn over time. Nothing is learned here."
)


@styled
def plot_systems(systems: Mapping[str, tuple[Split, Metadata]]) -> Figure:
    """Draw the motion of the first sample of each data set, by name, side by side."""
    columns = min(3, len(systems))
    rows = math.ceil(len(systems) / columns)
    figure = Figure(figsize=(PAGE * columns / 3, 2.25 * rows))
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, (dataset, (split, metadata)) in zip(grid.flat, systems.items(), strict=False):
        motion = split.trajectories[0]
        panel = layout(metadata.features, metadata.units, motion, metadata.frame_interval)
        draw_motion(axes, panel, motion)
        panel_title(axes, dataset_entry(dataset).title)
    for axes in grid.flat[len(systems) :]:
        axes.remove()
    return figure


def main() -> None:
    """Draw the first test sample of each data set, whose name is that of its file."""
    paths = read_paths(__doc__, several=["data"])
    systems = {
        path.stem: (read_split(path, "test", slice(0, 1)), read_metadata(path))
        for path in paths.data
    }
    save(plot_systems(systems), paths.output, "The simulated systems", CAPTION)


if __name__ == "__main__":
    main()
