"""The graphs that the seeds of a run find in own data, how sure and how stable they are."""

import os
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nri.csv_table import read_table, refuse
from nri.figures.captions import shown_runs
from nri.figures.program import read_paths
from nri.figures.style import (
    ERROR,
    INK,
    OBJECTS,
    PAGE,
    legend_below,
    panel_title,
    plain,
    save,
    styled,
)
from nri.files import ResultsError, make_again
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale
from nri.results.verdicts import read_verdict

__all__ = ["plot_edges"]

FIRST = 3  # samples side by side on a page
SHOWN = ("type", "probability", "agreement")
"""What is shown of an edge, of each graph."""

MOST_NAMED = 12  # objects whose cells have room for numbers
TYPES = ("#d9d9d9", *OBJECTS)
"""Colours of the edge types; type 0 is usually "no edge"."""

CROSS = 0.8  # width of the stroke through a cell without evidence

SEEDS = {"seeds agree": "#555555", "seeds differ": ERROR}


@styled
def plot_edges(edges: pd.DataFrame, types: int) -> Figure:
    """Draw matrices of the first samples, sender by receiver, and the confidence of all edges.

    edges: as `nri.evaluation.inference.edge_table`; refined graphs have a row of their own. A cell
    has the colour of its type, the paler the less probable, and its probability in percent; in
    brackets where the seeds do not all agree. A cell without evidence of interaction is crossed out
    (`nri.evaluation.verdict`).
    """
    samples = list(edges["sample"].unique()[:FIRST])
    graphs = {"inferred": edges}
    if "refined_type" in edges:
        graphs["refined"] = _of_refined(edges)
    figure = Figure(figsize=(PAGE, 0.7 + 2.2 * len(graphs)))
    panels = figure.subplots(
        len(graphs), len(samples) + 1, squeeze=False, width_ratios=[*([1] * len(samples)), 0.9]
    )
    for (name, graph), row in zip(graphs.items(), panels, strict=True):
        for axes, sample in zip(row, samples, strict=False):
            _matrix(axes, graph[graph["sample"] == sample], types)
            panel_title(axes, f"test sample {sample}, {name}")
            axes.set_xlabel("sender")
        row[0].set_ylabel("receiver")
        _confidence(row[-1], graph, types)
        panel_title(row[-1], f"all samples, {name}")
    handles: list[Artist] = [
        Patch(color=TYPES[k % len(TYPES)], label=f"type {k}") for k in range(types)
    ]
    handles += [Patch(color=colour, label=label) for label, colour in SEEDS.items()]
    if "evidence" in edges:
        handles.append(Line2D([], [], color=INK, linewidth=CROSS, label="no evidence"))
    legend_below(figure, handles)
    return figure


def _of_refined(edges: pd.DataFrame) -> pd.DataFrame:
    """The table with what is known of the refined graph in place of the inferred one."""
    refined = [name for name in edges if name.startswith("refined_")]
    return edges.assign(**{name.removeprefix("refined_"): edges[name] for name in refined})


def _matrix(axes: Axes, rows: pd.DataFrame, types: int) -> None:
    objects = list(dict.fromkeys(rows["receiver"]))
    place = {name: number for number, name in enumerate(objects)}
    image = np.ones((len(objects), len(objects), 3))
    for row in rows.itertuples():
        sure = (row.probability - 1 / types) / (1 - 1 / types)
        colour = np.array(to_rgb(TYPES[row.type % len(TYPES)]))
        spot = place[row.receiver], place[row.sender]
        image[spot] = 1 - (0.15 + 0.85 * sure) * (1 - colour)
        if len(objects) <= MOST_NAMED:
            text = f"{100 * row.probability:.0f}"
            text = text if row.agreement == 1 else f"({text})"
            ink = "white" if image[spot].mean() < 0.45 else INK
            size = min(6.5, 36 / len(objects))
            axes.text(*spot[::-1], text, ha="center", va="center", color=ink, fontsize=size)
        if row.type > 0 and _lacks_evidence(row):
            y, x = spot
            axes.plot([x - 0.45, x + 0.45], [y + 0.45, y - 0.45], color=INK, linewidth=CROSS)
    axes.imshow(image)
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    ticks = range(len(objects)) if len(objects) <= MOST_NAMED else []
    turned: dict[str, Any] = {"rotation": 60, "ha": "right"} if max(map(len, objects)) > 3 else {}
    labels = [plain(objects[i]) for i in ticks]
    axes.set_xticks(ticks, labels, **turned)
    axes.set_yticks(ticks, labels)


def _lacks_evidence(row: Any) -> bool:
    """Whether an edge was tested in vain; one that was not tested has no number."""
    return bool(getattr(row, "evidence", np.nan) == 0)


def _confidence(axes: Axes, edges: pd.DataFrame, types: int) -> None:
    """Draw how many edges are how probable: where all seeds agree, and where they differ."""
    agreed = edges["agreement"] == 1
    bins = np.linspace(100 / types, 100, 11).tolist()
    parts = [100 * edges.loc[which, "probability"] for which in (agreed, ~agreed)]
    share = [np.full(len(part), 100 / len(edges)) for part in parts]
    axes.hist(parts, bins, weights=share, stacked=True, color=list(SEEDS.values()))
    axes.set(xlabel="probability of the type (%)", ylabel="edges (%)")


def _percent(which: pd.Series) -> str:
    return f"{100 * which.mean():.0f} %"


def caption(edges: pd.DataFrame, runs: pd.DataFrame, verdict: str = "") -> str:
    """Say what `plot_edges` shows of the seeds of one run; first of all the verdict."""
    run, dataset = runs.iloc[0], dataset_entry(runs["dataset"].iloc[0]).title
    seeds, stability, refined = f"seed {run['seed']}", "", ""
    if len(runs) > 1:
        seeds = f"the mean of {len(runs)} seeds"
        stability = f" All seeds agree on {_percent(edges['agreement'] == 1)} of all edges."
    if "refined_type" in edges:
        same = _percent(edges["refined_type"] == edges["type"])
        refined = f" Below, the graph refined by the decoder, with the same type for {same}."
        if len(runs) > 1:
            refined += f" Here the seeds agree on {_percent(edges['refined_agreement'] == 1)}."
    crossed = ""
    if "evidence" in edges:
        crossed = " Crossed out: an edge without evidence that its sender acts on its receiver."
    return (
        f"{verdict}{dataset}, {run['name']}: the inferred type of each edge, by {seeds}, of the "
        "first test samples, unchosen, with its probability in percent (in brackets: the seeds "
        "differ); right, the probabilities of all edges of all test samples. Types of "
        f"different seeds are matched one to one.{crossed}{stability}{refined} "
        f"{describe_scale(runs)}"
    )


def read_edges(path: str | os.PathLike, types: int) -> pd.DataFrame:
    """A table as `nri.evaluation.inference.edge_table` makes it.

    Raises ResultsError if the file is unreadable, or an edge has no type or is not as sure as a
    probability can be.
    """
    remedy = make_again(path)
    edges = read_table(path, ["sample", "sender", "receiver", *SHOWN], remedy, more=True)
    refined = [f"refined_{name}" for name in SHOWN]
    missing = [name for name in refined if name not in edges]
    if 0 < len(missing) < len(refined):
        raise ResultsError(f"{path}: missing columns: {', '.join(missing)}; {remedy}")
    for kind, probability, agreement in (SHOWN, *([] if missing else [refined])):
        known = edges[kind].between(0, types - 1).fillna(False)
        refuse(path, ~known, lambda _: "no type of the model", remedy)
        for name in (probability, agreement):
            beyond = ~edges[name].between(0, 1)
            refuse(path, beyond, lambda _: "a share that is not from 0 to 1", remedy)
    refuse(path, edges["sample"].isna(), lambda _: "no sample", remedy)
    return edges


def main() -> None:
    """Draw the table of inferred edges."""
    paths = read_paths(__doc__, one=["edges", "verdict"], several=["configs"])
    runs = shown_runs(paths.configs, paths.labels)
    types = int(runs["edge_types"].iloc[0])
    edges = read_edges(paths.edges, types)
    verdict = read_verdict(paths.verdict)
    save(
        plot_edges(edges, types),
        paths.output,
        f"Inferred edges, {dataset_entry(runs['dataset'].iloc[0]).title}",
        caption(edges, runs, f"{verdict} "),
    )


if __name__ == "__main__":
    main()
