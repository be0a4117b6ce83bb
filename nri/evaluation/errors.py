"""Errors of predicted frames: in normalised units, as the paper's, and in those of the data."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nri.choices import SOURCES, load
from nri.data.format import StoredMetadata
from nri.evaluation.metrics_file import ADE, FDE, MSE, RMSE

__all__ = ["NORMALISED", "Errors", "OwnUnits", "error_rows", "mean_errors", "own_units"]

POSITION = ("x", "y", "z")


@dataclass(frozen=True)
class OwnUnits:
    """What a normalised unit is in the units of the data, where errors are reported in those too.

    features: of each feature, of the user's own data alone. lengths: of every feature, 0 for those
    that are no position; empty where positions have no common unit.
    """

    features: Mapping[str, float] = field(default_factory=dict)
    lengths: tuple[float, ...] = ()


NORMALISED = OwnUnits()
"""Errors are reported in normalised units alone."""


@dataclass(frozen=True)
class Errors:
    """Errors of each step over samples and objects.

    squares (H, D): mean squared error of each feature in normalised units. distances (H,): mean
    distance of predicted from true positions in the units of the data, None where there is none.
    """

    squares: np.ndarray
    distances: np.ndarray | None = None


def own_units(metadata: StoredMetadata) -> OwnUnits:
    """Of recordings: simulated systems have no units, and are compared with the paper alone."""
    smallest, largest = metadata.normalisation.minimum, metadata.normalisation.maximum
    # A feature that is constant is not scaled, only moved (`Normalisation`).
    half = (np.where(largest > smallest, largest - smallest, 1.0) / 2).tolist()
    of_features = dict(zip(metadata.features, half, strict=True))
    of_data = dict(zip(metadata.features, metadata.units, strict=True))
    places = [name for name in POSITION if name in of_features]
    one_unit = len(places) > 1 and len({of_data[name] for name in places}) == 1
    source = metadata.config["source"]
    recorded = not load(SOURCES[source]).simulated
    lengths = (unit * (name in places) for name, unit in of_features.items())
    return OwnUnits(
        features=of_features if source == "own" else {},
        lengths=tuple(lengths) if recorded and one_unit else (),
    )


def mean_errors(differences: Iterable[Tensor], units: OwnUnits) -> Errors:
    """The errors of predictions, from batches (B, H, N, D) of how far they are from the truth."""
    samples, squares, distances = 0, [], []
    for difference in differences:
        exact = difference.double()
        samples += len(exact)
        squares.append(exact.square().mean(-2).sum(0))
        if units.lengths:
            moved = exact * exact.new_tensor(units.lengths)
            distances.append(moved.norm(dim=-1).mean(-1).sum(0))

    def mean(sums: list[Tensor]) -> np.ndarray:
        return (reduce(torch.add, sums) / samples).cpu().numpy()

    return Errors(mean(squares), mean(distances) if distances else None)


def error_rows(errors: Errors, units: OwnUnits) -> Iterator[dict[str, Any]]:
    """`metric`, `step` and `value` of all errors.

    Beside the mean squared error of each step its root for each feature (`rmse_FEATURE`), the mean
    distance at the step (`fde`, final displacement error) and that of all steps up to it (`ade`,
    average displacement error), where there are units for them.
    """
    yield from _rows(MSE, errors.squares.mean(-1))
    for number, (feature, unit) in enumerate(units.features.items()):
        yield from _rows(f"{RMSE}{feature}", np.sqrt(errors.squares[:, number]) * unit)
    if errors.distances is not None:
        steps = np.arange(1, len(errors.distances) + 1)
        yield from _rows(ADE, errors.distances.cumsum() / steps)
        yield from _rows(FDE, errors.distances)


def _rows(metric: str, values: np.ndarray) -> Iterator[dict[str, Any]]:
    for step, value in enumerate(values, start=1):
        yield {"metric": metric, "step": step, "value": float(value)}
