"""Results as plain text: the scores of one evaluation, and the table of accuracies."""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["accuracy_table", "made_since", "scores_of"]

GRAPHS = {"inferred": "", "refined": "refined graph", "given": ""}
"""Graphs that are shown, and the words for each."""


def _rows(path: str | os.PathLike) -> list[dict[str, str]]:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (OSError, ValueError):
        return []  # a score that cannot be read is not shown; the programs that use it complain


def scores_of(path: str | os.PathLike, dataset: str) -> str:
    """What a metrics.csv says of the test split of a data set: accuracies, or an error."""
    rows = [row for row in _rows(path) if row.get("dataset") == dataset]
    accuracies = [
        f"{GRAPHS.get(row['graph'], '')} {100 * float(row['value']):.1f} %".lstrip()
        for row in rows
        if row["metric"] == "edge_accuracy" and row["graph"] in (*GRAPHS, "")
    ]
    if accuracies:
        return f"test accuracy {', '.join(accuracies)}"
    errors = [row for row in rows if row["metric"] == "mse"]
    if not errors:
        return ""
    first = errors[0]
    return f"test error {float(first['value']):.2g} after {first['step']} step"


def accuracy_table(path: str | os.PathLike, width: int) -> list[str]:
    """The lines of the table of accuracies that results/tables/edge_accuracy.csv holds.

    Data sets are columns, as many side by side as `width` characters have room for.
    """
    rows = [row for row in _rows(path) if row.get("mean") and row.get("graph") in (*GRAPHS, "")]
    if not rows:
        return []
    named = _names(rows)
    names = list(dict.fromkeys(named))
    datasets = list(dict.fromkeys(row["dataset"] for row in rows))
    cells = {(name, row["dataset"]): _cell(row) for name, row in zip(named, rows, strict=True)}
    first = max(map(len, names)) + 2
    widths = {
        dataset: 2 + max(len(dataset), *(len(cells.get((name, dataset), "")) for name in names))
        for dataset in datasets
    }
    lines = ["Edge accuracy on test data, % (in brackets: the paper's)"]
    for part in _parts(datasets, widths, max(0, width - first)):
        used = [name for name in names if any((name, dataset) in cells for dataset in part)]
        lines += ["", " " * first + "".join(dataset.rjust(widths[dataset]) for dataset in part)]
        for name in used:
            values = (cells.get((name, dataset), "-").rjust(widths[dataset]) for dataset in part)
            lines.append(name.ljust(first) + "".join(values))
    return lines


def _names(rows: Sequence[dict[str, str]]) -> list[str]:
    """What each row is called; with what it was trained on and its networks where two rows of a
    data set would have one name.
    """
    names = [_name(row) for row in rows]
    counts = Counter((name, row["dataset"]) for name, row in zip(names, rows, strict=True))
    return [
        f"{name}, {row['trained_on']}/{row['encoder']}-{row['decoder']}-k{row['edge_types']}"
        if counts[name, row["dataset"]] > 1
        else name
        for name, row in zip(names, rows, strict=True)
    ]


def _name(row: dict[str, str]) -> str:
    """The label of a run, or its model; the graph; the recipe where it is not the paper's."""
    recipe = "" if row["recipe"] == "paper" else f" ({row['recipe']})"
    graph = GRAPHS.get(row["graph"], "")
    return f"{row.get('label') or row['model']}{graph and f', {graph}'}{recipe}"


def _cell(row: dict[str, str]) -> str:
    paper = f" ({float(row['paper']):.1f})" if row.get("paper") else ""
    return f"{float(row['mean']):.1f}{paper}"


def _parts(datasets: Iterable[str], widths: dict[str, int], room: int) -> list[list[str]]:
    """The data sets, as many in each part as there is room for, and at least one."""
    parts: list[list[str]] = [[]]
    for dataset in datasets:
        if parts[-1] and sum(widths[each] for each in (*parts[-1], dataset)) > room:
            parts.append([])
        parts[-1].append(dataset)
    return parts


def made_since(path: str | os.PathLike, moment: float) -> bool:
    """Whether a file was written after a moment, in seconds since the epoch."""
    file = Path(path)
    return file.exists() and file.stat().st_mtime >= moment
