"""How rows of results are called in tables, legends and notes."""

import pandas as pd

from nri.config.identity import PAPER
from nri.evaluation.metrics_file import ROW
from nri.results.catalogue import DATASETS, GRAPHS, dataset_entry, model_entry

__all__ = [
    "configuration",
    "labelled",
    "model_name",
    "origin",
    "recipe_words",
    "row_names",
    "trained_elsewhere",
]

RECIPES = {PAPER: "paper's recipe", "fast": "fast recipe"}


def recipe_words(recipe: str, dataset: str = "") -> str:
    """The words for a recipe: "paper" → "paper's recipe", "fast_wide" → "fast wide".

    Of a `dataset` that the paper does not have, nothing is the paper's.
    """
    if recipe == PAPER and dataset and dataset not in DATASETS:
        return "as configured"
    return RECIPES.get(recipe, recipe.replace("_", " "))


def origin(recipe: str, elsewhere: str = "", dataset: str = "") -> str:
    """The recipe of a row in words and, if it was trained elsewhere, on which data set."""
    words = recipe_words(recipe, dataset)
    return f"{words}, trained on {dataset_entry(elsewhere).title}" if elsewhere else words


def trained_elsewhere(rows: pd.DataFrame) -> pd.Series:
    """The data set of each row's training where it is not the one tested on, else ""."""
    return rows["trained_on"].where(rows["trained_on"] != rows["dataset"], "")


def configuration(encoder: str, decoder: str, edge_types: int | None) -> str:
    """The name of a configuration as in the paths of runs, "" for a baseline."""
    return f"{encoder}-{decoder}-k{edge_types}" if encoder else ""


def labelled(rows: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Rows with the columns `ROW`, each with the `label` of its run in `runs`, "" for none."""
    labels = runs[[*ROW, "label"]].drop_duplicates()
    known = rows[ROW].merge(labels, on=ROW, how="left", validate="many_to_one")
    return rows.assign(label=known["label"].fillna("").to_numpy())


def model_name(model: str, graph: str, label: str) -> str:
    """What a row is called for its model and graph: the paper's words, or the label of its run."""
    if not label:
        return model_entry(model, graph).label
    return f"{label} ({GRAPHS[graph]})" if graph in GRAPHS else label


def row_names(rows: pd.DataFrame, within: list[str]) -> list[str]:
    """The name of each row: its label or, where it has none, the paper's; with the recipe where it
    is not the paper's.

    Append the configuration (mlp-mlp-k2) if two configurations would get the same name
    within the same values of the columns `within`.
    """
    rows = rows.assign(elsewhere=trained_elsewhere(rows))
    if "label" not in rows:
        rows = rows.assign(label="")
    row = ["model", "graph", "label", "recipe", "elsewhere"]
    configurations = ["encoder", "decoder", "edge_types"]
    distinct = rows.drop_duplicates([*row, *configurations, *within])
    twice = distinct[distinct.duplicated([*row, *within], keep=False)]
    ambiguous = set(twice[row].itertuples(index=False, name=None))

    def name(
        model: str,
        graph: str,
        label: str,
        recipe: str,
        elsewhere: str,
        encoder: str,
        decoder: str,
        edge_types: int | None,
    ) -> str:
        words = model_name(model, graph, label)
        if recipe != PAPER or elsewhere:
            words += f" ({origin(recipe, elsewhere)})"
        told_apart = (model, graph, label, recipe, elsewhere) in ambiguous
        return f"{words}, {configuration(encoder, decoder, edge_types)}" if told_apart else words

    columns = rows[[*row, *configurations]]
    return [name(*values) for values in columns.itertuples(index=False)]
