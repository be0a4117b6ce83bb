"""How rows of results are called in tables, legends and notes."""

import pandas as pd

from nri.results.catalogue import dataset_entry, model_entry

__all__ = [
    "configuration",
    "recipe",
    "row_names",
    "split_variant",
    "transferred",
]

RECIPES = {"": "paper's recipe", "fast": "fast recipe"}

TRAINED_ON = "@"
"""Between a variant and the data set its model was trained on; names hold no such character."""


def transferred(variant: str, trained_on: str) -> str:
    """The variant of a row measured on another data set: "fast", "springs5" → "fast@springs5"."""
    return f"{variant}{TRAINED_ON}{trained_on}"


def split_variant(variant: str) -> tuple[str, str]:
    """The inverse of `transferred`; a row measured on its own data set names none, ""."""
    name, _, trained_on = variant.partition(TRAINED_ON)
    return name, trained_on


def recipe(variant: str) -> str:
    """The words for a variant: "" → "paper's recipe", and what its model was trained on."""
    name, trained_on = split_variant(variant)
    words = RECIPES.get(name, name.replace("_", " "))
    return f"{words}, trained on {dataset_entry(trained_on).title}" if trained_on else words


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
