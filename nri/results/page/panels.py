"""Tables as the page shows them: our number above the paper's, and the way to its origin."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from nri.config.identity import OWN
from nri.results.catalogue import dataset_entry, model_entry
from nri.results.comparison import cells_of_table
from nri.results.metrics import metric_entry
from nri.results.naming import configuration, model_name
from nri.results.page.origins import origin_id
from nri.results.studies import UNPUBLISHED, compare_studies
from nri.results.tables import (
    column_order,
    elsewhere_cells,
    named_panels,
    paper_lines,
    paper_number,
    shown_lines,
)

__all__ = ["Cell", "PagePanel", "PageRow", "study_panels", "table_panels"]

MAIN = ("nri_learned", "nri_true_graph", "lstm_joint", "supervised", OWN)
"""The models whose rows a table shows at once; the others are one click away."""

FEW = 5
"""A table with so many rows, or fewer, shows them all."""


BESIDE = 4
"""The columns that half of the page has room for."""


@dataclass(frozen=True)
class Cell:
    """Our number in `parts` (those at odd places are its standard error), what it is `about`, the
    `origin` to open, and the paper's number, both "" where there is none.
    """

    parts: list[str]
    about: str = ""
    origin: str = ""
    theirs: str = ""


@dataclass
class PageRow:
    """A row: its name, what else tells it apart, and a cell for each column."""

    name: str
    aside: str
    main: bool
    cells: list[Cell]


@dataclass
class PagePanel:
    """A part of a table that fits a page. `table`: the heading of the whole; `compared`: the paper
    has numbers in it.
    """

    table: str
    title: str
    label: str
    columns: list[str]
    rows: list[PageRow]
    compared: bool
    notes: list[str] = field(default_factory=list)

    @property
    def wide(self) -> bool:
        """Whether it has too many columns to stand beside another one."""
        return len(self.columns) > BESIDE

    @property
    def more(self) -> int:
        """How many rows are one click away."""
        return sum(not row.main for row in self.rows)


def table_panels(
    metrics: pd.DataFrame,
    runs: pd.DataFrame,
    paper: pd.DataFrame,
    metric: str,
    external: pd.DataFrame | None = None,
) -> list[PagePanel]:
    """The panels of the table of a metric, as `nri.results.tables.render` has them."""
    cells = cells_of_table(metrics, runs, paper, metric)
    if cells.empty:
        return []
    entry = metric_entry(metric)
    panels = [
        _panel(
            rows.sort_values(["model_place", "graph", "recipe"], kind="stable"),
            entry.caption[0].upper() + entry.caption[1:],
            name,
            f"{metric}-{name}",
        )
        for name, rows in named_panels(cells)
    ]
    for panel in panels:
        panel.rows += _measured_elsewhere(panel, elsewhere_cells(external, metric))
    return panels


def study_panels(
    metrics: pd.DataFrame, runs: pd.DataFrame, studies: Mapping[str, Mapping[str, str]]
) -> Iterator[PagePanel]:
    """A panel for each study and each data set that it is tested on."""
    if not (runs["study"] != "").any():
        return
    cells = compare_studies(metrics, runs, studies).assign(**UNPUBLISHED)
    for (study, tested_on), rows in cells.groupby(["study", "tested_on"], sort=False):
        title = f"tested on {dataset_entry(tested_on).title}"
        order = rows.sort_values(["metric", "step"])["column"].unique()
        place = {column: number for number, column in enumerate(order)}
        rows = rows.assign(place=rows["column"].map(place))
        yield _panel(rows, rows["title"].iloc[0], title, f"study-{study}-{tested_on}")


def _measured_elsewhere(panel: PagePanel, cells: pd.DataFrame) -> list[PageRow]:
    """A row for each method that others measured in this panel; a note says the source of each."""
    here = cells[(cells["panel"] == panel.title) & cells["column"].isin(panel.columns)]
    rows = []
    for name, found in here.groupby("name", sort=False):
        known = {cell.column: cell for cell in found.itertuples()}
        row = [Cell([known[column].text if column in known else ""]) for column in panel.columns]
        rows.append(PageRow(str(name), "", True, row))
        sources = "; ".join(dict.fromkeys(found["source"]))
        panel.notes.append(f"{name}, not by this pipeline: {sources}.")
    return rows


def _panel(rows: pd.DataFrame, table: str, title: str, label: str) -> PagePanel:
    rows = rows.assign(line=paper_lines(rows))
    columns, lines = column_order(rows), shown_lines(rows)
    ours = {(row["name"], row["column"]): row for _, row in rows.iterrows()}
    published = rows.drop_duplicates(["line", "column"])
    theirs = {(row["line"], row["column"]): row for _, row in published.iterrows()}
    labels = dict(zip(rows["name"], rows["label"], strict=True))
    compared = bool(rows["paper"].notna().any())
    panel = PagePanel(table, title, _slug(label), columns, [], compared)
    for name, line in lines.items():
        pairs = [(ours.get((name, column)), theirs.get((line, column))) for column in columns]
        model, graph = line.split("|")[:2]
        known = model_name(model, graph, labels[name])
        aside = re.sub(r"^ \((.*)\)", r"\1", name.removeprefix(known)).strip(" ,")
        ran = any(row is not None and row["n"] for row, _ in pairs)
        named = compared and any(row is not None and pd.notna(row["paper"]) for _, row in pairs)
        cells = [_cell(row, there, named) for row, there in pairs]
        panel.rows.append(PageRow(known, aside, model in MAIN and ran, cells))
    if len(panel.rows) <= FEW or not any(row.main for row in panel.rows):
        for row in panel.rows:
            row.main = True
    panel.notes = _notes(rows)
    return panel


def _cell(ours: pd.Series | None, theirs: pd.Series | None, named: bool) -> Cell:
    """named: the paper has numbers in this row, so that the cells without one say so."""
    published = "–" if theirs is None else paper_number(theirs)
    published = published if named else ""
    if ours is None or not ours["n"]:
        return Cell(["–"], theirs=published)
    which = configuration(ours["encoder"], ours["decoder"], ours["edge_types"])
    seeds = f"{ours['n']} seed{'s' if ours['n'] > 1 else ''}"
    about = "; ".join(part for part in (which, seeds, ours["verdict"]) if part)
    text = metric_entry(ours["metric"]).format(ours["mean"], ours["standard_error"])
    return Cell(_parts(text), about, origin_id(ours), published)


def _parts(number: str) -> list[str]:
    """The pieces of a number, those of its standard error at odd places.

    "99.4 ± 0.1" → "99.4", " ± 0.1"; "(2.38 ± 0.10)e-7" → "", "(", "2.38", " ± 0.10)", "e-7".
    """
    if found := re.fullmatch(r"\((.+)( ± .+\))(.*)", number):
        return ["", "(", *found.groups()]
    mean, sign, error = number.partition(" ± ")
    return [mean, sign + error] if sign else [mean]


def _notes(rows: pd.DataFrame) -> list[str]:
    notes = []
    for _, row in rows[rows["note"] != ""].drop_duplicates(["line", "column"]).iterrows():
        where = f"{model_entry(row['model'], row['graph']).label}, {row['column']}"
        notes.append(f"{where}: {'the paper: ' if pd.notna(row['paper']) else ''}{row['note']}.")
    return notes


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", label.lower()).strip("-")
