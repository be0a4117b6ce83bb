"""The metrics: a line for each, its name in metrics.csv and the function that measures it.

A function takes an `Evaluation` (`nri.evaluation.evaluation`) and yields a `Measurement` for each
number that it can measure there: none, for example, where no true edges are known. Every
evaluation measures all metrics. `nri.results.metrics` says how each is shown; it needs no entry.
"""

__all__ = ["METRICS"]

METRICS = {
    "edge_accuracy": "nri.evaluation.metrics.edge_accuracy:measure",
    "edge_auroc": "nri.evaluation.metrics.edge_auroc:measure",
    "edge_calibration_error": "nri.evaluation.metrics.confidence:edge_calibration_error",
    "edge_log_loss": "nri.evaluation.metrics.confidence:edge_log_loss",
    "nll": "nri.evaluation.metrics.likelihood:nll",
    "kl": "nri.evaluation.metrics.likelihood:kl",
    "elbo": "nri.evaluation.metrics.likelihood:elbo",
    "mse": "nri.evaluation.metrics.mse:measure",
}
"""Strings "MODULE:FUNCTION", so that listing the names loads no model (see `nri.choices`)."""
