"""Recordings in arrays: NumPy files, and dataset files of our own format."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import ZipFile, is_zipfile

import numpy as np
from numpy.lib import format as npy

from nri.data.format import Dataset, Metadata
from nri.data.own.recordings import Recording, RecordingError
from nri.data.own.settings import OwnSettings
from nri.data.reading import check_size, reading
from nri.data.splits import SPLITS

__all__ = [
    "array_recordings",
    "check_arrays",
    "has_edges",
    "load_arrays",
    "read_arrays",
    "read_dataset",
]

REMEDY = "save plain arrays, without objects of Python, with numpy.savez"
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
"""Readers of headers by the version of NumPy's format; later ones are for arrays of records."""


def read_arrays(path: Path, settings: OwnSettings) -> list[Recording]:
    """Recordings of an array `trajectories` (S, N, T, D), NaN where a value is missing.

    Raises RecordingError for an array that is not as the settings say.
    """
    arrays = load_arrays(path)
    trajectories, edges = arrays["trajectories"], arrays.get("edges")
    check_arrays(str(path), trajectories, edges, settings)
    names = arrays.get("objects", np.arange(trajectories.shape[1]))
    if names.shape != trajectories.shape[1:2] or names.dtype.kind not in "Uiu":
        raise RecordingError(
            f"{path}: `objects` of {names.dtype} has shape {names.shape}, expected a text for each "
            f"of the {trajectories.shape[1]} objects"
        )
    interval = settings.frame_interval
    assert interval is not None  # else check_arrays raises
    return list(array_recordings(trajectories, edges, tuple(map(str, names)), interval))


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """`trajectories` and, of an archive that has them, `edges` and `objects`, as they are.

    Raises RecordingError for a file that is not readable.
    """
    with reading(path, "not a readable NumPy file", REMEDY, RecordingError):
        return _read_archive(path) if path.suffix.lower() == ".npz" else _read_single(path)


def has_edges(path: Path) -> bool:
    """Whether an archive holds known edges, without a look at any array."""
    if path.suffix.lower() != ".npz" or not is_zipfile(path):
        return False
    with ZipFile(path) as archive:
        return "edges.npy" in archive.namelist()


def _read_single(path: Path) -> dict[str, np.ndarray]:
    with open(path, "rb") as file:
        return {"trajectories": _array(file, path.stat().st_size, str(path))}


def _read_archive(path: Path) -> dict[str, np.ndarray]:
    """The arrays that are needed; others are not unpacked."""
    with ZipFile(path) as archive:
        sizes = {Path(info.filename).stem: info for info in archive.infolist()}
        if "trajectories" not in sizes:
            raise RecordingError(
                f"{path}: no array 'trajectories'; the file has {', '.join(sizes)}; rename one"
            )
        arrays: dict[str, np.ndarray] = {}
        for name in ("trajectories", "edges", "objects"):
            if name in sizes:
                with archive.open(sizes[name]) as file:
                    arrays[name] = _array(file, sizes[name].file_size, f"{path}: {name}")
        return arrays


def _array(file: IO[bytes], size: int, place: str) -> np.ndarray:
    """The array of a file of `size` bytes in NumPy's format, after a look at what it announces."""
    header = HEADERS[npy.read_magic(file)]
    shape, _, kind = header(file)
    announced = math.prod(shape) * kind.itemsize
    if announced > size:
        raise RecordingError(
            f"{place}: announces an array {shape} of {kind}, {announced} bytes, but has {size}; "
            f"{REMEDY}"
        )
    check_size(announced, place, RecordingError)
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)


def check_arrays(
    place: str, trajectories: np.ndarray, edges: np.ndarray | None, settings: OwnSettings
) -> None:
    """Raise RecordingError if trajectories (S, N, T, D) or edges are not as the settings say.

    Edges are (S, N, N), or with `edges_change` (S, T, N, N).
    """
    features, types = len(settings.features), len(settings.edge_types)
    if trajectories.ndim != 4 or trajectories.shape[-1] != features:
        raise RecordingError(
            f"{place}: trajectories has shape {trajectories.shape}, expected (samples, objects, "
            f"frames, features) with the {features} of `features`"
        )
    if trajectories.shape[1] < 2:
        raise RecordingError(
            f"{place}: trajectories has {trajectories.shape[1]} object, but a graph joins two or "
            "more; the second axis is that of the objects"
        )
    if trajectories.dtype.kind not in "fiu" or np.isinf(trajectories).any():
        raise RecordingError(f"{place}: trajectories must be finite numbers, or NaN where missing")
    if not settings.frame_interval:
        raise RecordingError(f"{place}: an array has no times; set `frame_interval` in seconds")
    if (edges is not None) != (types > 0):
        remedy = "name the types in `edge_types`" if types == 0 else "add them, or set it to []"
        raise RecordingError(f"{place}: edges and `edge_types` belong together; {remedy}")
    if edges is None:
        return
    samples, objects, frames, _ = trajectories.shape
    time, axis = ((frames,), "frame, ") if settings.edges_change else ((), "")
    expected = (samples, *time, objects, objects)
    if edges.shape != expected or edges.dtype.kind not in "iu":
        raise RecordingError(
            f"{place}: edges of {edges.dtype} has shape {edges.shape}, expected whole numbers "
            f"{expected} (samples, {axis}receiver, sender); `edges_change` says whether there is "
            "a time axis"
        )
    if edges.size and not 0 <= edges.min() <= edges.max() < types:
        raise RecordingError(
            f"{place}: edges from {edges.min()} to {edges.max()} must be indices into the {types} "
            "`edge_types`"
        )


def array_recordings(
    trajectories: np.ndarray, edges: np.ndarray | None, names: tuple[str, ...], interval: float
) -> Iterator[Recording]:
    """A recording of each sample, called by its number."""
    for number, values in enumerate(trajectories):
        own = None if edges is None else edges[number].astype(np.int8)
        yield Recording(str(number), 0.0, interval, names, values.astype(float), own)


def read_dataset(path: Path, settings: OwnSettings) -> dict[str, list[Recording]]:
    """The splits of a file in our own format.

    Raises RecordingError if the config says something else about it.
    """
    parts = {}
    with Dataset(path) as dataset:
        metadata = dataset.metadata
        _check_agreement(path, metadata, settings)
        for split in SPLITS:
            data = dataset.split(split)
            names = metadata.objects or tuple(map(str, range(data.trajectories.shape[1])))
            interval = metadata.frame_interval
            parts[split] = list(array_recordings(data.trajectories, data.edges, names, interval))
    return parts


def _check_agreement(path: Path, metadata: Metadata, settings: OwnSettings) -> None:
    for key in ("features", "edge_types"):
        wanted = getattr(settings, key)
        if getattr(metadata, key) != tuple(wanted):
            found = ", ".join(getattr(metadata, key)) or "none"
            raise RecordingError(
                f"{path}: the file's {key} are {found}, the config says "
                f"{', '.join(wanted) or 'none'}; correct the config"
            )
    if metadata.edges_change != settings.edges_change:
        found = "change in time" if metadata.edges_change else "do not change in time"
        raise RecordingError(
            f"{path}: the file's edges {found}; set "
            f"`edges_change: {str(metadata.edges_change).lower()}`"
        )
