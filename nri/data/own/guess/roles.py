"""What the columns of a table are: time, recording, object, features. Guessed, with the reasons."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import pandas as pd

from nri.data.own.recordings import RecordingError

__all__ = ["Roles", "guess_roles"]

TIME = re.compile(
    r"(time|t|timestamp|date|datetime|frame|frames|frame_?(id|no|number|nr|index)|step|seconds?|"
    r"secs?|zeit|temps|tiempo|tempo|sekunden?)\b.*",
    re.IGNORECASE,
)
OBJECT = re.compile(
    r"((object|agent|track|pedestrian|person|player|particle|body|animal|vehicle|car|bird|fish|"
    r"node|joint|individual|entity|target|marker|objekt|tier)[ _-]?(id|no|nr|name|number)?|"
    r"id|name|who|label)s?",
    re.IGNORECASE,
)
SAMPLE = re.compile(
    r"((sample|scene|trial|recording|run|group|session|experiment|sequence|episode|game|clip|"
    r"versuch|aufnahme|gruppe|lauf)[ _-]?(id|no|nr|name|number)?)s?",
    re.IGNORECASE,
)
UNITS = {
    r"ms|msec|millis\w*|milliseconds?": 1e-3,
    r"us|µs|microseconds?": 1e-6,
    r"ns|nanoseconds?": 1e-9,
    r"min|minutes?|minuten": 60.0,
    r"h|hours?|stunden?": 3600.0,
    r"days?|tage?": 86400.0,
}
"""Seconds in a unit that the name of a column may end with."""

AXES = ("x", "y", "z")
"""What one to three features of a file without names are called."""

NAMES = (
    r"(?P<feature>.*?[^\d_.\- ])[_.\- ]?(?P<object>\d+)",
    r"(?P<object>.+)[_.\- ](?P<feature>[^_.\- ]+)",
    r"(?P<feature>[^_.\- ]+)[_.\- ](?P<object>.+)",
)
"""How names of columns tell object and feature."""

ALMOST = re.compile(r"[+-]?[\d.,' ]*\d[\d.,;'% ]*")
"""Cells that are no numbers only because of how they are written."""

FEW = 0.34  # of the rows: as many names a column of objects or recordings may have, at most


@dataclass
class Roles:
    """The settings that name columns, what else was seen, and what a person should look at."""

    time: str
    columns: dict[str, object]
    features: list[str]
    time_unit: float = 1.0
    time_words: str = ""
    left_out: dict[str, str] = field(default_factory=dict)
    """Columns that are not used, each with the reason."""
    doubts: list[str] = field(default_factory=list)
    """What a person has to confirm, since it changes everything."""

    def give_names(self, names: list[str]) -> list[str]:
        """Names that say what the columns `names` of a file without names are; used from now on."""
        new = {self.time: "time"}
        for role, name in (("sample", "recording"), ("object", "object")):
            if role in self.columns:
                new[str(self.columns[role])] = name
        if "object" in self.columns and len(self.features) <= len(AXES):
            new |= dict(zip(self.features, AXES, strict=False))
            self.features = [new[name] for name in self.features]
        self.time = "time"
        self.columns = {
            role: new.get(name, name) if isinstance(name, str) else name
            for role, name in self.columns.items()
        }
        return [new.get(name, name) for name in names]


def guess_roles(text: pd.DataFrame, decimal: str) -> Roles:
    """The role of each column of a table, all of whose cells are text.

    Raises RecordingError, which says what to name, where no times or no features are found.
    """
    values = _numeric_columns(text, decimal)
    time, dates = _time(text, values)
    sample, name = _keys(text, values, time)
    keys = [each for each in (sample, name) if each]
    left_out = {each: "text" for each in text if each not in (*values, *keys, time)}
    features = []
    for each in values:
        if each in (*keys, time):
            continue
        if reason := _no_feature(text, values[each], values.get(time), keys):
            left_out[each] = reason
        else:
            features.append(each)
    if not features:
        columns = ", ".join(text)
        raise RecordingError(f"no column describes a motion, of {columns}: none changes with time")
    roles = Roles(time, {"time": time}, features, left_out=left_out)
    for each in left_out:
        if each not in values and text[each].str.fullmatch(ALMOST).mean() > 0.5:
            roles.doubts.append(
                f"the cells of column {each} look like numbers and are none, as "
                f"{text[each].iloc[0]!r}; it was left out"
            )
    if sample:
        roles.columns["sample"] = sample
    if dates:
        roles.time_words = "ISO dates"
    else:
        roles.time_unit, roles.time_words = _time_unit(time, values[time])
    if name:
        roles.columns["object"] = name
    else:
        _wide(roles, [each for each in left_out if text[each].nunique() == 1])
    return roles


def _numeric_columns(text: pd.DataFrame, decimal: str) -> dict[str, pd.Series]:
    """The columns of numbers, NaN where a cell is none, as at most a tenth may be."""
    columns = {}
    for name in text:
        cells = text[name].str.strip()
        filled = cells != ""
        if decimal == ",":
            cells = cells.str.translate(str.maketrans(",.", ".,"))
        found = pd.to_numeric(cells, errors="coerce").astype(float)
        found = found.where(np.isfinite(found))
        if filled.any() and found[filled].notna().mean() >= 0.9:
            columns[name] = found
    return columns


def _time(text: pd.DataFrame, values: dict[str, pd.Series]) -> tuple[str, bool]:
    """The column of times, and whether it holds dates."""
    named = [name for name in text if TIME.fullmatch(name)]
    for name in named:
        if name in values:
            return name, False
    for name in [*named, *(each for each in text if each not in values)]:
        cells = text[name].str.strip()
        if pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True).notna().all():
            return name, True
    for name, column in values.items():
        if column.notna().all() and (column.diff().dropna() >= 0).all() and column.nunique() > 5:
            return name, False
    raise RecordingError(
        f"none of the columns {', '.join(text)} holds times; call the one with the time of each "
        "row `time`, in seconds"
    )


def _names_something(text: pd.DataFrame, values: dict[str, pd.Series], name: str) -> bool:
    """Whether a column may name recordings or objects: text or whole numbers that repeat."""
    if OBJECT.fullmatch(name) or SAMPLE.fullmatch(name):
        return True
    whole = name not in values or bool((values[name].dropna() % 1 == 0).all())
    return whole and 1 < text[name].nunique() <= max(2, FEW * len(text))


def _keys(
    text: pd.DataFrame, values: dict[str, pd.Series], time: str
) -> tuple[str | None, str | None]:
    """The columns that name the recording and the object of a row, None where there is none.

    Together with the time they tell all rows apart. Columns that are called so come first.
    """
    names = [name for name in text if name != time and _names_something(text, values, name)]
    samples = [name for name in names if SAMPLE.fullmatch(name)]
    objects = [name for name in names if OBJECT.fullmatch(name)]
    others = [name for name in names if name not in (*samples, *objects)]
    if text[time].is_unique:  # then a row describes all objects, and needs no name
        others = [name for name in others if name not in values]
    wide = bool(_objects_in_names([name for name in values if name not in (*names, time)]))
    choices: list[tuple[str | None, str | None]] = []
    for sample in [*samples, None]:
        choices += [(sample, name) for name in objects]
        choices += [(sample, None)] if wide else []
        choices += [(sample, name) for name in others]
    choices += [(name, None) for name in others] if wide else []
    choices += permutations([*objects, *others], 2)
    choices += [(sample, None) for sample in [*samples, None]]
    for sample, name in choices:
        if not text.duplicated([each for each in (sample, name, time) if each]).any():
            return sample, name
    # Rows that are there twice: the reader names them.
    return next(iter(samples), None), next(iter([*objects, *others]), None)


def _no_feature(
    text: pd.DataFrame, column: pd.Series, times: pd.Series | None, keys: list[str]
) -> str:
    """Why a column of numbers describes no motion; empty where it does."""
    if column.nunique() <= 1:
        return "the same value in every row" if column.notna().any() else "empty"
    if len(column) > 5 and (column.diff().dropna() == 1).all():
        return "numbers the rows"
    if keys and text.assign(value=column).groupby(keys)["value"].nunique().max() <= 1:
        return f"does not change in time, only with {' and '.join(keys)}"
    if times is not None and abs(column.corr(times)) > 1 - 1e-9:
        return "counts the time again"
    return ""


def _time_unit(name: str, times: pd.Series) -> tuple[float, str]:
    """Seconds in a unit of the time column, by its name, and that in words."""
    for unit, seconds in UNITS.items():
        if re.fullmatch(rf"(.*[ _(\[])?({unit})[)\]]?", name, re.IGNORECASE):
            return seconds, f"in units of {seconds:g} s"
    if (times.dropna() % 1 == 0).all():
        hint = "for 25 frames a second `time_unit: 0.04`"
        return 1.0, f"whole numbers: a step of 1 was taken for a second; {hint}"
    return 1.0, "in seconds"


def _objects_in_names(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Columns by object and feature, where the names tell both: x1, y1, x2, y2 or left_x, …

    {} where they do not, or not for all objects alike. Of several ways that one in which features
    have usual names.
    """
    found = [each for pattern in NAMES if (each := _divide(names, pattern))]
    return max(found, key=lambda each: sum(map(_usual, next(iter(each.values())))), default={})


def _divide(names: Sequence[str], pattern: str) -> dict[str, dict[str, str]]:
    matches = [re.fullmatch(pattern, name) for name in names]
    objects: dict[str, dict[str, str]] = {}
    for name, match in zip(names, matches, strict=True):
        if match is None:
            return {}
        objects.setdefault(match["object"], {})[match["feature"]] = name
    alike = len({tuple(sorted(each)) for each in objects.values()}) == 1
    return objects if alike and len(objects) > 1 else {}


def _usual(feature: str) -> bool:
    return bool(re.fullmatch("[vda]?[xyz]|angle|theta|phi|omega|velocity|speed|pos.*", feature))


def _wide(roles: Roles, constant: Sequence[str]) -> None:
    """Fill in the objects and the features of a table with one row for all objects.

    constant: columns with the same in every row, which may name the only object.
    """
    names = roles.features
    found = _objects_in_names(names)
    if not found:
        if len(names) < 2:
            raise RecordingError(
                f"one column, {names[0]}, changes with time and no column names objects: a graph "
                "needs two objects or more"
            )
        found = {name: {"value": name} for name in names}
        roles.doubts.append(
            f"each of the columns {', '.join(names)} was taken for an object of its own; if one of "
            "them names the objects, call it `object`"
        )
        if constant:
            roles.doubts.append(
                f"every row has the same in {', '.join(constant)}: if that names the object, it is "
                "the only one, and a graph needs two or more"
            )
    features = list(next(iter(found.values())))
    roles.columns["objects"] = {
        name: [own[feature] for feature in features] for name, own in found.items()
    }
    roles.features = features
