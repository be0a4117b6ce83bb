"""How rows of results are called in tables, legends and notes."""

import pandas as pd

from nri.config.identity import PAPER
from nri.results.catalogue import DATASETS, dataset_entry, model_entry

__all__ = ["configuration", "origin", "recipe_words", "row_names", "trained_elsewhere"]

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


def row_names(rows: pd.DataFrame, within: list[str]) -> list[str]:
    """The name of each row: the paper's, with the recipe where it is not the paper's.

    Append the configuration (mlp-mlp-k2) if two configurations would get the same name
    within the same values of the columns `within`.
    """
    rows = rows.assign(elsewhere=trained_elsewhere(rows))
    row = ["model", "graph", "recipe", "elsewhere"]
    configurations = ["encoder", "decoder", "edge_types"]
    distinct = rows.drop_duplicates([*row, *configurations, *within])
    twice = distinct[distinct.duplicated([*row, *within], keep=False)]
    ambiguous = set(twice[row].itertuples(index=False, name=None))

    def name(
        model: str,
        graph: str,
        recipe: str,
        elsewhere: str,
        encoder: str,
        decoder: str,
        edge_types: int | None,
    ) -> str:
        label = model_entry(model, graph).label
        if recipe != PAPER or elsewhere:
            label += f" ({origin(recipe, elsewhere)})"
        told_apart = (model, graph, recipe, elsewhere) in ambiguous
        return f"{label}, {configuration(encoder, decoder, edge_types)}" if told_apart else label

    columns = rows[[*row, *configurations]]
    return [name(*values) for values in columns.itertuples(index=False)]
