"""Figures as the page shows them: the whole SVG in an address, smaller than its file."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from nri.files import ResultsError

__all__ = ["PageFigure", "read_figure"]

DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"

BESIDE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
"""What is in the file and not in the picture."""

PATH = re.compile(r' d="[^"]*"')
FINE = re.compile(r"(\.\d\d)\d+")
"""Matplotlib writes six decimals of a point, 1/72 inch; a hundredth of one cannot be seen."""

SAFE = " =:;/,!*()'+?@$[]|<>{}"
"""Characters that an address in double quotes may hold as they are."""


@dataclass(frozen=True)
class PageFigure:
    """A figure as the page shows it: `uri` holds the picture, `width` is its own, in points."""

    name: str
    title: str
    caption: str
    uri: str
    width: float


def read_figure(path: str | os.PathLike) -> PageFigure:
    """An SVG with the title and the caption that `nri.figures.style.save` put inside.

    Raises ResultsError if the file is not an SVG or says neither.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
    except (OSError, UnicodeDecodeError, ElementTree.ParseError) as error:
        raise ResultsError(f"{path}: not a readable SVG ({error}); draw it again") from error
    title, caption = (root.findtext(f".//{DUBLIN_CORE}{name}") for name in ("title", "description"))
    width = root.get("width")
    if title is None or caption is None or width is None:
        raise ResultsError(f"{path}: no title and description inside; draw it with figures.style")
    uri = "data:image/svg+xml," + quote(_smaller(text), safe=SAFE)
    return PageFigure(path.stem, title, caption, uri, float(width.strip("pt")))


def _smaller(svg: str) -> str:
    """The same picture in fewer characters."""
    drawn = PATH.sub(lambda path: FINE.sub(r"\1", path[0]), BESIDE.sub("", svg))
    line = re.sub(r"\s+", " ", drawn).replace("> <", "><").strip()
    return line if "'" in line else line.replace('"', "'")
