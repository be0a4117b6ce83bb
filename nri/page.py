"""The page of results: tables, figures, every seed and where each number comes from."""

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nri import __version__
from nri.catalogue import dataset_entry, model_entry
from nri.comparison import describe_scale, every_seed, scale
from nri.naming import configuration, recipe
from nri.results import RUN, ResultsError
from nri.tables import TABLES

__all__ = ["PageFigure", "read_figure", "render_page"]

DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


@dataclass(frozen=True)
class PageFigure:
    """A figure as the page shows it; `uri` holds the whole file, `width` is its own, in points."""

    name: str
    title: str
    caption: str
    uri: str
    width: float


def read_figure(path: str | os.PathLike) -> PageFigure:
    """An SVG with the title and the caption that `nri.figures.style.save` put inside.

    Raises ResultsError if the file is not an SVG or says neither.
    """
    path = Path(path)
    try:
        root = ElementTree.fromstring(path.read_bytes())
    except (OSError, ElementTree.ParseError) as error:
        raise ResultsError(f"{path}: not a readable SVG ({error}); draw it again") from error
    title, caption = (root.find(f".//{DUBLIN_CORE}{name}") for name in ("title", "description"))
    if title is None or caption is None:
        raise ResultsError(f"{path}: no title and description inside; draw it with figures.style")
    uri = "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()
    return PageFigure(
        path.stem, title.text, caption.text, uri, float(root.get("width").strip("pt"))
    )


def render_page(
    metrics: pd.DataFrame,
    runs: pd.DataFrame,
    tables: Iterable[str],
    figures: Iterable[PageFigure],
    command: str,
) -> str:
    """One self-contained HTML page.

    metrics, runs: as `nri.results` reads them. tables: HTML that `nri.tables.render` made.
    command: what a reader types to make this page.
    """
    environment = Environment(
        loader=PackageLoader("nri"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    seeds = {table: _every_seed(metrics, runs, what.metric) for table, what in TABLES.items()}
    return environment.get_template("page.html").render(
        version=__version__,
        scale=describe_scale(runs),
        reduced=bool((scale(runs) == "reduced").any()),
        tables=[Markup(table) for table in tables],
        figures=list(figures),
        seeds=[
            (f"Table {TABLES[table].number}: {TABLES[table].caption}", rows)
            for table, rows in seeds.items()
            if rows
        ],
        provenance=_provenance(runs),
        machines=sorted(set(runs["machine"]) - {""}),
        versions=sorted(set(runs["versions"]) - {""}),
        command=command,
    )


def _every_seed(metrics: pd.DataFrame, runs: pd.DataFrame, metric: str) -> Markup:
    table = {what.metric: what for what in TABLES.values()}[metric]
    seeds = every_seed(metrics, runs, metric)
    if seeds.empty:
        return Markup()
    known = [*RUN, "simulations", "updates"]
    column = seeds["step"].map(lambda step: "%" if pd.isna(step) else f"step {step}")
    text = seeds["value"].map(lambda value: table.format(value, float("nan")))
    wide = seeds.assign(column=column, text=text).pivot(
        index=known, columns="column", values="text"
    )
    wide = wide.reindex(seeds[known].drop_duplicates()).reindex(columns=column.unique())
    rows = wide.reset_index()
    shown = _run_columns(rows).join(rows[list(wide.columns)].fillna("–"))
    return _html(shown.assign(train=_counts(rows["simulations"]), updates=_counts(rows["updates"])))


def _provenance(runs: pd.DataFrame) -> Markup:
    if runs.empty:
        return Markup()
    return _html(
        _run_columns(runs)
        .assign(
            updates=_counts(runs["updates"]),
            cpu=runs["process_seconds"].map(_duration),
            wall=runs["wall_seconds"].map(_duration),
            commit=runs["commit"],
            train=_counts(runs["simulations"]),
            epochs=_counts(runs["epochs"]),
            parameters=_counts(runs["parameters"]),
        )
        .rename(columns={"cpu": "CPU time", "wall": "wall time"})
    )


def _run_columns(rows: pd.DataFrame) -> pd.DataFrame:
    which = zip(rows["encoder"], rows["decoder"], rows["edge_types"], strict=True)
    return pd.DataFrame(
        {
            "dataset": [dataset_entry(name).title for name in rows["dataset"]],
            "row of the paper": [model_entry(name).label for name in rows["model"]],
            "run": [configuration(*run) or "baseline" for run in which],
            "recipe": [recipe(name) for name in rows["variant"]],
            "seed": rows["seed"].astype(str),
        },
        index=rows.index,
    )


def _html(frame: pd.DataFrame) -> Markup:
    return Markup(frame.to_html(index=False, border=0, classes="results long"))


def _counts(column: pd.Series) -> pd.Series:
    return column.map(lambda count: "–" if pd.isna(count) else f"{count:,}")


def _duration(seconds: float) -> str:
    if pd.isna(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{seconds:.1f} s"
