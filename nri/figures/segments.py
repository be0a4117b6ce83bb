"""The pick-and-rolls that the rules found in tracked games."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nri.csv_table import read_table, refuse
from nri.data.format import Metadata, read_metadata, read_split
from nri.figures.half_court import HalfCourt, role_handles
from nri.figures.motion import draw_motion
from nri.figures.program import read_paths
from nri.figures.style import INK, PAGE, legend_below, object_colours, panel_title, save, styled
from nri.files import make_again
from nri.results.catalogue import dataset_entry

__all__ = ["plot_segments"]

SHOWN = 12


@styled
def plot_segments(
    trajectories: np.ndarray,
    features: Sequence[str],
    units: Sequence[str],
    roles: Sequence[str],
    screen: int,
    titles: Sequence[str],
) -> Figure:
    """Draw segments (n, N, T, D), four in a row: paths that fade in, a ring at frame `screen`."""
    columns = min(4, len(trajectories))
    rows = -(-len(trajectories) // columns)
    figure = Figure(figsize=(PAGE * columns / 4, 1.75 * rows + 0.4), layout="compressed")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    court, colours = HalfCourt(features, units, trajectories), object_colours(len(roles))
    for axes in panels.flat[len(trajectories) :]:
        axes.axis("off")
    for axes, motion, title in zip(panels.flat, trajectories, titles, strict=False):
        draw_motion(axes, court, motion)
        for place, colour in zip(court.points(motion)[:, screen], colours, strict=True):
            axes.plot(*place, "o", markersize=5, markerfacecolor="none", markeredgecolor=colour)
        panel_title(axes, title)
        axes.label_outer()
    ring = Line2D([], [], linestyle="", marker="o", markersize=5, markerfacecolor="none")
    ring.set(color=INK, label="as the screen begins")
    end = Line2D([], [], linestyle="", marker="o", markersize=4, markeredgewidth=0)
    end.set(color=INK, label="at the end")
    legend_below(figure, [*role_handles(roles), ring, end])
    return figure


def caption(dataset: str, segments: int, metadata: Metadata) -> str:
    """Say what `plot_segments` shows of so many segments."""
    lead = metadata.config["pick_and_roll"]["lead"]
    seconds = metadata.config["frames"]["test"] * metadata.frame_interval
    return (
        f"{dataset}: the first {segments} test segments, unchosen, that the rules took for a "
        f"pick-and-roll, {seconds:.3g} s each; rings where everybody is as the screen begins, "
        f"{lead:.3g} s after the start. All plays are turned to attack the left basket. Panels "
        "are named by quarter and game clock at the screen. The paper's labels are not public."
    )


def segment_title(sample: int, quarter: int, seconds: float) -> str:
    """Name a sample by its quarter and its game clock, where there is one: "sample 3, Q1 11:54"."""
    clock = f" {int(seconds) // 60}:{int(seconds) % 60:02}" if pd.notna(seconds) else ""
    return f"sample {sample}, Q{quarter}{clock}"


def read_segments(path: Path) -> pd.DataFrame:
    """The first test segments of a table, each with its sample, its quarter and its game clock.

    Raises ResultsError if the file is unreadable, or a segment has no sample or no quarter.
    """
    columns = ["split", "sample", "quarter", "clock"]
    segments = read_table(path, columns, make_again(path), more=True)
    unknown = segments[["sample", "quarter"]].isna().any(axis=1)
    refuse(path, unknown, lambda _: "no sample or no quarter", make_again(path))
    endless = np.isinf(segments["clock"])
    refuse(path, endless, lambda _: "clock is not a finite number", make_again(path))
    return segments[segments["split"] == "test"].head(SHOWN)


def main() -> None:
    """Draw the first test segments of a data set, whose name is that of its file."""
    paths = read_paths(__doc__, one=["data", "segments"])
    metadata, dataset = read_metadata(paths.data), dataset_entry(paths.data.stem).title
    segments = read_segments(paths.segments)
    figure = plot_segments(
        read_split(paths.data, "test", slice(0, len(segments))).trajectories,
        metadata.features,
        metadata.units,
        roles=metadata.objects,
        screen=round(metadata.config["pick_and_roll"]["lead"] / metadata.frame_interval),
        titles=[segment_title(s.sample, s.quarter, s.clock) for s in segments.itertuples()],
    )
    title = f"Pick-and-rolls found, {dataset}"
    save(figure, paths.output, title, caption(dataset, len(segments), metadata))


if __name__ == "__main__":
    main()
