"""The colour of each model in every figure.

Okabe and Ito's palette, safe for colour-blind readers, with Tol's wine and olive for the yellow,
which is faint on white. Graphs that are found in another way than the model's own have their own
colours.
"""

__all__ = ["COLOURS", "model_colour"]

COLOURS = {
    "static": "#999999",
    "constant_velocity": "#999933",
    "lstm_single": "#56B4E9",
    "lstm_joint": "#0072B2",
    "corr_path": "#999999",
    "corr_lstm": "#56B4E9",
    "nri_empty_graph": "#8C6D1F",
    "nri_full_graph": "#E69F00",
    "nri_skeleton": "#882255",
    "nri_sim": "#CC79A7",
    "nri_learned": "#D55E00",
    "nri_learned, refined": "#7B2D8B",
    "nri_learned, tempered": "#117A8B",
    "nri_learned, re-estimated": "#000000",
    "nri_learned, re-estimated-from-truth": "#666666",
    "nri_true_graph": "#009E73",
    "supervised": "#000000",
    "own": "#8B4513",
    "own, refined": "#C08552",
}
"""By the keys of `nri.results.catalogue.MODELS`."""

UNKNOWN = "#666666"


def model_colour(model: str, graph: str = "") -> str:
    """The colour of a row of results; grey for a model that has none."""
    return COLOURS.get(f"{model}, {graph}") or COLOURS.get(model, UNKNOWN)
