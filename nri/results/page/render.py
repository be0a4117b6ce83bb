"""The page of results: what came out, tables, figures, and where every number comes from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from nri import __version__
from nri.results.catalogue import DATASETS, dataset_entry
from nri.results.comparison import describe_scale
from nri.results.metrics import metric_entry, metric_of_table, tables_of
from nri.results.page.data_sets import DataSet
from nri.results.page.figures import PageFigure
from nri.results.page.long_tables import cell_by_cell, every_seed_table, numbered, provenance
from nri.results.page.origins import find_origins
from nri.results.page.overview import overview
from nri.results.page.own import own_facts, own_overview
from nri.results.page.panels import PagePanel, study_panels, table_panels
from nri.results.page.records import RunRecord
from nri.results.rendering import template
from nri.results.rows import without_studies, without_transfers

__all__ = ["Results", "render_page"]

LEAD = (
    "A reproduction of Kipf, Fetaya, Wang, Welling and Zemel, “Neural Relational Inference for "
    "Interacting Systems” (ICML 2018), which infers from motion alone who acts on whom."
)
OWN_LEAD = "Who acts on whom, inferred from motion alone by Neural Relational Inference."

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Results:
    """All that a page is made of beside its figures.

    metrics, runs: as `nri.results.rows` reads them. paper: as `read_paper_numbers` of
    `nri.results.comparison`. best: as `read_best_published`. studies: as the configuration has
    them, {NAME: {"title": …}}. records: of all runs. data: of all data sets. verdicts: the
    sentences on inferred graphs, by DATASET/RUN. external: as `nri.results.external` reads it,
    where there is such a file.
    """

    metrics: pd.DataFrame
    runs: pd.DataFrame
    paper: pd.DataFrame
    best: pd.DataFrame
    studies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    records: Sequence[RunRecord] = ()
    data: Sequence[DataSet] = ()
    verdicts: Mapping[str, str] = field(default_factory=dict)
    external: pd.DataFrame | None = None

    @property
    def own(self) -> bool:
        """Whether none of the data sets is one of the paper's."""
        return not set(self.metrics["dataset"]) & set(DATASETS)


def render_page(
    results: Results,
    figures: Iterable[PageFigure],
    command: str,
    *,
    tables: Iterable[str] = (),
    explorer: str = "",
) -> str:
    """One self-contained HTML page.

    command: what a reader types to make these results. tables: HTML of tables that are not made
    from the metrics. explorer: HTML of the explorer, with its own styles, data and program in it.
    """
    metrics, runs, paper = results.metrics, results.runs, results.paper
    shown = [metric_of_table(table) for table in tables_of(metrics["metric"].unique())]
    panels = [
        panel
        for entry in shown
        for panel in table_panels(metrics, runs, paper, entry.name, results.external)
    ]
    first, further = _in_two(panels, results.own)
    seeds = {metric: every_seed_table(metrics, runs, metric) for metric in shown}
    return template("page.html", "nri.results.page", autoescape=True).render(
        version=__version__,
        own=results.own,
        title=_title(results),
        lead=OWN_LEAD if results.own else LEAD,
        overview=(
            own_overview(metrics, runs)
            if results.own
            else overview(metrics, runs, paper, results.best)
        ),
        verdicts=results.verdicts,
        facts=own_facts(results.data, results.records) if results.own else [],
        scale=describe_scale(without_transfers(without_studies(runs, runs))),
        style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        program=Markup((TEMPLATES / "page.js").read_text(encoding="utf-8")),
        panels=first,
        further=further,
        tables=[Markup(table) for table in tables],
        studies=_grouped(study_panels(metrics, runs, results.studies)),
        figures=list(figures),
        cells=[] if results.own else cell_by_cell(metrics, runs, paper),
        seeds=[
            (f"{metric.heading}: {metric.caption}", rows) for metric, rows in seeds.items() if rows
        ],
        origins=find_origins(metrics, runs, results.records, command),
        data=results.data,
        provenance=provenance(without_transfers(runs)),
        machines=numbered(runs["machine"]),
        versions=numbered(runs["versions"]),
        command=command,
        explorer=Markup(explorer),
    )


def _title(results: Results) -> str:
    if not results.own:
        return "Neural Relational Inference: results"
    names = [dataset_entry(name).title for name in results.metrics["dataset"].unique()]
    return f"Inferred relations: {', '.join(names)}"


Tables = dict[str, list[PagePanel]]
"""Panels by the heading of their table."""


def _in_two(panels: list[PagePanel], own: bool) -> tuple[Tables, Tables]:
    """The tables that a reader sees first, and further ones: what the paper has numbers of, or, of
    other data, accuracy and error.
    """
    usual = [metric_entry(name).caption for name in ("edge_accuracy", "mse")]

    def comes_first(panel: PagePanel) -> bool:
        return panel.compared or (own and panel.table.lower() in map(str.lower, usual))

    first = [panel for panel in panels if comes_first(panel)]
    return _grouped(first), _grouped(panel for panel in panels if not comes_first(panel))


def _grouped(panels: Iterable[PagePanel]) -> Tables:
    tables: Tables = {}
    for panel in panels:
        tables.setdefault(panel.table, []).append(panel)
    return tables
