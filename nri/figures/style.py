"""One visual language for all figures: colours, sizes, type, and files with fixed bytes."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.style import context

from nri.config.identity import PAPER
from nri.figures.colours import model_colour
from nri.files import atomic_path

if TYPE_CHECKING:  # figures of trajectories alone need not load it
    import pandas as pd

__all__ = [
    "COLUMN",
    "ERROR",
    "FADED",
    "INK",
    "OBJECTS",
    "PAGE",
    "legend_below",
    "line_style",
    "mean_over_steps",
    "object_colours",
    "panel_title",
    "plain",
    "save",
    "styled",
]

COLUMN, PAGE = 3.25, 6.75
"""Widths of a figure in inches: one column of a conference paper, and the page."""

LEGEND_HANDLE, LEGEND_CHARACTER, LEGEND_ROW = 0.45, 0.06, 0.15
"""Inches: the width of a legend's line with its spaces, the width of a character of its label, both
at most, and the height of a row."""

INK, FADED = "#222222", "#9a9a9a"
ERROR = "#D55E00"

OBJECTS: tuple[str, ...] = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
OBJECTS += ("#882255", "#8B4513", "#6A3D9A", "#999999")
"""Ten colours of objects: Okabe and Ito's without the yellow, which is faint on white, and without
the one that marks errors; and four more."""

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FADED,
    "xtick.color": FADED,
    "ytick.color": FADED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#e8e8e8",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "figure.constrained_layout.use": True,
    "savefig.dpi": 250,
    "svg.hashsalt": "nri",  # names inside the file follow from its content alone
}

DASHES = ("-", (0, (6, 1.5, 1, 1.5))), ((0, (3.5, 1.5)), (0, (1, 1.2)))


def styled(plot: Callable[..., Figure]) -> Callable[..., Figure]:
    """Decorate a function so that it draws in this style, whatever the settings of the process."""
    return context(["default", STYLE])(plot)


KIND = ["model", "graph", "recipe"]
"""The columns that decide how a line looks."""


def line_style(model: str, graph: str, recipe: str, place: int = 0) -> dict:
    """Choose the colour of the model, and a solid line for the paper's recipe, else a dashed one.

    place: the number of the configuration among those of a panel that share model, graph and
    recipe, from 0; the dashes differ.
    """
    dashes = DASHES[recipe != PAPER]
    return {"color": model_colour(model, graph), "linestyle": dashes[place % len(dashes)]}


def object_colours(count: int) -> list[str]:
    """Choose a colour for each object; colours repeat beyond ten."""
    return [OBJECTS[i % len(OBJECTS)] for i in range(count)]


def plain(name: str) -> str:
    """A name from the user's data as figure text: a dollar sign in it begins no formula."""
    return name.replace("$", r"\$")


def panel_title(axes: Axes, title: str) -> None:
    """Set a heading at the left edge of a panel."""
    axes.set_title(title, loc="left", fontweight="bold")


def mean_over_steps(axes: Axes, summary: "pd.DataFrame", style: dict, scale: float = 1.0) -> None:
    """Draw the mean over seeds at each step, with a band of its standard error if it has one.

    summary: as `nri.results.rows.summarise`, of one curve.
    """
    step, mean = summary["step"].astype(int), scale * summary["mean"]
    error = scale * summary["standard_error"].fillna(0)
    axes.plot(step, mean, **style)
    axes.fill_between(
        step, mean - error, mean + error, color=style["color"], alpha=0.2, linewidth=0
    )


def legend_below(figure: Figure, handles: Sequence[Artist], columns: int = 4) -> None:
    """Draw one legend for all panels below them, in as many columns as the labels leave room for.

    A figure has room for two rows of it; with more rows the figure grows.
    """
    longest = max(len(str(handle.get_label())) for handle in handles)
    room = int(figure.get_figwidth() / (LEGEND_HANDLE + LEGEND_CHARACTER * longest))
    columns = max(1, min(columns, len(handles), room))
    rows = -(-len(handles) // columns)
    figure.set_figheight(figure.get_figheight() + LEGEND_ROW * max(0, rows - 2))
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)


def save(figure: Figure, paths: Iterable[str | os.PathLike], title: str, caption: str) -> None:
    """Write a figure as SVG, PNG, … by the suffix, with its title and caption inside the file.

    The same figure gives the same bytes: no dates and no random names.
    """
    for path in map(Path, paths):
        metadata: dict[str, str | None] = {"Title": title, "Description": caption}
        metadata |= {"Date": None} if path.suffix == ".svg" else {"Software": None}
        with context(["default", STYLE]), atomic_path(path) as temporary:
            figure.savefig(temporary, metadata=metadata)
