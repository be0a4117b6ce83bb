"""The paper's Tables 1 and 2 as Markdown, LaTeX and HTML, ours beside the paper's."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from nri.catalogue import dataset_entry, model_order
from nri.markup import MARKUPS, Markup, Panel
from nri.naming import configuration, row_names

__all__ = ["TABLES", "render"]


@dataclass(frozen=True)
class Table:
    """A table of the paper: its number, the metric it shows, its words and how a cell reads."""

    number: int
    metric: str
    caption: str
    format: Callable[[float, float], str]

    def panel(self, row: pd.Series) -> str:
        """The part of the table that a row of the comparison belongs to."""
        entry = dataset_entry(row["dataset"])
        return entry.panel if self.metric == "edge_accuracy" else entry.title

    def column(self, row: pd.Series) -> str:
        """The column within the panel."""
        step = row["step"]
        return dataset_entry(row["dataset"]).label if pd.isna(step) else f"step {step}"


def render(comparison: pd.DataFrame, table: str, markup: str) -> str:
    """A table in one of the languages "md", "tex", "html".

    comparison: as `nri.comparison.compare` makes it for the metric of the table.
    table: "edge_accuracy" (Table 1) or "future_mse" (Table 2).
    """
    what, language = TABLES[table], MARKUPS[markup]
    if comparison.empty:
        return language.escape(f"No run measures the {what.caption}.") + "\n"
    rows = comparison.assign(
        panel=comparison.apply(what.panel, axis=1), column=comparison.apply(what.column, axis=1)
    )
    panels = [_panel(part, what, language) for _, part in rows.groupby("panel", sort=False)]
    return "\n".join(language.panel(panel) for panel in panels)


class Notes:
    """Remarks on cells, each with a letter, in the order of their first use."""

    def __init__(self, markup: Markup):
        self.markup = markup
        self.letters: dict[str, str] = {}

    def mark(self, text: str) -> str:
        """The raised letter of a remark: a, b, …, z, aa, bb, …"""
        count = len(self.letters)
        letter = self.letters.setdefault(text, chr(ord("a") + count % 26) * (1 + count // 26))
        return self.markup.superscript.format(letter)

    def lines(self) -> list[str]:
        """The remarks with their letters, marked up."""
        return [f"{self.mark(text)} {self.markup.escape(text)}." for text in self.letters]


def _panel(rows: pd.DataFrame, table: Table, markup: Markup) -> Panel:
    """Rows are models, those of the paper's recipe first; columns are ours and the paper's."""
    columns = rows["column"].unique()
    rows = rows.assign(
        name=row_names(rows, within=["column"]),
        place=[model_order(model) for model in rows["model"]],
    ).sort_values(["variant", "place", "name"], kind="stable")
    names = rows["name"].unique()

    notes = Notes(markup)
    ours, theirs = {}, {}
    for _, row in rows.iterrows():
        cell = row["name"], row["column"]
        ours[cell] = _our_cell(row, table, notes)
        theirs[cell] = _paper_cell(row, table, notes)
    sides = {"ours": ours}
    title = f"{rows['panel'].iloc[0]} (not in a table of the paper)"
    if rows["paper"].notna().any():
        sides["paper"] = theirs
        title = f"The paper's Table {table.number}, {rows['panel'].iloc[0]}"
    dash = markup.escape("–")
    absent = {"ours": dash, "paper": markup.theirs.format(dash)}
    cells = {
        (markup.escape(column), side): [known.get((name, column), absent[side]) for name in names]
        for column in columns
        for side, known in sides.items()
    }
    return Panel(
        title=markup.escape(f"{title}: {table.caption}"),
        label=f"{table.metric} {rows['panel'].iloc[0]}".lower().replace(",", "").replace(" ", "-"),
        cells=pd.DataFrame(cells, index=map(markup.escape, names)),
        notes=notes.lines() + [markup.escape(remark) for remark in _remarks(rows)],
    )


def _our_cell(row: pd.Series, table: Table, notes: Notes) -> str:
    if not row["n"]:
        return notes.markup.escape("–")
    which = configuration(row["encoder"], row["decoder"], row["edge_types"])
    seeds = f"{row['n']} seed{'s' if row['n'] > 1 else ''}"
    remark = "; ".join(part for part in (which, seeds, row["verdict"]) if part)
    cell = table.format(row["mean"], row["standard_error"])
    return notes.markup.escape(cell) + notes.mark(remark)


def _paper_cell(row: pd.Series, table: Table, notes: Notes) -> str:
    dagger = {"recalled": "†"}
    cell = "–"
    if pd.notna(row["paper"]):
        cell = table.format(row["paper"], float("nan")) + dagger.get(row["value_provenance"], "")
    if pd.notna(row["paper_standard_error"]):
        error = table.format(row["paper_standard_error"], float("nan"))
        cell += f" ± {error}" + dagger.get(row["standard_error_provenance"], "")
    remark = notes.mark(f"of the paper's number: {row['note']}") if row["note"] else ""
    return notes.markup.theirs.format(notes.markup.escape(cell)) + remark


def _remarks(rows: pd.DataFrame) -> list[str]:
    remarks = ["Ours: mean ± standard error over seeds; –: not run, or not in the paper."]
    if (rows[["value_provenance", "standard_error_provenance"]] == "recalled").any(axis=None):
        remarks.append("† Recalled, not checked against the paper itself.")
    return remarks


def _percent(mean: float, error: float) -> str:
    return f"{mean:.1f}" if pd.isna(error) else f"{mean:.1f} ± {error:.1f}"


def _scientific(mean: float, error: float) -> str:
    mantissa, exponent = f"{mean:.2e}".split("e")
    if pd.isna(error):
        return f"{mantissa}e{int(exponent)}"
    return f"({mantissa} ± {error / 10.0 ** int(exponent):.2f})e{int(exponent)}"


TABLES = {
    "edge_accuracy": Table(
        1, "edge_accuracy", "accuracy (%) of the interactions recovered", _percent
    ),
    "future_mse": Table(2, "mse", "mean squared error of predicted states", _scientific),
}
