"""Errors of the user's own data in the user's own units, feature by feature."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nri.data.format import StoredMetadata
from nri.evaluation.metrics_file import RMSE

__all__ = ["own_units", "rmse_of_features"]


def own_units(metadata: StoredMetadata) -> dict[str, float]:
    """What one normalised unit of each feature is in the units of the data.

    Of the user's own data alone: normalised errors are for comparing with the paper, which has
    none of them.
    """
    if metadata.config["source"] != "own":
        return {}
    smallest, largest = metadata.normalisation.minimum, metadata.normalisation.maximum
    # A feature that is constant is not scaled, only moved (`Normalisation`).
    half = np.where(largest > smallest, largest - smallest, 1.0) / 2
    return dict(zip(metadata.features, half.tolist(), strict=True))


def rmse_of_features(errors: np.ndarray, units: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """`metric`, `step` and `value` of the root mean squared error of each feature and step.

    errors (H, D): mean squared errors in normalised units. units: as `own_units`, of D features or
    none.
    """
    for number, (feature, unit) in enumerate(units.items()):
        for step, value in enumerate(errors[:, number], start=1):
            metric = f"{RMSE}{feature}"
            yield {"metric": metric, "step": step, "value": float(np.sqrt(value) * unit)}
