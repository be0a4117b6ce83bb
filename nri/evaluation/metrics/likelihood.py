"""The evidence lower bound and its two parts, per sample and object (paper Eq. 3).

Only on the data set of the training: in the units of another one, densities do not compare.
"""

from collections.abc import Iterator

from nri.evaluation.evaluation import Evaluation, Measurement

__all__ = ["elbo", "kl", "nll"]


def nll(evaluation: Evaluation) -> Iterator[Measurement]:
    """Minus the log-likelihood of the frames that the encoder sees, teacher-forced."""
    if evaluation.terms is not None:
        yield Measurement(evaluation.terms["nll"])


def kl(evaluation: Evaluation) -> Iterator[Measurement]:
    """KL divergence of the posterior of the graph from its prior."""
    if evaluation.terms is not None and evaluation.model.infers_graph:
        yield Measurement(evaluation.terms["kl"])


def elbo(evaluation: Evaluation) -> Iterator[Measurement]:
    """The evidence lower bound, -(nll + kl)."""
    if evaluation.terms is not None and evaluation.model.infers_graph:
        yield Measurement(-evaluation.terms["loss"])
