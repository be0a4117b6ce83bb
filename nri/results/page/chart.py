"""A picture of numbers: a row for each of them on one scale, seeds as dots, others as marks."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["Chart", "Lane", "Mark", "Row", "lay_out"]

WIDTH, LEFT, RIGHT = 400, 92, 60
"""Of the whole picture, and what names and numbers take of it."""

ROW, LANE, HEAD, FOOT = 32, 13, 22, 26
"""Heights: of a row, between its lanes, of a group's name, of the scale below."""


@dataclass(frozen=True)
class Lane:
    """What one way gave: `kind` names its look, `values` are its seeds, `text` is their mean."""

    kind: str
    values: Sequence[float]
    text: str


@dataclass(frozen=True)
class Mark:
    """A number of others: `kind` names its look, `words` say what it is."""

    kind: str
    value: float
    words: str


@dataclass(frozen=True)
class Row:
    """A name with its lanes, from top to bottom, and its marks."""

    name: str
    lanes: list[Lane]
    marks: list[Mark] = field(default_factory=list)


@dataclass
class Chart:
    """Groups of rows by their headings. `ticks`: places on the scale and their words."""

    title: str
    words: str
    groups: dict[str, list[Row]]
    ticks: dict[float, str]
    logarithmic: bool = False
    line: float | None = None
    """A value that a line marks in all rows."""

    def values(self) -> Iterable[float]:
        """All numbers of the picture."""
        for row in (row for rows in self.groups.values() for row in rows):
            yield from (value for lane in row.lanes for value in lane.values)
            yield from (mark.value for mark in row.marks)


@dataclass(frozen=True)
class Placed:
    """Where the template draws: `x`, `y`, the `kind` of the thing and its words."""

    x: float
    y: float
    kind: str
    words: str = ""


@dataclass
class Drawing:
    """A chart with all places worked out."""

    width: int
    height: float = 0
    title: str = ""
    words: str = ""
    headings: list[Placed] = field(default_factory=list)
    names: list[Placed] = field(default_factory=list)
    tracks: list[Placed] = field(default_factory=list)
    dots: list[Placed] = field(default_factory=list)
    means: list[Placed] = field(default_factory=list)
    marks: list[Placed] = field(default_factory=list)
    numbers: list[Placed] = field(default_factory=list)
    ticks: list[Placed] = field(default_factory=list)
    line: float | None = None
    left: int = LEFT
    right: int = WIDTH - RIGHT


def lay_out(chart: Chart) -> Drawing:
    """Work out all places of a chart."""
    low, high = min(chart.ticks), max(chart.ticks)
    scale = math.log10 if chart.logarithmic else float

    def place(value: float) -> float:
        share = (scale(value) - scale(low)) / (scale(high) - scale(low))
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, share)), 1)

    drawing, y = Drawing(WIDTH, title=chart.title, words=chart.words), 4.0
    for heading, rows in chart.groups.items():
        if heading:
            y += HEAD
            drawing.headings.append(Placed(0, y - 6, "heading", heading))
        for row in rows:
            middle = y + ROW / 2
            drawing.names.append(Placed(LEFT - 12, middle, "name", row.name))
            drawing.tracks.append(Placed(LEFT, middle, "track"))
            for number, lane in enumerate(row.lanes):
                _lane(drawing, lane, middle + LANE * (number - (len(row.lanes) - 1) / 2), place)
            for mark in row.marks:
                drawing.marks.append(Placed(place(mark.value), middle, mark.kind, mark.words))
            y += ROW
    drawing.ticks = [Placed(place(value), y, "tick", words) for value, words in chart.ticks.items()]
    drawing.line = None if chart.line is None else place(chart.line)
    drawing.height = y + FOOT
    return drawing


def _lane(drawing: Drawing, lane: Lane, y: float, place) -> None:
    for value in lane.values:
        drawing.dots.append(Placed(place(value), y, lane.kind))
    mean = sum(lane.values) / len(lane.values)
    drawing.means.append(Placed(place(mean), y, lane.kind, lane.text))
    drawing.numbers.append(Placed(WIDTH - RIGHT + 12, y, lane.kind, lane.text))
