"""The card of a run, README.md in its directory: what it is, data, numbers, use and limits."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from nri.data.splits import SPLITS
from nri.records import read_record
from nri.results.catalogue import dataset_entry, model_entry
from nri.results.metrics import METRICS, STEPS, metric_entry
from nri.results.rendering import template
from nri.results.rows import read_metrics

__all__ = ["render_card"]

NEEDED = ("run", "identity", "data", "dataset", "updates", "parameters", "device", "provenance")


def render_card(directory: str | os.PathLike, label: str) -> str:
    """The card of the run in a directory, in Markdown; label: what tables call the run, or "".

    Raises ResultsError if its config.json or metrics.csv is absent or damaged.
    """
    record = read_record(Path(directory, "config.json"), *NEEDED)
    run, data = record["run"], record["dataset"]
    numbers = list(_numbers(Path(directory, "metrics.csv")))
    inferred = run["graph"] == "inferred"
    return template("card.md").render(
        name=label or model_entry(run["model"]).label,
        dataset=dataset_entry(run["dataset"]),
        run=run,
        what=_what(record),
        data={"objects": None, **data},
        stored=record["data"],
        samples=", ".join(f"{count:,} {split}" for split, count in _samples(data).items()),
        features=_features(record["data"]),
        inferred=inferred,
        updates=record["updates"],
        parameters=record["parameters"],
        device=record["device"],
        commit=record["provenance"].get("commit"),
        reduced=_reduced(run["dataset"], record),
        numbers=numbers,
        elsewhere=any(row["dataset"] != run["dataset"] for row in numbers),
        code=list(record.get("code", {})),
        predicts=bool(record["updates"]) and any(row["metric"] == "mse" for row in numbers),
        frames=data["frames"]["train"],
        directory=directory,
        limits=list(_limits(record, inferred)),
    )


def _samples(data: dict[str, Any]) -> dict[str, int]:
    """Samples of each split, where the settings of the data set say how many."""
    samples = data.get("samples")
    return {split: samples[split] for split in SPLITS} if isinstance(samples, dict) else {}


def _what(record: dict[str, Any]) -> str:
    """One sentence on the model."""
    run, identity, frames = record["run"], record["identity"], record["dataset"]["frames"]["train"]
    if identity["baseline"]:
        return f"A baseline of Neural Relational Inference (Kipf et al., 2018): {run['model']}."
    encoder, decoder, types = run["encoder"], run["decoder"], run["edge_types"]
    what = "A model of Neural Relational Inference (Kipf et al., 2018)."
    if run["graph"] == "given":
        return f"{what} The graph is given (`{encoder}`); the decoder `{decoder}` predicts motion."
    moves = f"; the decoder `{decoder}` predicts the motion after them"
    return (
        f"{what} The encoder `{encoder}` infers from {frames} frames which of {types} types each "
        f"edge has{'' if decoder == 'none' else moves}."
    )


def _features(stored: dict[str, Any]) -> str:
    """Names of the features with their units: "x (m), y (m)"."""
    pairs = zip(stored["features"], stored["units"], strict=True)
    return ", ".join(f"{name} ({unit})" if unit not in ("", "1") else name for name, unit in pairs)


def _reduced(dataset: str, record: dict[str, Any]) -> str:
    """How the training data compare with the paper's, where they are fewer; else ""."""
    ours, theirs = _samples(record["dataset"]).get("train"), dataset_entry(dataset).simulations
    if not record["updates"] or ours is None or theirs is None or ours >= theirs:
        return ""
    return f"{ours:,} training simulations, the paper has {theirs:,}"


def _numbers(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a metrics.csv that tables show, in their order and their units."""
    order = list(METRICS)
    rows = read_metrics(path).to_dict("records")
    rows.sort(key=lambda row: order.index(row["metric"]) if row["metric"] in order else 99)
    for row in rows:
        metric = metric_entry(row["metric"])
        step = "" if pd.isna(row["step"]) else str(row["step"])
        steps = {""} if metric.steps is not True else {str(step) for step in STEPS}
        if step in steps:
            value = metric.format(metric.scale * row["value"], float("nan"))
            yield {**row, "step": step, "caption": metric.caption, "value": value}


def _limits(record: dict[str, Any], inferred: bool) -> Iterator[str]:
    """What the model does not know."""
    stored, frames = record["data"], record["dataset"]["frames"]["train"]
    interval = f"{stored['frame_interval']:g} s"
    if record["updates"]:
        yield (
            f"It knows motion like that of its training data, {interval} between frames; of other "
            "intervals, units or ranges it says something, which means nothing."
        )
    if not inferred:
        return
    yield (
        f"It infers one graph for {frames} frames, whether or not anything acts: types are certain "
        "only in the sense of the model. Compare with a graph without edges before you believe one."
    )
    if record["run"]["model"] != "supervised":
        named = "those of the true ones that most test edges agree with"
        names = f"their names are {named}" if stored["edge_types"] else "they have no names"
        yield (
            f"Edge types were learned without labels; {names}, and a type of one seed need not be "
            "that of another."
        )
        yield (
            "Probabilities count every frame as evidence of its own and are surer than they are "
            "right."
        )
