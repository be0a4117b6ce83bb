"""Short patterns for many names; Snakemake reads that of a rule again for each file of each job."""

import re
from collections.abc import Iterable

__all__ = ["one_of"]

Tree = dict[str, "Tree"]
"""What may follow, by its first letter; "" where a name ends."""


def one_of(names: Iterable[str]) -> str:
    """A regular expression for exactly these names; without any, for nothing.

    Names that begin alike share that part, and letters that the same ends follow share a class:
    `run[12][ab]`. The number of names hardly lengthens the pattern of a grid of settings.
    """
    tree: Tree = {}
    for name in names:
        place = tree
        for letter in name:
            place = place.setdefault(letter, {})
        place[""] = {}
    return _branches(tree) if tree else "(?!)"


def _branches(tree: Tree) -> str:
    letters: dict[str, list[str]] = {}
    for letter, rest in tree.items():
        if letter:
            letters.setdefault(_branches(rest), []).append(letter)
    options = [_class(same) + end for end, same in letters.items()]
    if "" in tree:
        options.append("")  # last: of two names, one the beginning of the other, the longer
    return options[0] if len(options) == 1 else f"(?:{'|'.join(options)})"


def _class(letters: list[str]) -> str:
    escaped = "".join(map(re.escape, letters))
    return escaped if len(letters) == 1 else f"[{escaped}]"
