"""The examples of a run, examples.npz: a few test samples, and what the model made of them.

This module knows the file alone, so that figures read it without a model;
`nri.evaluation.make_examples` fills it.
"""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from nri.evaluation.archive import read_arrays, write_arrays

__all__ = ["Examples"]


@dataclass(frozen=True)
class Examples:
    """A few test samples in the system's own units, edge types in the order of the true ones.

    sample (n,): their numbers in the test split.
    observed (n, N, T, D): true frames, up to the one that the prediction starts from.
    truth, predicted (n, N, H, D): the frames after those; `predicted` of a model that has a
    decoder.
    posterior (n, E, K): probabilities of the edge types, where the model infers a graph. refined
    (n, E, K): those by the decoder's likelihood, where they were computed.
    edges (n, E): the true types, where they are known; of edges that change in time the most
    frequent type.
    window_start (P,), window_posterior (n, P, E, K): of joints of a skeleton, what the encoder
    infers from windows that begin at these frames.
    features, units: of the D numbers.
    """

    sample: np.ndarray
    observed: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray | None
    features: tuple[str, ...]
    units: tuple[str, ...]
    posterior: np.ndarray | None = None
    refined: np.ndarray | None = None
    edges: np.ndarray | None = None
    window_start: np.ndarray | None = None
    window_posterior: np.ndarray | None = None

    def save(self, path: str | os.PathLike) -> None:
        """Write a NumPy archive with one array for each field that is there."""
        write_arrays(vars(self), path)

    @classmethod
    def load(cls, path: str | os.PathLike, *needed: str) -> "Examples":
        """Read an archive that `save` wrote.

        needed: names of optional fields that the caller cannot do without.
        Raises ResultsError if the file is unreadable or lacks a field.
        """
        always = ("sample", "observed", "truth", "features", "units")
        stored = read_arrays(path, cls.__dataclass_fields__, [*always, *needed])
        names = {name: tuple(map(str, stored[name])) for name in ("features", "units")}
        fields: dict[str, Any] = {"predicted": None, **stored, **names}
        return cls(**fields)
