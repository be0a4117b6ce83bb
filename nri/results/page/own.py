"""The first screen where the data are the reader's own: samples, errors, what edge types mean."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from nri.results.catalogue import dataset_entry, model_entry, model_order
from nri.results.comparison import every_seed
from nri.results.page.chart import Chart, Lane, Row, lay_out
from nri.results.page.data_sets import DataSet
from nri.results.page.overview import GRAPHS, Overview, sentence
from nri.results.page.records import RunRecord
from nri.results.rows import without_studies, without_transfers

__all__ = ["own_facts", "own_overview"]

LEGEND = {"encoder": "encoder's graph, a seed", "refined": "refined graph, a seed"}
LEGEND |= {"other": "without an inferred graph, a seed", "mean encoder": "mean over seeds"}


def own_overview(metrics: pd.DataFrame, runs: pd.DataFrame) -> Overview:
    """How well motion is predicted under the inferred graph and without one, and, where true edges
    are known, how many are found.
    """
    main = without_transfers(without_studies(metrics, runs))
    errors = every_seed(main, runs, "mse")
    errors = errors[errors["step"] == errors["step"].max()]
    accuracies = every_seed(main, runs, "edge_accuracy")
    accuracies = accuracies[accuracies["model"] == "nri_learned"]
    names = list(main["dataset"].unique())
    said = (
        _verdict(
            name,
            accuracies[accuracies["dataset"] == name],
            errors[errors["dataset"] == name],
            several=len(names) > 1,
        )
        for name in names
    )
    view = Overview(verdict=" ".join(filter(None, said)))
    if len(errors):
        view.drawings.append(lay_out(_error_chart(errors)))
        kinds = {_kind(graph) for graph in errors["graph"]} | {"mean encoder"}
        view.legend = {kind: words for kind, words in LEGEND.items() if kind in kinds}
    return view


def own_facts(data: Iterable[DataSet], records: Sequence[RunRecord]) -> list[str]:
    """What a reader needs to judge the graphs: how much data there are, and what type 0 means."""
    facts = []
    for split in data:
        counts = [
            f"{split.samples.get(name, 0):,} {words}"
            for name, words in (("train", "training"), ("valid", "validation"), ("test", "test"))
        ]
        samples = f"{counts[0]}, {counts[1]} and {counts[2]} samples"
        facts.append(f"{split.title}: {samples} of {split.objects} objects.")
        if not split.edges_known:
            facts.append(f"No true edges of {split.title} are known: no accuracy is measured.")
    return facts + list(_on_type_zero(records))


def _on_type_zero(records: Sequence[RunRecord]) -> Iterator[str]:
    learned = [record for record in records if record.config["run"]["model"] == "nri_learned"]
    silent = {
        record.directory: bool((record.config.get("training") or {}).get("skip_first"))
        for record in learned
    }
    for skips, words in (
        (True, "edges of type 0 send no message, so that type 0 means “no interaction”"),
        (False, "edges of every type send messages, so that no type means “no interaction”"),
    ):
        names = sorted(name for name, value in silent.items() if value == skips)
        if names:
            where = "In all models" if len(names) == len(silent) else f"In {', '.join(names)}"
            yield f"{where}, {words}; other types have no order."


def _verdict(dataset: str, accuracies: pd.DataFrame, errors: pd.DataFrame, several: bool) -> str:
    """What is right of a data set's edges, where that is known, and what the graph is good for."""
    title = dataset_entry(dataset).title
    found: list[str] = []
    for graph, words in (("inferred", "encoder's graph"), ("refined", "refined graph")):
        part = accuracies[accuracies["graph"] == graph]
        if len(part):
            verb = " of the edges are right" if not found else ""
            found.append(f"{part['value'].mean():.1f} %{verb} in the {words}")
    learned = errors[(errors["model"] == "nri_learned") & (errors["graph"] == "inferred")]
    ratios: list[str] = []
    for model, words in (("nri_full_graph", "the full graph"), ("static", "no motion at all")):
        part = errors[errors["model"] == model]
        if len(part) and len(learned):
            ratio = learned["value"].mean() / part["value"].mean()
            ratios.append(f"{float(f'{ratio:.2g}'):g} times as much as with {words}")
    step = f"{errors['step'].iloc[0]} steps ahead, predictions under the inferred graph err "
    parts = [", ".join(found), step + ", ".join(ratios) if ratios else ""]
    said = sentence([part for part in parts if part])
    return f"{title}: {said}" if several and said else said


def _error_chart(seeds: pd.DataFrame) -> Chart:
    groups: dict[str, list[Row]] = {}
    names = sorted(seeds["model"].unique(), key=model_order)
    for dataset, part in seeds.groupby("dataset", sort=False):
        rows = [
            Row(_short(model), lanes)
            for model in names
            if (lanes := _lanes(part[part["model"] == model]))
        ]
        groups[dataset_entry(str(dataset)).title] = rows
    title = f"Mean squared error of predictions, step {seeds['step'].iloc[0]}"
    chart = Chart(title, "", groups, {}, logarithmic=True)
    exponents = np.log10(list(chart.values()))
    ticks = range(int(np.floor(exponents.min())), int(np.ceil(exponents.max())) + 1)
    first, last = ticks[0], max(ticks[-1], ticks[0] + 1)
    chart.ticks = {10.0**power: f"1e{power}" for power in range(first, last + 1)}
    chart.words = f"{title}. " + "; ".join(
        f"{name}, {row.name}: {', '.join(lane.text for lane in row.lanes)}"
        for name, rows in groups.items()
        for row in rows
    )
    return chart


def _lanes(seeds: pd.DataFrame) -> list[Lane]:
    lanes = []
    for (graph, _), part in seeds.groupby(["graph", "recipe"]):
        values = part["value"].to_list()
        lanes.append(Lane(_kind(str(graph)), values, f"{np.mean(values):.1e}".replace("e-0", "e-")))
    return lanes


def _short(model: str) -> str:
    """The label of a model in the room that a chart has: "NRI (full graph)" → "full graph"."""
    label = model_entry(model).label
    return label[5:-1] if label.startswith("NRI (") else label


def _kind(graph: str) -> str:
    return GRAPHS.get(graph, "other")
