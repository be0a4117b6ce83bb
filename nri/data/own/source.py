"""The source `own`: recordings of the user's (docs/own_data.md)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from nri.data.names import wrong_name
from nri.data.own.settings import (
    DATASET_SUFFIXES,
    TABLE_SUFFIXES,
    OwnSettings,
    all_features,
    all_units,
)
from nri.data.source import PerSplit, Source
from nri.data.splits import SPLITS

__all__ = ["Own"]

NAMES = 125_000
"""Bytes of the names of all files. Linux starts no program with an argument of 128 KiB, and the
settings of a data set are one."""


class Own(Source[OwnSettings]):
    """Tables, arrays or a dataset file, cut into windows."""

    Settings = OwnSettings
    reports = ("windows.csv",)

    @classmethod
    def features(cls, settings: OwnSettings) -> tuple[str, ...]:
        """The features of the files, then velocities."""
        return all_features(settings)

    @classmethod
    def units(cls, settings: OwnSettings) -> tuple[str, ...]:
        """The units given; those of velocities follow from them."""
        return all_units(settings)

    @classmethod
    def edge_types(cls, settings: OwnSettings) -> tuple[str, ...]:
        """The names given."""
        return tuple(settings.edge_types)

    @classmethod
    def edges_change(cls, settings: OwnSettings) -> bool:
        """Whether the known edges change in time."""
        return settings.edges_change

    @classmethod
    def contradictions(cls, settings: OwnSettings) -> Iterator[tuple[str, str]]:
        """Keys of the files, of the edges and of the features that do not go together."""
        yield from super().contradictions(settings)
        yield from _of_files(settings)
        yield from _of_edges(settings)
        yield from _of_features(settings)

    @classmethod
    def inputs(cls, settings: OwnSettings, mirror: str | None) -> dict[str, list[str]]:
        """`files`, or the files of each split; and `edges` where they are in a table."""
        edges = {"edges": [settings.edges]} if settings.edges else {}
        return _files(settings) | edges

    @classmethod
    def prepare(
        cls,
        settings: OwnSettings,
        inputs: Mapping[str, Sequence[Path]],
        output: Path,
        reports: Mapping[str, Path],
        threads: int = 1,
    ) -> None:
        """Cut the recordings into windows; report where each is from."""
        from nri.data.own.prepare import prepare_own
        from nri.files import write_table

        files = {role: paths for role, paths in inputs.items() if role != "edges"}
        edges = next(iter(inputs.get("edges", ())), None)
        write_table(prepare_own(settings, files, edges, output), reports["windows.csv"])


def _files(settings: OwnSettings) -> dict[str, list[str]]:
    """`files` that are all to be split, or the files of each split."""
    path = settings.path
    if isinstance(path, PerSplit):
        return {split: path[split] for split in SPLITS}
    return {"files": [path] if isinstance(path, str) else path}


def _of_files(settings: OwnSettings) -> Iterator[tuple[str, str]]:
    paths = [path for some in _files(settings).values() for path in some]
    suffixes = {PurePath(path).suffix.lower() for path in paths}
    if suffixes.intersection(DATASET_SUFFIXES) and len(paths) > 1:
        yield "path", "a dataset file holds all splits; name one file"
    if (size := len(json.dumps(paths))) > NAMES:
        yield (
            "path",
            f"the names of {len(paths):,} files take {size:,} bytes, max {NAMES:,}; join the "
            "files: tables with a column that names the recording (columns.sample), arrays along "
            "their first axis",
        )
    if not suffixes.intersection(TABLE_SUFFIXES):
        if settings.edges is not None:
            yield "edges", "arrays and dataset files hold their edges; remove the key"
        return
    columns, features = settings.columns, settings.features
    try:
        "".encode(settings.encoding)
    except LookupError as error:
        yield "encoding", f"{error}; write utf-8, utf-16, cp1252, latin-1, …"
    if columns.time is None:
        yield "columns", "'time' is missing: the column with the time of each row"
    if (columns.object is None) == (columns.objects is None):
        yield "columns", "needs either object (a column) or objects (the columns of each)"
    for name, own in (columns.objects or {}).items():
        if len(own) != len(features):
            problem = f"{own}: a column for each of the features {', '.join(features)} expected"
            yield f"columns.objects.{name}", problem


def _of_edges(settings: OwnSettings) -> Iterator[tuple[str, str]]:
    if settings.edges_change and not settings.edge_types:
        yield "edges_change", "true, but there are no `edge_types`: no known edges"
    if settings.edges is not None and not settings.edge_types:
        yield "edge_types", "the types that `edges` names are missing"


def _of_features(settings: OwnSettings) -> Iterator[tuple[str, str]]:
    features, known = settings.features, all_features(settings)
    if settings.gaps == "interpolate" and settings.max_gap is None:
        yield "max_gap", "null, but `gaps: interpolate` needs the longest gap to fill, in s"
    if settings.units and len(settings.units) != len(features):
        yield "units", f"{settings.units}: one for each of {', '.join(features)} expected"
    for key, names in (("features", known), ("edge_types", settings.edge_types)):
        if problem := wrong_name(names):
            yield key, problem
    for key, names, allowed in (
        ("velocities", settings.velocities, features),
        ("shared_ranges", [name for group in settings.shared_ranges for name in group], known),
    ):
        for name in names:
            if name not in allowed:
                yield key, f"{name!r} is none of {', '.join(allowed)}"
