"""Data sets for tests, made as the pipeline makes them."""

from pathlib import Path
from typing import Any

from nri.choices import SOURCES, load
from nri.data.source import DatasetSettings, Source


def parse(entry: dict[str, Any]) -> tuple[type[Source], DatasetSettings]:
    """The source and the settings of a data set's entry in a configuration."""
    source = load(SOURCES[entry["source"]])
    return source, source.Settings(**entry)


def contradictions(entry: dict[str, Any]) -> dict[str, str]:
    """The problems of an entry that its source names, by key."""
    source, settings = parse(entry)
    return dict(source.contradictions(settings))


def simulate(entry: dict[str, Any], path: Path, threads: int = 1) -> Path:
    """The dataset file of an entry that needs no files."""
    source, settings = parse(entry)
    source.prepare(settings, {}, path, {}, threads)
    return path
