"""Tables as Markdown, LaTeX and HTML: the paper's with ours beside it, and one of ours alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from nri.config.identity import PAPER
from nri.results.catalogue import dataset_entry, model_order
from nri.results.markup import MARKUPS, Markup, Panel
from nri.results.naming import configuration, row_names, trained_elsewhere

__all__ = ["FORMATS", "OURS", "TABLES", "make_panel", "paper_number", "render"]

OURS = "ours, not in the paper"


@dataclass(frozen=True)
class Table:
    """A table: its heading, the metric it shows, its words and how a cell reads."""

    heading: str
    metric: str
    caption: str
    format: Callable[[float, float], str]

    def panel(self, row: pd.Series) -> str:
        """The part of the table that a row of the comparison belongs to."""
        entry = dataset_entry(row["dataset"])
        return entry.title if self.metric == "mse" else entry.panel

    def column(self, row: pd.Series) -> str:
        """The column within the panel."""
        step = row["step"]
        return dataset_entry(row["dataset"]).label if pd.isna(step) else f"step {step}"


def render(comparison: pd.DataFrame, table: str, markup: str) -> str:
    """A table in one of the languages "md", "tex", "html".

    comparison: as `nri.results.comparison.compare` makes it for the metric of the table.
    table: "edge_accuracy" (Table 1), "future_mse" (Table 2) or "edge_auroc" (ours).
    """
    what, language = TABLES[table], MARKUPS[markup]
    if comparison.empty:
        return language.escape(f"No run measures the {what.caption}.") + "\n"
    rows = comparison.assign(
        panel=comparison.apply(what.panel, axis=1), column=comparison.apply(what.column, axis=1)
    )
    panels = []
    for name, part in rows.groupby("panel", sort=False):
        title = f"{_place(name, part)}: {what.caption}"
        label = f"{what.metric} {name}".lower().replace(",", "").replace(" ", "-")
        columns = part["column"].unique()
        panels.append(make_panel(_arranged(part), columns, title, label, language))
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


def _place(panel: str, rows: pd.DataFrame) -> str:
    """Where a panel stands in the paper: "The paper's Table 1, 5 objects"."""
    if rows["paper"].isna().all():
        return f"{panel} ({OURS})"
    (table,) = set(rows["table"]) - {""}
    return f"The paper's Table {table}, {panel}" if table.isdigit() else f"The paper's {table}"


def _arranged(rows: pd.DataFrame) -> pd.DataFrame:
    """Named rows in the order of display: by model, those of the paper's recipe first."""
    return rows.assign(
        name=row_names(rows, within=["column"]),
        place=[model_order(model) for model in rows["model"]],
    ).sort_values(["recipe", "place", "name"], key=_paper_first, kind="stable")


def _paper_first(column: pd.Series) -> pd.Series:
    """The paper's recipe before all others."""
    return column.replace(PAPER, "") if column.name == "recipe" else column


def make_panel(
    rows: pd.DataFrame, columns: Iterable[str], title: str, label: str, markup: Markup
) -> Panel:
    """A panel: a row for each `name` of `rows`, in order; columns of ours and the paper's.

    rows: as `nri.results.comparison.compare` makes them, each with its `name` and `column`.
    """
    rows = rows.assign(elsewhere=trained_elsewhere(rows))
    names, notes = rows["name"].unique(), Notes(markup)
    ours, theirs, kinds = {}, {}, {}
    for _, row in rows.iterrows():
        # What the paper says of a model stands in all of its rows, run there or not.
        kind = kinds[row["name"]] = row["model"], row["graph"], row["elsewhere"]
        ours[row["name"], row["column"]] = _our_cell(row, notes)
        theirs[kind, row["column"]] = _paper_cell(row, notes)
    # A row of dashes gives way to the rows of its model that were run.
    run = set(rows.loc[rows["n"] > 0, "name"])
    kinds_run = {kinds[name] for name in run}
    names = [name for name in names if name in run or kinds[name] not in kinds_run]
    cells, dash = {}, markup.escape("–")
    for column in columns:
        heading = markup.escape(column)
        cells[heading, "ours"] = [ours.get((name, column), dash) for name in names]
        if rows["paper"].notna().any():
            absent = markup.theirs.format(dash)
            cells[heading, "paper"] = [theirs.get((kinds[n], column), absent) for n in names]
    return Panel(
        title=markup.escape(title),
        label=label,
        cells=pd.DataFrame(cells, index=map(markup.escape, names)),
        notes=notes.lines() + [markup.escape(remark) for remark in _remarks(rows)],
    )


def _our_cell(row: pd.Series, notes: Notes) -> str:
    if not row["n"]:
        return notes.markup.escape("–")
    which = configuration(row["encoder"], row["decoder"], row["edge_types"])
    seeds = f"{row['n']} seed{'s' if row['n'] > 1 else ''}"
    remark = "; ".join(part for part in (which, seeds, row["verdict"]) if part)
    cell = FORMATS[row["metric"]](row["mean"], row["standard_error"])
    return notes.markup.escape(cell) + notes.mark(remark)


def paper_number(row: pd.Series) -> str:
    """The paper's number, "–" where it has none, with daggers where it is recalled."""
    dagger, cell = {"recalled": "†"}, "–"
    number = FORMATS[row["metric"]]
    if pd.notna(row["paper"]):
        cell = number(row["paper"], float("nan")) + dagger.get(row["value_provenance"], "")
    if pd.notna(row["paper_standard_error"]):
        error = number(row["paper_standard_error"], float("nan"))
        cell += f" ± {error}" + dagger.get(row["standard_error_provenance"], "")
    return cell


def _paper_cell(row: pd.Series, notes: Notes) -> str:
    remark = row["note"]
    if remark and pd.notna(row["paper"]):
        remark = f"of the paper's number: {remark}"
    cell = notes.markup.theirs.format(notes.markup.escape(paper_number(row)))
    return cell + (notes.mark(remark) if remark else "")


def _remarks(rows: pd.DataFrame) -> list[str]:
    dash = "not run, or not in the paper" if rows["paper"].notna().any() else "not measured"
    remarks = [f"Ours: mean ± standard error over seeds; –: {dash}."]
    if (rows[["value_provenance", "standard_error_provenance"]] == "recalled").any(axis=None):
        remarks.append("† Recalled, not checked against the paper itself.")
    return remarks


def _percent(mean: float, error: float) -> str:
    return f"{mean:.1f}" if pd.isna(error) else f"{mean:.1f} ± {error:.1f}"


def _decimal(mean: float, error: float) -> str:
    return f"{mean:.3f}" if pd.isna(error) else f"{mean:.3f} ± {error:.3f}"


def _scientific(mean: float, error: float) -> str:
    mantissa, exponent = f"{mean:.2e}".split("e")
    if pd.isna(error):
        return f"{mantissa}e{int(exponent)}"
    return f"({mantissa} ± {error / 10.0 ** int(exponent):.2f})e{int(exponent)}"


TABLES = {
    "edge_accuracy": Table(
        "Table 1", "edge_accuracy", "accuracy (%) of the interactions recovered", _percent
    ),
    "future_mse": Table("Table 2", "mse", "mean squared error of predicted states", _scientific),
    "edge_auroc": Table(
        "Ours", "edge_auroc", "area under the ROC curve of the interactions recovered", _decimal
    ),
}
FORMATS = {what.metric: what.format for what in TABLES.values()}
"""How a mean and its standard error (NaN: none) read, for each metric."""
