"""The posterior of a run's test split, posterior.npz: inferred once, read by all who show it.

This module knows the file alone, so that figures read it without a model.
"""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from nri.evaluation.archive import read_arrays, write_arrays

__all__ = ["StoredPosterior"]


@dataclass(frozen=True)
class StoredPosterior:
    """Probabilities of the K edge types of every test sample, in the model's own order of types.

    edge_types: names of the true types, empty where none are known.
    inferred (S, E, K): the encoder's posterior, float32; None of a model that infers no graph.
    matching (K,): the true type that each type of the model stands for, -1 where it stands for
    none; None where no true edges are known. Learned types have no order: this one makes most
    edges of the test split right.
    refined (S, E, K), refined_matching (K,): the same of the posterior by the decoder's likelihood,
    where it was computed.
    tempered (S, E, K), temperature: the same posterior with its log-likelihood divided by the
    temperature, and that number, where one could be chosen; the matching is the refined one.
    """

    edge_types: tuple[str, ...]
    inferred: np.ndarray | None = None
    matching: np.ndarray | None = None
    refined: np.ndarray | None = None
    refined_matching: np.ndarray | None = None
    tempered: np.ndarray | None = None
    temperature: float | None = None

    def save(self, path: str | os.PathLike) -> None:
        """Write a NumPy archive with one array for each field that is there."""
        write_arrays(vars(self), path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "StoredPosterior":
        """Read the archive of a model that infers graphs.

        Raises ResultsError if the file is unreadable or holds no posterior.
        """
        stored = read_arrays(path, cls.__dataclass_fields__, ["inferred", "edge_types"])
        fields: dict[str, Any] = {**stored, "edge_types": tuple(map(str, stored["edge_types"]))}
        if "temperature" in stored:
            fields["temperature"] = float(stored["temperature"])
        return cls(**fields)
