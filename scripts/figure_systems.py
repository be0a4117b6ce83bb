"""Figure: example motion of the simulated systems, a panel for each."""

import argparse
from pathlib import Path

from nri.data.format import read_metadata, read_split
from nri.figures.style import save
from nri.figures.systems import plot_systems


def main() -> None:
    """Draw the first test sample of each data set; they are named like their files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, type=Path, help="data sets, HDF5")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    systems = {
        path.stem: (read_split(path, "test", slice(0, 1)), read_metadata(path))
        for path in arguments.data
    }
    save(
        plot_systems(systems),
        arguments.output,
        "The simulated systems",
        "As the paper's Figure 4. The first test sample of each data set, unchosen, over all its "
        "frames, a colour for each object: paths in the plane grow more opaque with time and end "
        "in a dot; oscillators are drawn over time. Nothing is learned here.",
    )


if __name__ == "__main__":
    main()
