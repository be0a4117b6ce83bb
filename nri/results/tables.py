"""Tables as Markdown, LaTeX and HTML: our numbers beside the paper's."""

from collections.abc import Iterable, Iterator

import pandas as pd

from nri.config.identity import PAPER
from nri.results.catalogue import dataset_entry, model_order
from nri.results.external import elsewhere_name
from nri.results.markup import LANGUAGES, Language, Panel
from nri.results.metrics import metric_entry
from nri.results.naming import configuration, row_names, trained_elsewhere

__all__ = [
    "OURS",
    "column_order",
    "elsewhere_cells",
    "make_panel",
    "named_panels",
    "paper_lines",
    "paper_number",
    "render",
    "shown_lines",
]

OURS = "ours, not in the paper"


def render(
    comparison: pd.DataFrame, metric: str, language: str, external: pd.DataFrame | None = None
) -> str:
    """The table of a metric in one of the languages "md", "tex", "html".

    comparison: as `nri.results.comparison.cells_of_table` makes it for the metric. Where there are
    prediction steps, each data set is a panel with a column for each step; else data sets are
    columns, in panels by their kind. external: as `nri.results.external.read_external`; what was
    measured elsewhere gets rows and a column of its own in each panel that has the cell.
    """
    entry, markup = metric_entry(metric), LANGUAGES[language]
    if comparison.empty:
        return markup.escape(f"No run measures the {entry.caption}.") + "\n"
    others = elsewhere_cells(external, metric)
    panels = []
    for name, part in named_panels(comparison):
        title = f"{_heading(name, part)}: {entry.caption}"
        label = f"{metric} {name}".lower().replace(",", "").replace(" ", "-")
        columns = column_order(part)
        beside = others[(others["panel"] == name) & others["column"].isin(columns)]
        panels.append(make_panel(part, columns, title, label, markup, beside))
    return "\n".join(markup.panel(panel) for panel in panels)


def named_panels(comparison: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The panels of a table with their names: rows in the order of display, each with its `name`
    and its `column`.
    """
    rows = comparison.assign(
        place=range(len(comparison)),
        panel=comparison.apply(_panel, axis=1),
        column=comparison.apply(_column, axis=1),
    )
    for name, part in rows.groupby("panel", sort=False):
        yield str(name), _arranged(part)


def column_order(panel: pd.DataFrame) -> list[str]:
    """The columns of a panel as the comparison has them, whatever the order of its rows."""
    return list(panel.sort_values("place")["column"].unique())


class Notes:
    """Remarks on cells, each with a letter, in the order of their first use."""

    def __init__(self, language: Language):
        self.language = language
        self.letters: dict[str, str] = {}

    def mark(self, text: str) -> str:
        """The raised letter of a remark: a, b, …, z, aa, bb, …"""
        count = len(self.letters)
        letter = self.letters.setdefault(text, chr(ord("a") + count % 26) * (1 + count // 26))
        return self.language.superscript.format(letter)

    def lines(self) -> list[str]:
        """The remarks with their letters, marked up."""
        return [f"{self.mark(text)} {self.language.escape(text)}." for text in self.letters]


def _panel(row: pd.Series) -> str:
    """The panel of a row of the comparison."""
    dataset = dataset_entry(row["dataset"])
    return dataset.panel if pd.isna(row["step"]) else dataset.title


def _column(row: pd.Series) -> str:
    """The column of a row within its panel."""
    step = row["step"]
    return dataset_entry(row["dataset"]).label if pd.isna(step) else f"step {step}"


def elsewhere_cells(external: pd.DataFrame | None, metric: str) -> pd.DataFrame:
    """The cells of a metric that were measured elsewhere, with `panel`, `column` and `text`."""
    named = ["panel", "column", "name", "text", "source"]
    if external is None or external.empty:
        return pd.DataFrame(columns=named)
    entry, rows = metric_entry(metric), external[external["metric"] == metric]
    numbers = zip(rows["value"] * entry.scale, rows["standard_error"] * entry.scale, strict=True)
    return pd.DataFrame(
        {
            "panel": [_panel(row) for _, row in rows.iterrows()],
            "column": [_column(row) for _, row in rows.iterrows()],
            "name": rows["label"].map(elsewhere_name),
            "text": [entry.format(*pair) for pair in numbers],
            "source": rows["source"],
        },
        columns=named,
    )


def _heading(panel: str, rows: pd.DataFrame) -> str:
    """Where the paper has a panel: "The paper's Table 1, 5 objects"."""
    if rows["paper"].isna().all():
        return f"{panel} ({OURS})"
    (table,) = set(rows["table"]) - {""}
    return f"The paper's Table {table}, {panel}" if table.isdigit() else f"The paper's {table}"


def _arranged(rows: pd.DataFrame) -> pd.DataFrame:
    """Named rows in the order of display: by model, those of the paper's recipe first."""
    return rows.assign(
        name=row_names(rows, within=["column"]),
        model_place=[model_order(model) for model in rows["model"]],
    ).sort_values(["recipe", "model_place", "name"], key=_paper_first, kind="stable")


def _paper_first(column: pd.Series) -> pd.Series:
    """The paper's recipe before all others."""
    return column.replace(PAPER, "") if column.name == "recipe" else column


def make_panel(
    rows: pd.DataFrame,
    columns: Iterable[str],
    title: str,
    label: str,
    language: Language,
    elsewhere: pd.DataFrame | None = None,
) -> Panel:
    """A panel: a row for each `name` of `rows`, in order; columns of ours and the paper's.

    rows: as `nri.results.comparison.cells_of_table` makes them, each with its `name` and `column`.
    elsewhere: cells of rows below them, as `elsewhere_cells`.
    """
    rows, notes = rows.assign(line=paper_lines(rows)), Notes(language)
    marked = [(_our_cell(row, notes), _paper_cell(row, notes)) for _, row in rows.iterrows()]
    rows["ours"], rows["theirs"] = zip(*marked, strict=True)
    lines = shown_lines(rows)
    ours = rows.pivot(index="name", columns="column", values="ours").reindex(lines.index)
    # Repeat the paper's number in every row of the same model.
    theirs = rows.drop_duplicates(["line", "column"])
    theirs = theirs.pivot(index="line", columns="column", values="theirs").reindex(lines)
    names, cells, dash = list(lines.index), {}, language.escape("–")
    others = {} if elsewhere is None else _other_rows(elsewhere, notes)
    below = [""] * len(others)
    for column in columns:
        heading = language.escape(column)
        cells[heading, "ours"] = ours[column].fillna(dash).to_list() + below
        if rows["paper"].notna().any():
            absent = language.theirs.format(dash)
            cells[heading, "paper"] = theirs[column].fillna(absent).to_list() + below
        if any(column in row for row in others.values()):
            found = [row.get(column, "") for row in others.values()]
            cells[heading, "elsewhere"] = [""] * len(names) + found
    return Panel(
        title=language.escape(title),
        label=label,
        cells=pd.DataFrame(cells, index=[language.escape(name) for name in [*names, *others]]),
        notes=notes.lines() + [language.escape(remark) for remark in _remarks(rows)],
    )


def _other_rows(elsewhere: pd.DataFrame, notes: Notes) -> dict[str, dict[str, str]]:
    """{name: {column: cell}}; a note says where each cell is from."""
    rows: dict[str, dict[str, str]] = {}
    for cell in elsewhere.itertuples():
        text = notes.language.theirs.format(notes.language.escape(cell.text))
        mark = notes.mark(f"measured elsewhere, not by this pipeline: {cell.source}")
        rows.setdefault(cell.name, {})[cell.column] = text + mark
    return rows


def paper_lines(rows: pd.DataFrame) -> pd.Series:
    """The line of the paper's table that each row belongs to, whatever its recipe."""
    return rows["model"] + "|" + rows["graph"] + "|" + trained_elsewhere(rows)


def shown_lines(rows: pd.DataFrame) -> pd.Series:
    """The paper's line of each row to show, by name.

    Drop rows without any result if the model has another row with one.
    """
    line = rows.drop_duplicates("name").set_index("name")["line"]
    ran = rows[rows["n"] > 0]
    return line[line.index.isin(ran["name"]) | ~line.isin(ran["line"])]


def _our_cell(row: pd.Series, notes: Notes) -> str:
    if not row["n"]:
        return notes.language.escape("–")
    which = configuration(row["encoder"], row["decoder"], row["edge_types"])
    seeds = f"{row['n']} seed{'s' if row['n'] > 1 else ''}"
    remark = "; ".join(part for part in (which, seeds, row["verdict"]) if part)
    cell = metric_entry(row["metric"]).format(row["mean"], row["standard_error"])
    return notes.language.escape(cell) + notes.mark(remark)


def paper_number(row: pd.Series) -> str:
    """The paper's number, "–" where it has none, with daggers where it is recalled."""
    dagger, cell = {"recalled": "†"}, "–"
    number = metric_entry(row["metric"]).format
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
    cell = notes.language.theirs.format(notes.language.escape(paper_number(row)))
    return cell + (notes.mark(remark) if remark else "")


def _remarks(rows: pd.DataFrame) -> list[str]:
    dash = "not run, or not in the paper" if rows["paper"].notna().any() else "not measured"
    remarks = [f"Ours: mean ± standard error over seeds; –: {dash}."]
    if (rows[["value_provenance", "standard_error_provenance"]] == "recalled").any(axis=None):
        remarks.append("† Recalled, not checked against the paper itself.")
    return remarks
