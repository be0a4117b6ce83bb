"""All metrics of a model, as the rows of metrics.csv."""

from typing import Any

from nri.choices import load
from nri.evaluation.evaluation import Evaluation, Measure
from nri.evaluation.metrics.table import METRICS

__all__ = ["measure"]


def measure(evaluation: Evaluation) -> list[dict[str, Any]]:
    """A row for each measurement: `metric` and `value`, and `step` and `graph` where it has them.

    A row without `graph` is of the model's own.
    """
    rows = []
    for name, choice in METRICS.items():
        metric: Measure = load(choice)
        for measurement in metric(evaluation):
            there = {key: value for key, value in vars(measurement).items() if value is not None}
            rows.append({"metric": name, **there})
    return rows
