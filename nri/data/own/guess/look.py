"""A look at a file of recordings: the settings that read it and cut it, guessed and tried out.

What is guessed is told, and so is what is left out. The file is read and cut by the code that the
pipeline reads and cuts it with, so that settings that are found here work there.
"""

import logging
from pathlib import Path
from typing import Any

from nri.data.format import Dataset
from nri.data.own.arrays import load_arrays
from nri.data.own.guess.cut import choose_cut, fill_gaps, resample
from nri.data.own.guess.dialect import Dialect, guess_dialect
from nri.data.own.guess.motion import needed_velocities, shared_ranges
from nri.data.own.guess.roles import guess_roles
from nri.data.own.guess.tell import Look, tell
from nri.data.own.prepare import read_own, regular_recordings
from nri.data.own.recordings import Recording, RecordingError
from nri.data.own.settings import (
    ARRAY_SUFFIXES,
    DATASET_SUFFIXES,
    TABLE_SUFFIXES,
    OwnSettings,
)
from nri.data.own.tables import read_cells
from nri.data.splits import SPLITS

__all__ = ["look"]

SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


def look(path: Path) -> Look:
    """Look at a file.

    Raises RecordingError or DataFormatError, which name place and remedy, for what cannot be used
    as it is.
    """
    logging.getLogger("nri.data").setLevel(logging.WARNING)
    suffix = path.suffix.lower()
    if suffix in DATASET_SUFFIXES:
        return _dataset(path)
    if suffix in ARRAY_SUFFIXES:
        found = _arrays(path)
    elif suffix in TABLE_SUFFIXES and suffix != ".parquet":
        found = _table(path)
    else:
        kinds = "as .csv, .tsv, .txt, .npz, .npy or .h5 (docs/own_data.md)"
        remedy = 'open it and save it as "CSV UTF-8"' if suffix in SHEETS else f"save it {kinds}"
        raise RecordingError(f"{path}: files of this kind are not looked at; {remedy}")
    _cut(found, path)
    return found


def _table(path: Path) -> Look:
    """Dialect and roles of a table of text."""
    dialect = guess_dialect(path)
    names = None if dialect.header else _letters(len(dialect.first))
    text = read_cells(path, dialect.separator, names, dialect.encoding)
    try:
        roles = guess_roles(text, dialect.decimal)
    except RecordingError as error:
        unnamed = f"the first line has no names of columns, here {', '.join(names or ())}; "
        raise RecordingError(f"{path}: {unnamed if names else ''}{error}") from None
    names = names and roles.give_names(names)
    settings = {
        "names": names,
        "separator": dialect.separator,
        "decimal": dialect.decimal,
        "encoding": dialect.encoding,
        "columns": roles.columns,
        "time_unit": roles.time_unit,
        "features": roles.features,
    }
    found = Look(
        holds=f"{len(text):,} rows of {text.shape[1]} columns; {_written(dialect)}",
        settings={key: settings[key] for key in settings if settings[key] != _default(key)},
        left_out=[f"column {name}: {why}" for name, why in roles.left_out.items()],
        doubts=roles.doubts,
    )
    found.assumed["time"] = f"column {roles.time}, {roles.time_words}"
    if "sample" in roles.columns:
        found.assumed["recordings"] = f"column {roles.columns['sample']}"
    if names:
        found.assumed["names"] = f"the file has none for its columns, which are {', '.join(names)}"
        found.doubts.append(
            "the columns have no names and were told apart by their numbers alone: check `names`, "
            "`columns` and `features`"
        )
    return found


def _letters(count: int) -> list[str]:
    """Names of columns without any, as in a spreadsheet: A, …, Z, AA, …"""
    letters = ["", *map(chr, range(ord("A"), ord("Z") + 1))]
    return [one + two for one in letters for two in letters[1:]][:count]


def _default(key: str) -> Any:
    return OwnSettings.model_fields[key].default


def _written(dialect: Dialect) -> str:
    """How a table is written, in words."""
    between = {"\t": "tabs", "whitespace": "blanks", ",": "commas", ";": "semicolons"}
    comma = ", decimal commas" if dialect.decimal == "," else ""
    return f"{dialect.encoding}, {between.get(dialect.separator, dialect.separator)}{comma}"


def _arrays(path: Path) -> Look:
    """The axes of an array; it knows no names of features and no times."""
    arrays = load_arrays(path)
    shape = arrays["trajectories"].shape
    if len(shape) != 4:
        raise RecordingError(
            f"{path}: an array of shape {shape}, expected (samples, objects, frames, features); "
            "of one recording, (objects, frames, features), save `array[None]`"
        )
    samples, objects, frames, features = shape
    settings: dict[str, Any] = {
        "features": [f"feature{number}" for number in range(1, features + 1)],
        "frame_interval": 1.0,
    }
    if "edges" in arrays:
        types = int(arrays["edges"].max()) + 1
        settings["edge_types"] = [f"type {number}" for number in range(max(2, types))]
        settings["edges_change"] = arrays["edges"].ndim == 4
    words = f"{samples} samples, {objects} objects, {frames} frames, {features} features"
    found = Look(f"an array of {words}", settings)
    found.assumed["time"] = "a frame was taken for a second: `frame_interval` says how long it is"
    return found


def _dataset(path: Path) -> Look:
    """A dataset file says everything itself and keeps its splits."""
    with Dataset(path) as dataset:
        metadata = dataset.metadata
        shapes = {split: dataset.split(split).trajectories.shape for split in SPLITS}
    settings = {
        "features": list(metadata.features),
        "units": list(metadata.units) if any(metadata.units) else [],
        "shared_ranges": list(map(list, metadata.shared_ranges)),
        "edge_types": list(metadata.edge_types),
        "edges_change": metadata.edges_change,
        "frames": {split: shape[2] for split, shape in shapes.items()},
    }
    return Look(
        holds="a dataset file, whose splits and samples are kept",
        settings={key: value for key, value in settings.items() if value},
        samples={split: shape[0] for split, shape in shapes.items()},
        objects=shapes["train"][1],
    )


def _cut(found: Look, path: Path) -> None:
    """Complete the settings by reading the file and cutting it; say what comes of it."""
    settings = {"source": "own", "path": str(path), **found.settings}

    def read(**changes: Any) -> tuple[list[Any], list[Recording]]:
        full = OwnSettings.model_validate({**settings, **changes})
        (recordings,) = read_own(full, [path])
        return recordings, regular_recordings(recordings, full)

    (raw,) = read_own(OwnSettings.model_validate({**settings, "gaps": "cut"}), [path])
    changes, why = resample(raw)
    settings |= changes
    _, regular = read(**{"gaps": "cut", **changes})
    if not changes:
        changes, why = fill_gaps(regular)
    settings |= changes
    if why:
        found.assumed["gaps"] = why
    features = settings["features"]
    settings["velocities"] = needed_velocities(regular, features)
    settings["shared_ranges"] = shared_ranges(features, settings["velocities"])
    raw, whole = read()
    try:
        cut = choose_cut(settings, raw, whole)
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None
    found.settings = {
        key: value
        for key, value in cut.settings.items()
        if key not in ("source", "path") and value not in ([], None)
    }
    found.samples = {split: len(windows) for split, windows in cut.windows.items()}
    found.objects = len(cut.windows["train"].trajectories[0])
    tell(found, regular, cut)
