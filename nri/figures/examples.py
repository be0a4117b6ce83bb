"""What a model made of a few test samples, as `nri.evaluation.protocol.examples` stores it."""

import os
from dataclasses import dataclass

import numpy as np

from nri.data.normalisation import Normalisation
from nri.results.rows import ResultsError

__all__ = ["Examples", "read_examples"]


@dataclass(frozen=True)
class Examples:
    """A few test samples and what a model made of them, in the system's own units.

    sample (n,): their numbers in the test split. observed (n, N, T, D): true frames up to the
    one that the prediction starts from; truth, predicted (n, N, H, D): the frames that follow.
    posterior (n, E, K): probabilities of the edge types, where a graph is inferred; edges
    (n, E): the true types, where they are known. window_start (P,) and window_posterior
    (n, P, E, K): what the encoder says of windows that begin at these frames.
    features, units: of the D numbers.
    """

    sample: np.ndarray
    observed: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    features: tuple[str, ...]
    units: tuple[str, ...]
    posterior: np.ndarray | None = None
    edges: np.ndarray | None = None
    window_start: np.ndarray | None = None
    window_posterior: np.ndarray | None = None


def read_examples(path: str | os.PathLike, *needed: str) -> Examples:
    """The examples.npz of a run that predicts motion, un-normalised.

    needed: names of those arrays that a run may lack and the figure cannot do without.
    Raises ResultsError if the file is unreadable or lacks something.
    """
    try:
        with np.load(path) as file:
            stored = dict(file)
        normalisation = Normalisation(stored["minimum"], stored["maximum"])
        motion = {
            name: normalisation.invert(stored[name]) for name in ("observed", "truth", "predicted")
        }
        for name in needed:
            stored[name]
    except (OSError, ValueError, KeyError) as error:
        raise ResultsError(
            f"{path}: these examples lack what the figure shows ({error}); "
            "choose another run, or evaluate it again"
        ) from error
    optional = ("posterior", "edges", "window_start", "window_posterior")
    return Examples(
        sample=stored["sample"],
        features=tuple(map(str, stored["features"])),
        units=tuple(map(str, stored["units"])),
        **motion,
        **{name: stored.get(name) for name in optional},
    )
