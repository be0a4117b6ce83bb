"""How a text file writes its table: encoding, separator, decimal mark, header. Guessed."""

import csv
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nri.data.own.recordings import RecordingError
from nri.data.own.tables import MISSING
from nri.data.own.text import encoding_of, guess_encoding, refuse_other_kinds

__all__ = ["Dialect", "guess_dialect"]

SEPARATORS = ("\t", ";", "|", ",", "whitespace")
"""Those that stand in no number first."""

SEEN = 200  # lines that a guess is made from
POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Dialect:
    """The settings of own data that say how a table is written, and the cells of its first row."""

    encoding: str
    separator: str
    decimal: str
    header: bool
    first: tuple[str, ...]


def guess_dialect(path: str | os.PathLike) -> Dialect:
    """How the table in a file is written.

    Raises RecordingError for what is no text, has no separator, or begins with other lines.
    """
    if not Path(path).is_file():
        raise RecordingError(f"{path}: no such file; name one with a table or an array")
    refuse_other_kinds(path)
    encoding = guess_encoding(path)
    lines = _first_lines(path, encoding)
    if len(lines) < 2:
        raise RecordingError(f"{path}: less than two lines, but a table has a header and rows")
    for number, line in lines[:1]:
        if line.lstrip()[:1] in ("#", "%"):
            raise RecordingError(
                f"{path}, line {number}: a comment; remove the lines above the names of the columns"
            )
    tables = {each: _rows(lines, each) for each in SEPARATORS}
    separator = max(SEPARATORS, key=lambda each: _score(tables[each], each))
    rows = tables[separator]
    width = _usual_width(rows)
    if width < 2:
        raise RecordingError(
            f"{path}: no two columns in its lines; separate them by a comma, a semicolon, a tab or "
            "blanks"
        )
    if len(rows[0]) != width:
        commas = "; numbers with decimal commas need another separator, such as ;"
        raise RecordingError(
            f"{path}, line {lines[0][0]}: cells: {len(rows[0])}, but most lines have {width}; "
            "remove the lines above the names of the columns, or name all columns"
            f"{commas if separator == ',' else ''}"
        )
    body = [row for row in rows[1:] if len(row) == width]
    decimal = "," if separator != "," and _numeric(body, COMMA) > _numeric(body, POINT) else "."
    first = tuple(rows[0])
    return Dialect(encoding, separator, decimal, _is_header(first, body, decimal), first)


def _first_lines(path: str | os.PathLike, encoding: str) -> list[tuple[int, str]]:
    """The first lines that are not empty, with their numbers."""
    with open(path, encoding=encoding_of(path, encoding), newline=None) as file:
        found = []
        for number, line in enumerate(file, start=1):
            if line.strip():
                found.append((number, line.rstrip("\n")))
            if len(found) == SEEN:
                break
    return found


def _rows(lines: Sequence[tuple[int, str]], separator: str) -> list[list[str]]:
    if separator == "whitespace":
        return [line.split() for _, line in lines]
    return [
        [cell.strip() for cell in row]
        for row in csv.reader([line for _, line in lines], delimiter=separator)
    ]


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    widths = [len(row) for row in rows]
    return max(set(widths), key=widths.count) if widths else 0


def _score(rows: Sequence[Sequence[str]], separator: str) -> tuple[float, float]:
    """How well a separator fits: how many lines have as many cells, how many cells are numbers."""
    width = _usual_width(rows)
    if width < 2:
        return (0.0, 0.0)
    same = [row for row in rows if len(row) == width]
    marks = (POINT,) if separator == "," else (POINT, COMMA)
    numeric = max(_numeric(same[1:] or same, mark) for mark in marks)
    return (round(len(same) / len(rows), 1), round(numeric, 2))


def _numeric(rows: Sequence[Sequence[str]], mark: re.Pattern[str]) -> float:
    """The share of cells that are numbers."""
    cells = [cell for row in rows for cell in row if cell.lower() not in MISSING]
    return sum(mark.fullmatch(cell) is not None for cell in cells) / len(cells) if cells else 0.0


def _is_header(first: Sequence[str], body: Sequence[Sequence[str]], decimal: str) -> bool:
    """Whether the first row names the columns: it has text where the others have numbers."""
    mark = COMMA if decimal == "," else POINT
    for place, cell in enumerate(first):
        column = [[row[place]] for row in body]
        if _numeric(column, mark) > 0.5 and not mark.fullmatch(cell):
            return cell.lower() not in MISSING or cell == ""
    return False
