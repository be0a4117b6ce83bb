"""The examples of a run that predicts motion."""

import os

from nri.evaluation.examples import Examples

__all__ = ["Examples", "read_examples"]


def read_examples(path: str | os.PathLike, *needed: str) -> Examples:
    """`Examples.load` with predictions."""
    return Examples.load(path, "predicted", *needed)
