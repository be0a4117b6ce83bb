"""What a run is called: in paths, and in the columns of results.

A run is a data set, an encoder, a decoder, a number of edge types, a recipe and a seed; its row
in the paper and how its graph is found follow from them.
"""

from typing import Any

__all__ = [
    "GIVEN_GRAPHS",
    "PAPER",
    "baseline_name",
    "graph_key",
    "model_key",
    "run_encoder",
    "run_name",
]

PAPER = "paper"
"""The recipe of what names none: the settings of `training`, the paper's. Paths leave it out."""

GIVEN_GRAPHS = {
    "true": "nri_true_graph",
    "full": "nri_full_graph",
    "skeleton": "nri_skeleton",
}
"""Encoders that are no network, and the row of the paper that each of them is."""


def run_name(run: dict[str, Any]) -> str:
    """The directory of a run below its data set: encoder-decoder-kK[-recipe]."""
    return _with_recipe(f"{run_encoder(run['encoder'])}-{run['decoder']}-k{run['edge_types']}", run)


def baseline_name(baseline: dict[str, Any]) -> str:
    """The directory of a baseline below its data set: baseline[-recipe]."""
    return _with_recipe(baseline["baseline"], baseline)


def _with_recipe(name: str, entry: dict[str, Any]) -> str:
    recipe = entry.get("recipe", PAPER)
    return name if recipe == PAPER else f"{name}-{recipe}"


def model_key(encoder: str, decoder: str) -> str:
    """The row of the paper that an encoder with a decoder is, as "cnn", "mlp" → "nri_learned"."""
    if decoder == "none":
        return "supervised"
    if encoder in GIVEN_GRAPHS:
        return GIVEN_GRAPHS[encoder]
    return "nri_sim" if decoder == "sim" else "nri_learned"


def graph_key(encoder: str) -> str:
    """How a run's own graph is found: "given", or "inferred" by a network."""
    return "given" if encoder in GIVEN_GRAPHS else "inferred"


def run_encoder(encoder: str | bool) -> str:
    """`encoder: true` is a boolean in YAML and means the true graph."""
    return "true" if encoder is True else encoder
