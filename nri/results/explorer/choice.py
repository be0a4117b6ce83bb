"""Which runs the explorer shows. A light module: Snakemake reads it at every start."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["ENCODERS", "SOURCES", "explored"]

SOURCES = ("springs", "charged", "kuramoto")
"""Sources whose equations the page has (static/simulation.js)."""
ENCODERS = ("mlp", "cnn", "node-cnn")
"""Encoders that the page has (static/encoder.js)."""
ASSIGNMENTS = 2**12
"""Of the edges into an object, at most: the page refines graphs by scoring them all."""


def explored(runs: Iterable[Any], datasets: Mapping[str, Any]) -> list[Any]:
    """One run for each system and number of objects, the first in the order of the configuration.

    runs: planned runs whose graphs and predictions are shown. datasets: settings by name.
    """
    found: dict[tuple[str, int], Any] = {}
    for run in runs:
        settings = datasets[run.dataset]
        computed = run.encoder in ENCODERS and run.decoder == "mlp"
        if not computed or settings.source not in SOURCES:
            continue
        if run.edge_types ** (settings.objects - 1) <= ASSIGNMENTS:
            found.setdefault((settings.source, settings.objects), run)
    return list(found.values())
