"""What a dataset file has to hold: checks of what is read, and of what is to be written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import h5py
import numpy as np

from nri.data.names import wrong_name

if TYPE_CHECKING:
    from nri.data.format import Metadata

__all__ = [
    "VERSIONS",
    "DataFormatError",
    "check_edge_shape",
    "check_edges",
    "check_finite",
    "check_names",
    "check_objects",
    "check_precision",
]

STEPS = 1000  # of float32 within the range of a feature, at least
ROUNDING = 1e-12  # of the largest magnitude: what float64 may add to a feature that is constant
VERSIONS = {False: 1, True: 2}
"""The version of a file by whether its edges change in time."""


class DataFormatError(ValueError):
    """A file that is not a valid dataset; the message names the file, the place and the remedy."""


def check_finite(trajectories: np.ndarray, place: str, start: int = 0) -> None:
    """Raise DataFormatError naming the first sample with a value that is not finite."""
    finite = np.isfinite(trajectories).all((1, 2, 3))
    if not finite.all():
        raise DataFormatError(
            f"{place}: sample {start + int(finite.argmin())} is not finite, or beyond float32; "
            "correct it or leave it out"
        )


def check_objects(objects: int, place: str) -> None:
    """Raise DataFormatError if there is no pair of objects."""
    if objects < 2:
        raise DataFormatError(
            f"{place} has {objects} object; a graph joins two or more. Check that the second axis "
            "is that of the objects, and record the objects that act on each other together"
        )


def check_precision(
    minimum: np.ndarray, maximum: np.ndarray, features: Sequence[str], place: str
) -> None:
    """Raise DataFormatError for a feature whose range float32 divides into too few steps.

    minimum, maximum: (features,) float64, before they are rounded. A feature that does not change,
    but for rounding in float64, loses nothing.
    """
    span = maximum - minimum
    largest = np.maximum(np.abs(minimum), np.abs(maximum))
    changes = span > ROUNDING * largest
    coarse = changes & (span < STEPS * np.spacing(largest.astype(np.float32)))
    if coarse.any():
        k = int(coarse.argmax())
        raise DataFormatError(
            f"{place}: feature {features[k]!r} goes from {minimum[k]:.17g} to {maximum[k]:.17g}, "
            f"of which float32 keeps steps of {np.spacing(np.float32(largest[k])):.2g}; subtract "
            "an offset from it in your data, such as its mean"
        )


def check_names(metadata: "Metadata", place: str) -> None:
    """Raise DataFormatError for names that are there twice or that no other file can hold."""
    for kind in ("features", "objects", "edge_types"):
        if problem := wrong_name(getattr(metadata, kind)):
            raise DataFormatError(f"{place}: root attribute '{kind}': {problem}")


def check_edge_shape(
    edges: np.ndarray | h5py.Dataset, shape: Sequence[int], metadata: "Metadata", place: str
) -> None:
    """Raise DataFormatError if edges are no whole numbers for trajectories of a shape."""
    count, objects, frames, _ = shape
    time, axis = ((frames,), "frame, ") if metadata.edges_change else ((), "")
    if edges.shape != (count, *time, objects, objects):
        raise DataFormatError(
            f"{place} has shape {edges.shape}, expected {(count, *time, objects, objects)} "
            f"(samples, {axis}receiver, sender) of version {VERSIONS[metadata.edges_change]}; "
            f"edges with a time axis are version {VERSIONS[True]}"
        )
    if edges.dtype.kind not in "iu":
        raise DataFormatError(f"{place} holds {edges.dtype}, expected whole numbers; store int8")


def check_edges(edges: np.ndarray, shape: Sequence[int], metadata: "Metadata", place: str) -> None:
    """Raise DataFormatError if edges do not fit trajectories of a shape or are of no known type."""
    check_edge_shape(edges, shape, metadata, place)
    types = len(metadata.edge_types)
    if edges.size and not 0 <= edges.min() <= edges.max() < types:
        raise DataFormatError(
            f"{place}: values from {edges.min()} to {edges.max()} must be indices into the "
            f"{types} names of root attribute 'edge_types'"
        )
