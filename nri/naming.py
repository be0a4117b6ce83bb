"""How rows of results are called in tables, legends and notes."""

import pandas as pd

from nri.catalogue import model_entry

__all__ = ["configuration", "recipe", "row_names"]

RECIPES = {"": "paper's recipe", "fast": "fast recipe"}


def recipe(variant: str) -> str:
    """The words for a variant: "" → "paper's recipe"."""
    return RECIPES.get(variant, variant)


def configuration(encoder: str, decoder: str, edge_types: int | None) -> str:
    """The name of a configuration as in the paths of runs, "" for a baseline."""
    return f"{encoder}-{decoder}-k{edge_types}" if encoder else ""


def row_names(rows: pd.DataFrame, within: list[str]) -> list[str]:
    """The name of each row: the paper's, with the recipe where it is not the paper's.

    The configuration is added where the name would otherwise stand for several
    configurations; rows that differ in a column of `within` are told apart by that.
    """
    row = ["model", "variant"]
    configurations = ["encoder", "decoder", "edge_types"]
    distinct = rows.drop_duplicates([*row, *configurations, *within])
    twice = distinct[distinct.duplicated([*row, *within], keep=False)]
    ambiguous = set(zip(twice["model"], twice["variant"], strict=True))

    def name(model: str, variant: str, *which: str | int) -> str:
        label = model_entry(model).label + (f" ({recipe(variant)})" if variant else "")
        return f"{label}, {configuration(*which)}" if (model, variant) in ambiguous else label

    return [name(*values) for values in rows[[*row, *configurations]].itertuples(index=False)]
