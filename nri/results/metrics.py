"""How each metric is shown: its table, its words and units, how a cell reads, what is checked.

A metric needs no entry. One without is shown under its own name, in a table of its own. That a
metric appears in no table is said by its entry.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nri.evaluation.metrics_file import ADE, FDE, RMSE

__all__ = ["METRICS", "STEPS", "Metric", "metric_entry", "metric_of_table", "tables_of"]

STEPS = (1, 10, 20)
"""Prediction steps in the tables, those of Table 2 of the paper."""


def significant(mean: float, error: float) -> str:
    """Four significant digits: "0.1235 ± 0.0021"."""
    return f"{mean:.4g}" if math.isnan(error) else f"{mean:.4g} ± {error:.2g}"


def one_decimal(mean: float, error: float) -> str:
    """As the paper writes percentages: "99.9 ± 0.1"."""
    return f"{mean:.1f}" if math.isnan(error) else f"{mean:.1f} ± {error:.1f}"


def two_decimals(mean: float, error: float) -> str:
    """As "0.55 ± 0.09"."""
    return f"{mean:.2f}" if math.isnan(error) else f"{mean:.2f} ± {error:.2f}"


def three_decimals(mean: float, error: float) -> str:
    """As "0.981 ± 0.002"."""
    return f"{mean:.3f}" if math.isnan(error) else f"{mean:.3f} ± {error:.3f}"


def scientific(mean: float, error: float) -> str:
    """As the paper writes errors: "(3.12 ± 0.05)e-8"."""
    mantissa, exponent = f"{mean:.2e}".split("e")
    if math.isnan(error):
        return f"{mantissa}e{int(exponent)}"
    return f"({mantissa} ± {error / 10.0 ** int(exponent):.2f})e{int(exponent)}"


def points(mean: float, paper: float) -> str:
    """A difference of percentages: "+0.3 points"."""
    return f"{mean - paper:+.1f} points"


def ratio(mean: float, paper: float) -> str:
    """For what spans orders of magnitude: "1.2 ×"."""
    return f"{float(f'{mean / paper:.2g}'):,g} ×"


def difference(mean: float, paper: float) -> str:
    """Without units: "+0.012"."""
    return f"{mean - paper:+.3g}"


@dataclass(frozen=True)
class Metric:
    """How a metric is shown.

    name: as in metrics.csv. table: the name of its table, "" for none. heading: the place of the
    table in the paper. caption: what is measured, in words. short: the same as the heading of a
    column. scale: factor from the units of metrics.csv to those that are shown, which are the
    paper's. rounding: half of the last digit that the paper prints. format: a cell, from a mean
    and its standard error (NaN: none). apart: how far a mean is from the paper's.
    fraction: whether values must lie between 0 and 1. steps: whether a row must have a prediction
    step (True), must not (False) or may (None). confidence: whether it is about probabilities, so
    that tempered posteriors, which hardly find other graphs, have rows of their own.
    """

    name: str
    table: str
    heading: str
    caption: str
    short: str
    scale: float = 1.0
    rounding: float = 0.0
    format: Callable[[float, float], str] = significant
    apart: Callable[[float, float], str] = difference
    fraction: bool = False
    steps: bool | None = None
    confidence: bool = False


def _untabled(name: str, caption: str) -> Metric:
    """A metric of single runs. Rows of a table differ in what their likelihood is conditioned on
    and in its variance, so that these numbers do not compare.
    """
    return Metric(name, table="", heading="", caption=caption, short=name, steps=False)


METRICS = {
    metric.name: metric
    for metric in (
        # Where edges change in time, each step has an accuracy beside the one of all.
        Metric(
            name="edge_accuracy",
            table="edge_accuracy",
            heading="Table 1",
            caption="accuracy (%) of the interactions recovered",
            short="accuracy (%)",
            scale=100.0,
            rounding=0.05,
            format=one_decimal,
            apart=points,
            fraction=True,
        ),
        Metric(
            name="mse",
            table="future_mse",
            heading="Table 2",
            caption="mean squared error of predicted states",
            short="MSE",
            format=scientific,
            apart=ratio,
            steps=True,
        ),
        Metric(
            name="edge_auroc",
            table="edge_auroc",
            heading="Ours",
            caption="area under the ROC curve of the interactions recovered",
            short="AUROC",
            format=three_decimals,
            fraction=True,
            steps=False,
        ),
        Metric(
            name="edge_calibration_error",
            table="edge_calibration_error",
            heading="Ours",
            caption="expected calibration error (%) of the interactions recovered",
            short="calibration error (%)",
            scale=100.0,
            format=two_decimals,
            fraction=True,
            steps=False,
            confidence=True,
        ),
        Metric(
            name="edge_log_loss",
            table="edge_log_loss",
            heading="Ours",
            caption="log-loss (nats) of the true type of each edge",
            short="log-loss",
            format=three_decimals,
            steps=False,
            confidence=True,
        ),
        _untabled("nll", "minus the log-likelihood per sample and object"),
        _untabled("kl", "divergence of the posterior from the prior per sample and object"),
        _untabled("elbo", "evidence lower bound per sample and object"),
    )
}
"""In the order of the tables."""

IN_OWN_UNITS = {
    ADE: "mean distance between predicted and true positions up to a step",
    FDE: "mean distance between predicted and true positions at a step",
}
"""Errors in the units of the data, which are in no table: data sets do not compare."""


def metric_entry(name: str) -> Metric:
    """The entry of a metric, or the default look of one that has none."""
    if name in METRICS:
        return METRICS[name]
    caption = IN_OWN_UNITS.get(name, "")
    if name.startswith(RMSE):
        caption = f"root mean squared error of {name.removeprefix(RMSE)}"
    if caption:
        caption += " in the units of the data"
        return Metric(name, table="", heading="", caption=caption, short=name, steps=True)
    return Metric(name, table=name, heading="Ours", caption=name, short=name)


def metric_of_table(table: str) -> Metric:
    """The metric that a table shows; a table that no entry names has the name of its metric."""
    return next((metric for metric in METRICS.values() if metric.table == table), None) or (
        metric_entry(table)
    )


def tables_of(metrics: Iterable[str]) -> list[str]:
    """Names of the tables that show these metrics: those with an entry first, then by name."""
    order = list(METRICS)
    names = sorted(metrics, key=lambda name: (order.index(name) if name in METRICS else 99, name))
    return [metric.table for metric in map(metric_entry, names) if metric.table]
