"""Names of objects, features and edge types: which ones no file may have."""

import re
from collections.abc import Sequence

__all__ = ["wrong_name"]

# What XML, and so SVG and GraphML, cannot hold: control characters, halves of pairs, no characters.
UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def wrong_name(names: Sequence[str]) -> str | None:
    """What is wrong with one of the names, and the remedy; None if nothing is."""
    for name in names:
        if UNWRITABLE.search(name):
            return f"{name!r} has a control character in its name; rename it"
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        return f"{twice!r} is there twice; give each a name of its own"
    return None
