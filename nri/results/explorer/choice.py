"""Which runs the explorer shows. A light module: Snakemake reads it at every start."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

__all__ = ["ENCODERS", "RECORDED", "SAMPLES", "SOURCES", "explored"]

SOURCES = ("springs", "charged", "kuramoto")
"""Sources whose equations the page has (static/simulation.js)."""
RECORDED = ("mocap", "basketball")
"""Sources of recordings that the page has a stage for; their motion is predicted beforehand."""
ENCODERS = ("mlp", "cnn", "node-cnn")
"""Encoders that the page has (static/encoder.js)."""
ASSIGNMENTS = 2**12
"""Of the edges into an object, at most: the page refines graphs by scoring them all."""
SAMPLES = 3
"""Test samples of a run on the page, the first ones."""


def explored(runs: Iterable[Any], datasets: Mapping[str, Any]) -> list[Any]:
    """One run for each system and number of objects, and for each data set of recordings.

    The first in the order of the configuration. runs: planned runs whose graphs and predictions are
    shown. datasets: settings by name.
    """
    found: dict[Hashable, Any] = {}
    for run in runs:
        settings = datasets[run.dataset]
        if run.encoder not in ENCODERS:
            continue
        if settings.source in RECORDED and run.decoder in ("mlp", "rnn"):
            found.setdefault(run.dataset, run)
        elif settings.source in SOURCES and _runs_in_the_page(run, settings.objects):
            found.setdefault((settings.source, settings.objects), run)
    return list(found.values())


def _runs_in_the_page(run: Any, objects: int) -> bool:
    return run.decoder == "mlp" and run.edge_types ** (objects - 1) <= ASSIGNMENTS
