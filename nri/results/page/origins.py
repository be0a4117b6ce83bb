"""Where a number comes from: the run, its seeds, what it cost, and the command that makes it."""

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_work, every_seed
from nri.results.metrics import metric_entry
from nri.results.naming import model_name, recipe_words
from nri.results.page.records import RunRecord, identity_of
from nri.results.page.sparkline import Sparkline, sparkline

__all__ = ["Measured", "Origin", "find_origins", "origin_id", "origin_name"]

CALL = "snakemake --cores all"


@dataclass(frozen=True)
class Measured:
    """One number of a run: what it is, and its text for each seed."""

    name: str
    values: list[str]


@dataclass(frozen=True)
class Origin:
    """A run with all of its seeds. Lists that go with seeds are in their order."""

    id: str
    title: str
    facts: dict[str, str]
    seeds: list[int]
    measured: list[Measured]
    command: str
    logs: str
    settings: dict[str, str] = field(default_factory=dict)
    curve: Sparkline | None = None


def find_origins(
    metrics: pd.DataFrame, runs: pd.DataFrame, records: Sequence[RunRecord], command: str
) -> list[Origin]:
    """The origin of every row of `metrics` that a table shows, in order.

    command: what makes all results; that of a single run is made from it.
    """
    names = [name for name in metrics["metric"].unique() if metric_entry(name).table]
    if not names:
        return []
    seeds = pd.concat([every_seed(metrics, runs, name) for name in names], ignore_index=True)
    seeds["directory"] = [origin_name(row) for _, row in seeds.iterrows()]
    known = pd.DataFrame(
        {
            "directory": [origin_name(row) for _, row in runs.iterrows()],
            **runs[["simulations", "updates", "process_seconds", "commit"]],
        }
    )
    runs_of, records_of = dict(list(known.groupby("directory"))), defaultdict(list)
    for record in records:
        records_of[record.directory].append(record)
    return [
        _origin(
            str(directory),
            rows,
            runs_of.get(directory, known.iloc[:0]),
            records_of[str(directory)],
            command,
        )
        for directory, rows in seeds.groupby("directory", sort=False)
    ]


def origin_name(row: pd.Series) -> str:
    """The directory below results/ of the run that a row was measured with, without its seed."""
    identity = identity_of(row)
    return f"{identity.group}/{identity.dataset}/{identity.name}"


def origin_id(row: pd.Series) -> str:
    """The place of that run on the page."""
    return _id(origin_name(row))


def _id(directory: str) -> str:
    return "origin-" + re.sub(r"[^A-Za-z0-9_]+", "-", directory.partition("/")[2])


def _origin(
    directory: str,
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    records: list[RunRecord],
    command: str,
) -> Origin:
    first, seeds = rows.iloc[0], sorted(rows["seed"].unique())
    numbers = ",".join(map(str, seeds))
    every = f"seed{{{numbers}}}" if len(seeds) > 1 else f"seed{numbers}"
    name = model_name(first["model"], "", rows["label"].iloc[0])
    curves = [record.curve for record in records if record.curve is not None]
    return Origin(
        id=_id(directory),
        title=f"{name}, {dataset_entry(first['trained_on']).title}",
        facts=_facts(f"results/{directory}/{every}/", first, runs, records),
        seeds=seeds,
        measured=_measured(rows, seeds),
        command=_alone(command, f"results/{directory}/{every}/metrics.csv"),
        logs=f"results/logs/{directory}/{every}/",
        settings=_settings(records),
        curve=sparkline(curves),
    )


def _facts(
    place: str, first: pd.Series, runs: pd.DataFrame, records: list[RunRecord]
) -> dict[str, str]:
    facts = {
        "Run": place,
        "Recipe": recipe_words(first["recipe"], first["trained_on"]),
        "Trained with": "",
    }
    if len(runs):
        facts["Trained with"] = describe_work(runs.iloc[0])
        seconds = runs["process_seconds"].dropna()
        if len(seconds) and seconds.mean():
            facts["CPU time"] = f"{seconds.mean() / 60:.1f} min a seed"
        facts["Commit"] = ", ".join(sorted(set(runs["commit"]) - {""}))
    if start := next((record.config.get("start_from") for record in records), None):
        facts["Starts from"] = f"{start['dataset']}/{start['run']}, the same seed"
    return {name: value for name, value in facts.items() if value}


def _measured(rows: pd.DataFrame, seeds: list[int]) -> list[Measured]:
    """What was measured with the run, on whatever data set and under whatever graph."""
    measured: list[Measured] = []
    parts: dict[tuple, dict[int, float]] = defaultdict(dict)
    # Without a group of pandas for each number: there are dozens of each of thousands of runs.
    named = ["dataset", "trained_on", "graph", "metric", "step", "seed", "value"]
    for *key, step, seed, value in zip(*(rows[name] for name in named), strict=True):
        parts[*key, None if pd.isna(step) else step][seed] = value
    for (dataset, trained_on, graph, metric, step), values in parts.items():
        entry, words = metric_entry(metric), []
        words.append(entry.short if step is None else f"{entry.short}, step {step}")
        if graph not in ("", "given", "inferred"):
            words.append(f"{graph} graph")
        if dataset != trained_on:
            words.append(f"tested on {dataset_entry(dataset).title}")
        texts = [
            entry.format(values[seed], float("nan")) if seed in values else "–" for seed in seeds
        ]
        measured.append(Measured(", ".join(words), texts))
    return measured


def _alone(command: str, target: str) -> str:
    """The command that makes one run alone: that of all results, with a target."""
    rest = command.removeprefix(CALL) if command.startswith(CALL) else ""
    words = target if re.fullmatch(r"[\w./{},-]+", target) else shlex.quote(target)
    return f"{CALL} {words}{rest}"


def _settings(records: list[RunRecord]) -> dict[str, str]:
    """The training settings of the first seed, which all seeds share."""
    training = (records[0].config.get("training") if records else None) or {}
    return {name: _short(value) for name, value in training.items()}


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
