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
from nri.files import atomic_path
from nri.results.catalogue import model_entry

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
    "save",
    "styled",
]

COLUMN, PAGE = 3.25, 6.75
"""Widths of a figure in inches: one column of a conference paper, and the page."""

LEGEND_HANDLE, LEGEND_CHARACTER, LEGEND_ROW = 0.45, 0.06, 0.15
"""Inches that a legend's line with its spaces, and a character of its label, take at most; and the
height of a row."""

INK, FADED = "#222222", "#9a9a9a"
ERROR = "#D55E00"

OBJECTS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#000000", "#882255")
OBJECTS += ("#8B4513", "#6A3D9A", "#999999")
"""Okabe and Ito's colours without the one that marks errors and the yellow, which is faint on
white, and four more to make ten."""

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
    """A decorator: draw in this style, whatever the settings of the process are."""
    return context(["default", STYLE])(plot)


KIND = ["model", "graph", "recipe"]
"""The columns that the look of a line follows from."""


def line_style(model: str, graph: str, recipe: str, place: int = 0) -> dict:
    """A model's colour; solid for the paper's recipe, dashed for another.

    place: counts the configurations that share model, graph and recipe in one panel.
    """
    dashes = DASHES[recipe != PAPER]
    return {"color": model_entry(model, graph).colour, "linestyle": dashes[place % len(dashes)]}


def object_colours(count: int) -> list[str]:
    """A colour for each object; they repeat beyond ten."""
    return [OBJECTS[i % len(OBJECTS)] for i in range(count)]


def panel_title(axes: Axes, title: str) -> None:
    """A heading at the left edge of a panel."""
    axes.set_title(title, loc="left", fontweight="bold")


def mean_over_steps(axes: Axes, summary: "pd.DataFrame", style: dict, scale: float = 1.0) -> None:
    """The mean over seeds at each step, with a band of its standard error where there are several.

    summary: as `nri.results.rows.summarise`, of one curve.
    """
    step, mean = summary["step"].astype(int), scale * summary["mean"]
    error = scale * summary["standard_error"].fillna(0)
    axes.plot(step, mean, **style)
    axes.fill_between(
        step, mean - error, mean + error, color=style["color"], alpha=0.2, linewidth=0
    )


def legend_below(figure: Figure, handles: Sequence[Artist], columns: int = 4) -> None:
    """One legend for all panels, under them, in as many columns as the labels leave room for.

    A figure has room for two rows; for more it becomes higher.
    """
    longest = max(len(str(handle.get_label())) for handle in handles)
    room = int(figure.get_figwidth() / (LEGEND_HANDLE + LEGEND_CHARACTER * longest))
    columns = max(1, min(columns, len(handles), room))
    rows = -(-len(handles) // columns)
    figure.set_figheight(figure.get_figheight() + LEGEND_ROW * max(0, rows - 2))
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)


def save(figure: Figure, paths: Iterable[str | os.PathLike], title: str, caption: str) -> None:
    """Write a figure as SVG, PNG, …, by the suffix, with its title and caption inside the file.

    The same figure gives the same bytes: no dates and no random names.
    """
    for path in map(Path, paths):
        metadata = {"Title": title, "Description": caption}
        metadata |= {"Date": None} if path.suffix == ".svg" else {"Software": None}
        with context(["default", STYLE]), atomic_path(path) as temporary:
            figure.savefig(temporary, metadata=metadata)
