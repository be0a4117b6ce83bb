"""Figure and table: the pick-and-rolls that the rules found in tracked games."""

import argparse
from pathlib import Path

import pandas as pd

from nri.data.format import read_metadata, read_split
from nri.figures.court import plot_segments
from nri.figures.style import save
from nri.files import atomic_path
from nri.results.catalogue import dataset_entry
from nri.results.games_table import games_table

SHOWN = 12


def main() -> None:
    """Draw the first test segments; tabulate what each game gave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--games", required=True, type=Path, help="what each game gave, CSV")
    parser.add_argument("--segments", required=True, type=Path, help="where each is from, CSV")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    parser.add_argument("--table", required=True, type=Path, help="the table, HTML")
    arguments = parser.parse_args()

    metadata, title = read_metadata(arguments.data), dataset_entry(arguments.data.stem).title
    segments = pd.read_csv(arguments.segments).query("split == 'test'").head(SHOWN)
    lead = metadata.config["pick_and_roll"]["lead"]
    seconds = metadata.config["frames"]["test"] * metadata.frame_interval
    save(
        plot_segments(
            read_split(arguments.data, "test", slice(0, len(segments))).trajectories,
            *(metadata.features, metadata.units, metadata.objects),
            screen=round(lead / metadata.frame_interval),
            titles=[_title(row) for row in segments.itertuples()],
        ),
        arguments.output,
        f"Pick-and-rolls found, {title}",
        f"{title}: the first {len(segments)} test segments, unchosen, that the rules took for a "
        f"pick-and-roll, {seconds:.3g} s each; rings where everybody is as the screen begins, "
        f"{lead:.3g} s after the start. All plays are turned to attack the left basket. Panels "
        "are named by quarter and game clock at the screen. The paper's labels are not public.",
    )
    with atomic_path(arguments.table) as path:
        path.write_text(games_table(pd.read_csv(arguments.games), title))


def _title(segment: tuple) -> str:
    """The sample, and its quarter and game clock, where there is one: "sample 3, Q1 11:54"."""
    clock = ""
    if pd.notna(segment.clock):
        clock = f" {int(segment.clock) // 60}:{int(segment.clock) % 60:02}"
    return f"sample {segment.sample}, Q{segment.quarter}{clock}"


if __name__ == "__main__":
    main()
