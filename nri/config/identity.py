"""What a run is called in the columns of results: its row in the paper, and how it finds graphs."""

from nri.own_network import is_own

__all__ = ["GIVEN_GRAPHS", "OWN", "PAPER", "graph_key", "model_key"]

PAPER = "paper"
"""The recipe of what names none: the settings of `training`, the paper's. Paths leave it out."""

OWN = "own"
"""The row of runs with an encoder or a decoder of the user's own (`nri.own_network`)."""

GIVEN_GRAPHS = {
    "true": "nri_true_graph",
    "full": "nri_full_graph",
    "empty": "nri_empty_graph",
    "skeleton": "nri_skeleton",
}
"""Encoders that are no network, and the row of the paper that each of them is."""


def model_key(encoder: str, decoder: str) -> str:
    """The row of the paper that an encoder with a decoder is, as "cnn", "mlp" → "nri_learned"."""
    if is_own(encoder) or is_own(decoder):
        return OWN
    if decoder == "none":
        return "supervised"
    if encoder in GIVEN_GRAPHS:
        return GIVEN_GRAPHS[encoder]
    return "nri_sim" if decoder == "sim" else "nri_learned"


def graph_key(encoder: str) -> str:
    """How a run's own graph is found: "given", or "inferred" by a network."""
    return "given" if encoder in GIVEN_GRAPHS else "inferred"
