"""Pydantic's errors in the words of the configuration: place, value, what is allowed."""

import json
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nri.declare import Settings
from nri.own_network import OWN_NETWORK

__all__ = ["explain", "nearest", "place_of"]

PROBLEMS = {
    "int_type": "is not an integer",
    "int_from_float": "is not an integer",
    "float_type": "is not a number",
    "finite_number": "is not a finite number",
    "bool_type": "is neither true nor false",
    "string_type": "is not text",
    "list_type": "is not a list",
    "dict_type": "is not a mapping",
    "model_type": "is not a mapping",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "has {actual_length} of at least {min_length} entries",
    "too_long": "has {actual_length} of at most {max_length} entries",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "does not match {pattern}",
}
"""What is said of a value, by the type of pydantic's error; its context fills the braces."""

NAME_PATTERN = "^[a-z0-9_]+$"
"""That of `nri.declare.Name`."""
TEXT_FOR_NUMBER = re.compile(r"([+-]?\d+(?:\.\d*)?)[eE]([+-]?)(\d+)")


def explain(error: ValidationError, raw: Any) -> tuple[str, str]:
    """The place of the first error in `raw`, such as "runs[0].edge_types", and the problem."""
    found = [(_path(item["loc"], raw), item) for item in error.errors(include_url=False)]
    path, item = found[0]
    problems = [item]
    if item["loc"][-1:] == ("[key]",):
        return place_of(path[:-1]), f"the name {item['input']!r} {_problem(item)}"
    if len(path) < len(item["loc"]) and item["type"] != "missing":
        # Each alternative of a union has an error of its own: what fits best fails deepest.
        group = [each for each in found if each[0][: len(path)] == path]
        path = max((each[0] for each in group), key=len)
        problems = [item for place, item in group if place == path]
    return place_of(path), _describe(problems)


def place_of(path: Sequence[str | int]) -> str:
    """Keys and positions as a place: ("runs", 0, "seeds") → "runs[0].seeds"."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _path(location: Sequence[str | int], raw: Any) -> tuple[str | int, ...]:
    """Pydantic's location without its names for alternatives of a union, which `raw` lacks."""
    path = []
    for part in location:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            continue
        path.append(part)
    return tuple(path)


def _describe(problems: Sequence[ErrorDetails]) -> str:
    """One sentence about one value, of which all alternatives were refused."""
    first = problems[0]
    kind, context, value = first["type"], first.get("ctx", {}), first["input"]
    if kind == "missing":
        return f"{first['loc'][-1]!r} is missing"
    if kind == "value_error":
        return str(context["error"])
    if kind == "unknown_key":
        return _unknown(context["key"], context["declared"])
    if kind == "unknown_choice":
        return first["msg"]
    shown = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return f"{shown} " + " and ".join(dict.fromkeys(map(_problem, problems)))


def _problem(item: ErrorDetails) -> str:
    kind, context, value = item["type"], item.get("ctx", {}), item["input"]
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        return f"is not {context['expected']}{nearest(value, allowed)}"
    if context.get("pattern") == OWN_NETWORK:
        return "is no class in a file, such as path/to/my.py:MyNetwork"
    return PROBLEMS.get(kind, item["msg"]).format(**context) + _remedy(item)


def _remedy(item: ErrorDetails) -> str:
    """What to write instead, where that is clear; else ""."""
    kind, value = item["type"], item["input"]
    if kind in ("int_type", "float_type") and isinstance(value, str):
        return _number(value, whole=kind == "int_type")
    if kind == "list_type" and isinstance(value, int | float | str):
        more = " for this one alone, or [1, 2, 3] for three" if item["loc"][-1] == "seeds" else ""
        return f": write [{value}]{more}"
    if kind == "string_pattern_mismatch" and item["ctx"]["pattern"] == NAME_PATTERN:
        name = re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_")
        remedy = f"; write {name}" if name else ""
        return f": a name has small letters, digits and _ alone{remedy}"
    return ""


def _number(text: str, whole: bool) -> str:
    """How to write a number that YAML reads as text."""
    match = TEXT_FOR_NUMBER.fullmatch(text)
    if match is None:
        return ""
    mantissa, sign, exponent = match.groups()
    written = f"{float(mantissa)}e{sign or '+'}{exponent}"
    if whole and float(text).is_integer():
        written = str(int(float(text)))
    return f": YAML reads {text} as text; write {written}"


def _unknown(key: Any, settings: type[Settings]) -> str:
    """What to say of a key that is not declared among these settings."""
    if key in settings.formerly:
        return f"{key!r} is now called {settings.formerly[key]!r}"
    known = f"allowed here: {', '.join(sorted(settings.model_fields))}"
    if key in settings.elsewhere:
        return f"{key!r} cannot be set here, only in {settings.elsewhere[key]}; {known}"
    return f"unknown key {key!r}{nearest(key, settings.model_fields)}; {known}"


def nearest(word: Any, known: Iterable[str]) -> str:
    """A question for a misspelt word, as ", did you mean 'seeds'?"; empty where none is near."""
    matches = get_close_matches(str(word), list(known), n=1)
    return f", did you mean {matches[0]!r}?" if matches else ""
