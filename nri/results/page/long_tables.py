"""Long tables: every cell of the paper, every seed, and what each training was and cost."""

import re

import pandas as pd

from nri.config.identity import PAPER
from nri.evaluation.metrics_file import RUN
from nri.results.catalogue import dataset_entry
from nri.results.comparison import all_cells, every_seed
from nri.results.metrics import Metric, metric_entry
from nri.results.naming import configuration, model_name, origin, trained_elsewhere
from nri.results.tables import paper_number

__all__ = ["cell_by_cell", "every_seed_table", "numbered", "provenance"]


def cell_by_cell(
    metrics: pd.DataFrame, runs: pd.DataFrame, paper: pd.DataFrame
) -> list[tuple[str, str]]:
    """Headings and long tables: every cell of each table of the paper and the runs that fill it."""
    cells = pd.concat([all_cells(metrics, runs, paper, name) for name in paper["metric"].unique()])
    cells = cells[cells["table"] != ""]
    return [
        (f"Table {name}" if name.isdigit() else name.capitalize(), _cells(part))
        for name, part in cells.groupby("table", sort=False)
    ]


def _cells(cells: pd.DataFrame) -> str:
    rows = []
    for _, cell in cells.iterrows():
        ours, apart = _ours(cell) if cell["n"] else ("–", "–")
        rows.append(
            {
                "dataset": dataset_entry(cell["dataset"]).title,
                "model": model_name(cell["model"], cell["graph"], cell["label"]) + _recipe(cell),
                "step": str(cell["step"]),
                "ours": ours,
                "seeds": str(cell["n"]),
                "paper": paper_number(cell),
                "apart": apart,
                "verdict": cell["verdict"],
            }
        )
    frame = pd.DataFrame(rows)
    return _html(frame if cells["step"].notna().any() else frame.drop(columns="step"))


def _recipe(cell: pd.Series) -> str:
    """The recipe in brackets where it is not the paper's, or the model was trained elsewhere."""
    if cell["recipe"] == PAPER and not cell["elsewhere"]:
        return ""
    return f" ({origin(cell['recipe'], cell['elsewhere'])})"


def _ours(cell: pd.Series) -> tuple[str, str]:
    """Our number, and how far it is from the paper's: "+0.3 points", "1.2 ×"."""
    metric = metric_entry(cell["metric"])
    ours = metric.format(cell["mean"], cell["standard_error"])
    return ours, metric.apart(cell["mean"], cell["paper"])


def every_seed_table(metrics: pd.DataFrame, runs: pd.DataFrame, metric: Metric) -> str:
    """A long table: a row for each run and seed, a column for each step if there are any."""
    seeds = every_seed(metrics, runs, metric.name)
    if seeds.empty:
        return ""
    known = [*RUN, "label", "simulations", "updates"]
    column = seeds["step"].map(lambda step: metric.short if pd.isna(step) else f"step {step}")
    text = seeds["value"].map(lambda value: metric.format(value, float("nan")))
    wide = seeds.assign(column=column, text=text).pivot(
        index=known, columns="column", values="text"
    )
    wide = wide.reindex(seeds[known].drop_duplicates()).reindex(columns=column.unique())
    rows = wide.reset_index()
    shown = _run_columns(rows).join(rows[list(wide.columns)].fillna("–"))
    return _html(shown.assign(train=_counts(rows["simulations"]), updates=_counts(rows["updates"])))


def provenance(runs: pd.DataFrame) -> str:
    """A long table: what each training was and cost; "" if there is none."""
    if runs.empty:
        return ""
    return _html(
        _run_columns(runs)
        .assign(
            commit=runs["commit"].replace("", "–"),
            machine=_counts(runs["machine"].map(numbered(runs["machine"]))),
            versions=_counts(runs["versions"].map(numbered(runs["versions"]))),
            cpu=runs["process_seconds"].map(_duration),
            wall=runs["wall_seconds"].map(_duration),
            updates=_counts(runs["updates"]),
            train=_counts(runs["simulations"]),
            epochs=runs["epochs"].map(lambda epochs: "–" if pd.isna(epochs) else f"{epochs:,g}"),
            parameters=_counts(runs["parameters"]),
        )
        .rename(columns={"cpu": "CPU time", "wall": "wall time"})
    )


def numbered(column: pd.Series) -> dict[str, int]:
    """A number for each distinct text of a column, which is too long for a table."""
    return {text: number for number, text in enumerate(sorted(set(column) - {""}), start=1)}


def _run_columns(rows: pd.DataFrame) -> pd.DataFrame:
    which = zip(rows["encoder"], rows["decoder"], rows["edge_types"], strict=True)
    return pd.DataFrame(
        {
            "dataset": [dataset_entry(name).title for name in rows["dataset"]],
            "model": [
                model_name(*key)
                for key in zip(rows["model"], rows["graph"], rows["label"], strict=True)
            ],
            "run": [configuration(*run) or "baseline" for run in which],
            "recipe": [
                origin(*names)
                for names in zip(
                    rows["recipe"], trained_elsewhere(rows), rows["dataset"], strict=True
                )
            ],
            "seed": rows["seed"].astype(str),
        },
        index=rows.index,
    )


def _html(frame: pd.DataFrame) -> str:
    """A long table, its text escaped; without the indentation, which would be a quarter of it."""
    html = frame.to_html(index=False, border=0, classes="results long")
    return re.sub(r"\n +", "\n", html)


def _counts(column: pd.Series) -> pd.Series:
    return column.map(lambda count: "–" if pd.isna(count) else f"{count:,.0f}")


def _duration(seconds: float) -> str:
    if pd.isna(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{seconds:.1f} s"
