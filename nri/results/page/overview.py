"""What came out, at a glance: our accuracy and error beside the paper's and the best published."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nri.config.identity import PAPER
from nri.results.catalogue import DATASETS, Dataset
from nri.results.comparison import every_seed, scale
from nri.results.metrics import STEPS, metric_entry
from nri.results.page.chart import Chart, Drawing, Lane, Mark, Row, lay_out
from nri.results.rows import without_studies, without_transfers

__all__ = ["GRAPHS", "Overview", "overview", "sentence"]

MODEL = "nri_learned"
GRAPHS = {"inferred": "encoder", "refined": "refined"}
"""The graphs that the pictures show, and the looks of their lanes."""
WHENCE = {
    "encoder": "the encoder's graph, as in the paper,",
    "refined": "the graph refined by the decoder's likelihood",
}
"""What a visitor has to know of each graph."""


@dataclass(frozen=True)
class System:
    """One data set: our seeds by graph and step, and the numbers of others."""

    dataset: Dataset
    ours: dict[tuple[str, int], list[float]]
    paper: dict[int, float]
    best: pd.Series | None = None

    def mean(self, graph: str, step: int = 0) -> float:
        """Our mean over seeds, NaN where there is none."""
        return float(np.mean(self.ours.get((graph, step), [np.nan])))


@dataclass
class Overview:
    """The first screen: what came out in words, drawings with their legend, and notes on them."""

    verdict: str = ""
    drawings: list[Drawing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    legend: dict[str, str] = field(default_factory=dict)


def overview(
    metrics: pd.DataFrame, runs: pd.DataFrame, paper: pd.DataFrame, best: pd.DataFrame
) -> Overview:
    """The first screen of a page whose data sets are the paper's."""
    ours = without_transfers(without_studies(metrics, runs))
    ours = ours[(ours["model"] == MODEL) & ours["graph"].isin([*GRAPHS])]
    accuracy, error = (
        _systems(
            every_seed(ours, runs, metric),
            *(table[table["metric"] == metric] for table in (paper, best)),
        )
        for metric in ("edge_accuracy", "mse")
    )
    error = [system for system in error if system.paper]
    view = Overview(legend=_legend(accuracy, error))
    if accuracy:
        view.drawings.append(lay_out(_accuracy_chart(accuracy)))
    if error:
        view.drawings.append(lay_out(_error_chart(error)))
    said = [*_on_accuracy(accuracy), *_on_error(error)]
    view.verdict = " ".join(sentence([part]) for part in said)
    view.notes = _notes(accuracy)
    return view


def _systems(seeds: pd.DataFrame, paper: pd.DataFrame, best: pd.DataFrame) -> list[System]:
    """The systems of the paper that have seeds, of a metric."""
    theirs = paper[(paper["model"] == MODEL) & (paper["graph"] == "inferred")]
    theirs = theirs.dropna(subset="value")
    systems = []
    for name, dataset in DATASETS.items():
        ours = seeds[seeds["dataset"] == name]
        if ours.empty or not dataset.panel.endswith("objects"):
            continue
        ours = ours[ours["recipe"] == _shown_recipe(ours)].assign(step=ours["step"].fillna(0))
        values = ours.groupby(["graph", "step"])["value"].apply(list).to_dict()
        published = theirs[theirs["dataset"] == name]
        steps = published["step"].fillna(0).astype(int)
        others = best[best["dataset"] == name]
        systems.append(
            System(
                dataset,
                {(graph, int(step)): seeds for (graph, step), seeds in values.items()},
                dict(zip(steps, published["value"], strict=True)),
                others.iloc[0] if len(others) else None,
            )
        )
    return systems


def _shown_recipe(seeds: pd.DataFrame) -> str:
    """The paper's recipe where it ran at the paper's scale, else the one with the most seeds.

    Not the one with the best result: what is shown first does not depend on what came out.
    """
    full = (scale(seeds) == "paper") & (seeds["recipe"] == PAPER)
    if full.any():
        return PAPER
    counts = seeds.groupby("recipe")["seed"].nunique()
    others = counts.drop(PAPER, errors="ignore")
    return str((others if len(others) else counts).idxmax())


def _accuracy_chart(systems: list[System]) -> Chart:
    groups: dict[str, list[Row]] = {}
    for system in systems:
        marks = [
            Mark("paper", value, f"the paper: {value:.1f} %") for value in system.paper.values()
        ]
        if system.best is not None:
            kind = "best other" if system.best["note"] else "best"
            words = f"best published, {system.best['model']}: {system.best['value']:.1f} %"
            marks.append(Mark(kind, system.best["value"], words))
        lanes = _lanes(system, 0, 1, lambda mean: f"{mean:.1f}")
        groups.setdefault(system.dataset.panel, []).append(Row(system.dataset.label, lanes, marks))
    chart = Chart("Edges recovered, %", _spoken(systems), groups, {})
    low = min([50.0, *(10 * (value // 10) for value in chart.values())])
    chart.ticks = {float(value): f"{value:g}" for value in np.arange(low, 101, 10)}
    return chart


def _error_chart(systems: list[System]) -> Chart:
    groups = {
        system.dataset.title: [
            Row(f"step {step}", _lanes(system, step, system.paper[step], _times), [])
            for step in STEPS
            if step in system.paper and any(key[1] == step for key in system.ours)
        ]
        for system in systems
    }
    words = "Our mean squared error of predictions as a multiple of the paper's. "
    chart = Chart("Error of predictions, × the paper's", words, groups, {}, True, line=1)
    values = np.log10(list(chart.values()))
    exponents = range(int(np.floor(min(-1, values.min()))), int(np.ceil(max(1, values.max()))) + 1)
    chart.ticks = {10.0**power: _times(10.0**power) for power in exponents}
    chart.words += "; ".join(
        f"{title}, {row.name}: "
        + ", ".join(f"{_called(lane.kind)} {lane.text}" for lane in row.lanes)
        for title, rows in groups.items()
        for row in rows
    )
    return chart


def _lanes(system: System, step: int, unit: float, text) -> list[Lane]:
    return [
        Lane(
            kind,
            values := [value / unit for value in system.ours[graph, step]],
            text(np.mean(values)),
        )
        for graph, kind in GRAPHS.items()
        if (graph, step) in system.ours
    ]


def _times(ratio: float) -> str:
    return f"{float(f'{ratio:.2g}'):g}×"


def _called(kind: str) -> str:
    return "encoder's graph" if kind == "encoder" else "refined graph"


def _spoken(systems: Iterable[System]) -> str:
    """The picture of accuracies in words, for who does not see it."""
    lines = []
    for system in systems:
        words = [
            f"{_called(kind)} {system.mean(graph):.1f}"
            for graph, kind in GRAPHS.items()
            if (graph, 0) in system.ours
        ]
        words += [f"the paper {value:.1f}" for value in system.paper.values()]
        if system.best is not None:
            words.append(f"best published {system.best['value']:.1f}")
        lines.append(f"{system.dataset.title}: {', '.join(words)}")
    return "Accuracy of the recovered edges in percent. " + "; ".join(lines) + "."


def _on_accuracy(systems: list[System]) -> list[str]:
    """On how many systems ours are not below the paper's, and the refined not below the best."""
    said: list[str] = []
    for graph, kind in GRAPHS.items():
        known = [system for system in systems if system.paper and (graph, 0) in system.ours]
        if known:
            wins = sum(_reaches(system.mean(graph), system.paper[0]) for system in known)
            verb = "" if said else " is at least as accurate as the paper's"
            said.append(f"{WHENCE[kind]}{verb} on {wins} of {len(known)}")
    if not said:
        return []
    said[0] += " systems"
    comparable = [
        (system.mean("refined"), system.best["value"])
        for system in systems
        if system.best is not None and not system.best["note"] and ("refined", 0) in system.ours
    ]
    if comparable:
        wins = sum(_reaches(ours, theirs) for ours, theirs in comparable)
        said[-1] += (
            f", and at least as accurate as the best published on {wins} of the {len(comparable)} "
            "whose data are the same"
        )
    return ["; ".join(said)]


def _on_error(systems: list[System]) -> list[str]:
    """How far our errors are from the paper's at the last step that both have."""
    last, said = max(STEPS), list[str]()
    for graph, kind in GRAPHS.items():
        ratios = [
            system.mean(graph, last) / system.paper[last]
            for system in systems
            if last in system.paper and (graph, last) in system.ours
        ]
        if ratios:
            low, high = (f"{float(f'{ratio:.2g}'):g}" for ratio in (min(ratios), max(ratios)))
            times = f"{low} times" if low == high else f"{low} to {high} times"
            verb = "" if said else f"{last} steps ahead, predictions err "
            more = "" if said else " as much as the paper's"
            said.append(f"{verb}{times}{more} under the {_called(kind)}")
    return [" and ".join(said)] if said else []


def _reaches(ours: float, theirs: float) -> bool:
    """Whether ours is not below theirs in the digits that tables print."""
    rounding = metric_entry("edge_accuracy").rounding
    return ours >= theirs - rounding


def sentence(parts: list[str]) -> str:
    """Parts as one sentence, "" if there are none."""
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _legend(accuracy: list[System], error: list[System]) -> dict[str, str]:
    """What the looks in the pictures mean, of those that are there."""
    graphs = {graph for system in accuracy + error for graph, _ in system.ours}
    legend = {kind: f"{_called(kind)}, a seed" for graph, kind in GRAPHS.items() if graph in graphs}
    if graphs:
        legend["mean encoder"] = "mean over seeds"
    if any(system.paper for system in accuracy):
        legend["paper"] = "the paper"
    if any(system.best is not None for system in accuracy):
        legend["best"] = "best published"
    if any(system.best is not None and system.best["note"] for system in accuracy):
        legend["best other"] = "best published, on other data"
    if error:
        legend["line"] = "the paper's error"
    return legend


def _notes(systems: list[System]) -> list[str]:
    best = [system.best for system in systems if system.best is not None]
    notes = [f"Best published: {row['model']}, {row['source']}." for row in best]
    notes += [f"Dashed: {row['note']}; it is left out of the count." for row in best if row["note"]]
    return list(dict.fromkeys(notes))
