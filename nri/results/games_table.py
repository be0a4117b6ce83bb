"""A table of tracked games: how many moments and pick-and-rolls the rules found in each."""

import html
import os
import re

import pandas as pd

from nri.csv_table import read_table
from nri.files import make_again
from nri.results.markup import LANGUAGES, Panel

__all__ = ["games_table", "read_games"]

SHOWN = {
    "status": "file",
    "recorded_rate": "moments/s",
    "recorded": "moments",
    "usable": "usable",
    "stretches": "stretches",
    "minutes": "minutes",
    "screens": "screens",
    "kept": "segments",
    "samples": "samples",
}


def read_games(path: str | os.PathLike) -> pd.DataFrame:
    """The report of a data set, DATASET.games.csv; raises ResultsError if it is damaged."""
    return read_table(path, ["split", "game", *SHOWN], make_again(path), more=True)


def games_table(games: pd.DataFrame, title: str) -> str:
    """HTML: a row for each game, and one for each split that has several.

    games: the report of `nri.data.basketball.prepare.prepare_basketball`. title: the data set's.
    """
    rows = []
    for split, part in games.groupby("split", sort=False):
        numbers = part[[*SHOWN]].select_dtypes("number").drop(columns="recorded_rate").sum()
        rows += [{"name": f"{split}: {row['game']}", **row[[*SHOWN]]} for _, row in part.iterrows()]
        if len(part) > 1:
            rows.append({"name": f"{split}, {len(part)} games", **numbers})
    frame = pd.DataFrame(rows).set_index("name").rename(columns=SHOWN)
    cells = frame.map(_cell)
    cells.index = [html.escape(name) for name in cells.index]
    cells.index.name = None
    notes = [
        "Moments: as the file has them; usable: told once, with the ball and ten players.",
        "Stretches: play without a break, long enough for a segment, and their minutes.",
        "Screens: found by the rules; segments: those that fit into their stretch, with the game "
        "clock running, and do not overlap. Samples: what a split has of them.",
        "All counts, with the reasons: the report beside the data set, games.csv.",
    ]
    return LANGUAGES["html"].panel(
        Panel(
            title=html.escape(f"Pick-and-rolls found, {title}"),
            label=re.sub(r"\W+", "-", f"segments {title}".lower()),
            cells=cells,
            notes=[html.escape(note) for note in notes],
        )
    )


def _cell(value: str | float) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, str):
        return html.escape(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
