"""Figures as the page holds them: the whole SVG, a fifth of the size of its file."""

import gzip
import os
import re
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from nri.files import ResultsError

__all__ = ["PageFigure", "read_figure", "smaller"]

DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"

BESIDE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
"""What is in the file and not in the picture."""

PATH = re.compile(r' d="[^"]*"')
FINE = re.compile(r"(\.\d\d)\d+")
"""Matplotlib writes six decimals of a point, 1/72 inch; a hundredth of one cannot be seen."""


@dataclass(frozen=True)
class PageFigure:
    """A figure: `packed` holds the picture, gzipped in base 64, which the page's program unpacks;
    `width` and `height` are its own, in points.
    """

    name: str
    title: str
    caption: str
    packed: str
    width: float
    height: float


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
    size = root.get("width"), root.get("height")
    if title is None or caption is None or None in size:
        raise ResultsError(f"{path}: no title and description inside; draw it with figures.style")
    packed = b64encode(gzip.compress(smaller(text).encode(), mtime=0)).decode()
    width, height = (float(str(length).strip("pt")) for length in size)
    return PageFigure(path.stem, title, caption, packed, width, height)


def smaller(svg: str) -> str:
    """The same picture in fewer characters."""
    drawn = PATH.sub(lambda path: FINE.sub(r"\1", path[0]), BESIDE.sub("", svg))
    return re.sub(r"\s+", " ", drawn).replace("> <", "><").strip()
