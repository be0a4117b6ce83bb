"""Studies: runs that answer a question that the paper does not ask, beside comparable runs."""

import re
from collections.abc import Mapping

import pandas as pd

from nri.config.identity import PAPER
from nri.evaluation.metrics_file import ROW
from nri.results.catalogue import dataset_entry, dataset_order, model_order
from nri.results.comparison import describe_work, every_seed, over_seeds
from nri.results.markup import LANGUAGES
from nri.results.metrics import metric_entry
from nri.results.naming import row_names
from nri.results.tables import OURS, make_panel

__all__ = ["compare_studies", "render_studies", "study_rows", "study_seeds"]

ROLES = {"main": "main run: ", "own": "on its own data set: ", "study": ""}
"""The roles of rows in a panel, in order, and the words for them in footnotes."""

UNPUBLISHED = {"paper": float("nan"), "paper_standard_error": float("nan"), "note": ""}
UNPUBLISHED |= {"value_provenance": "", "standard_error_provenance": ""}


def study_rows(runs: pd.DataFrame, studies: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """The rows of every panel, in order of display: `study`, `tested_on`, `role` and `ROW`.

    A panel is a study on one tested data set. Its rows are the study's runs (`role` "study") and
    two kinds of runs beside them: "main", runs of the same model without a study, trained on the
    panel's data set with the recipe that the study `compares_with`; and "own", a model that was
    trained elsewhere, tested on the data set of its training.

    runs: as `nri.results.rows.read_runs`. studies: as the configuration has them, in order.
    """
    rows = runs[[*ROW, "study"]].drop_duplicates()
    panels = []
    for (study, tested_on), members in rows[rows["study"] != ""].groupby(["study", "dataset"]):
        beside = studies[study].get("compares_with", PAPER)
        compared = [_compared(row, rows, beside) for _, row in members.iterrows()]
        panel = pd.concat([members.assign(role="study"), *compared]).drop_duplicates(ROW)
        panels.append(panel.assign(study=study, tested_on=tested_on))
    keys = {
        "study": list(studies).index,
        "tested_on": dataset_order,
        "role": list(ROLES).index,
        "model": model_order,
        "recipe": _natural,
    }
    return pd.concat(panels).sort_values(
        [
            "study",
            "tested_on",
            "role",
            "model",
            "encoder",
            "decoder",
            "edge_types",
            "recipe",
            "graph",
        ],
        key=lambda column: column.map(keys.get(column.name, lambda value: value)),
        ignore_index=True,
    )


def study_seeds(
    metrics: pd.DataFrame, runs: pd.DataFrame, studies: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """`study_rows` with every seed as `nri.results.comparison.every_seed` lists them."""
    return study_rows(runs, studies).merge(_seeds_of_tables(metrics, runs), on=ROW)


def compare_studies(
    metrics: pd.DataFrame, runs: pd.DataFrame, studies: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """`study_rows` over seeds: a row for each cell, with `title`, `name` and `column`.

    `verdict` names the row's role and what it was trained with; the other columns are those of
    `nri.results.comparison.over_seeds`.
    """
    ours = over_seeds(_seeds_of_tables(metrics, runs))
    frame = study_rows(runs, studies).merge(ours, on=ROW)
    frame["title"] = [studies[study]["title"] for study in frame["study"]]
    frame["column"] = [_column(*cell) for cell in zip(frame["metric"], frame["step"], strict=True)]
    frame["verdict"] = [ROLES[row["role"]] + describe_work(row) for _, row in frame.iterrows()]
    panels = [part for _, part in frame.groupby(["study", "tested_on"], sort=False)]
    return pd.concat([part.assign(name=_names(part)) for part in panels], ignore_index=True)


def render_studies(comparison: pd.DataFrame, language: str) -> str:
    """`compare_studies` in one of the languages "md", "tex", "html", a panel after the other."""
    markup, panels = LANGUAGES[language], []
    for (study, tested_on), rows in comparison.groupby(["study", "tested_on"], sort=False):
        where = dataset_entry(tested_on).title
        title = f"{rows['title'].iloc[0]}: tested on {where} ({OURS})"
        columns = rows.sort_values(["metric", "step"])["column"].unique()
        label = f"study-{study}-{tested_on}"
        panels.append(make_panel(rows.assign(**UNPUBLISHED), columns, title, label, markup))
    return "\n".join(markup.panel(panel) for panel in panels)


def _seeds_of_tables(metrics: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """`every_seed` of all metrics that have a table."""
    names = [name for name in sorted(set(metrics["metric"])) if metric_entry(name).table]
    return pd.concat([every_seed(metrics, runs, name) for name in names])


def _compared(row: pd.Series, rows: pd.DataFrame, recipe: str) -> pd.DataFrame:
    """The rows to show beside a row of a study: main runs of `recipe`, and its model at home."""
    rows = rows[(rows["model"] == row["model"]) & (rows["graph"] == row["graph"])]
    here = (rows["dataset"] == row["dataset"]) & (rows["study"] == "")
    trained_here = rows["trained_on"] == rows["dataset"]
    main = rows[here & trained_here & (rows["recipe"] == recipe)].assign(role="main")
    if row["trained_on"] == row["dataset"]:
        return main
    same = ["encoder", "decoder", "edge_types", "recipe"]
    same = (rows[same] == row[same]).all(axis=1)
    own = (rows["dataset"] == row["trained_on"]) & trained_here & same
    return pd.concat([main, rows[own].assign(role="own")])


def _names(panel: pd.DataFrame) -> list[str]:
    """The names of a panel's rows, with the tested data set and the role where these differ."""
    names = []
    for name, row in zip(
        row_names(panel, within=["dataset", "column"]), panel.itertuples(), strict=True
    ):
        where = f", tested on {dataset_entry(row.dataset).title}" if row.role == "own" else ""
        names.append(name + where + (", main run" if row.role == "main" else ""))
    return names


def _column(metric: str, step: int) -> str:
    short = metric_entry(metric).short
    return short if pd.isna(step) else f"{short}, step {step}"


def _natural(text: str) -> tuple[str | int, ...]:
    """A sort key by which "fast_200" comes before "fast_1000"; text and numbers alternate."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text))
