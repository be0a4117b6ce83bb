"""Formulas of the documentation's pages in MathML, for `make docs`.

Forges draw what stands between dollars, the site's generator does not. Browsers draw MathML by
themselves, so that no program has to be fetched. Runs in the environment of the site.
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

CODE_OR_FORMULA = re.compile(
    r"(?P<code>```.*?```|`[^`\n]*`)"
    r"|\$\$(?P<block>[^$]+)\$\$"
    r"|\$(?P<inline>[^\s$](?:[^$\n]*[^\s$])?)\$",
    re.DOTALL,
)


def main() -> None:
    """Rewrite the pages of a directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", type=Path, help="a directory of pages in Markdown")
    pages = parser.parse_args().pages

    from latex2mathml.converter import convert  # which --help does not need

    for page in pages.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(with_mathml(text, convert), encoding="utf-8")


def with_mathml(text: str, convert: Callable[..., str]) -> str:
    """A page whose formulas, `$…$` and `$$…$$` outside of code, are MathML.

    convert: MathML of TeX, by its argument `display` on a line of its own ("block") or not.
    """

    def write(found: re.Match[str]) -> str:
        if found["code"]:
            return found["code"]
        if found["block"]:
            formula = convert(found["block"].strip(), display="block")
            return f'<div style="overflow-x: auto">{formula}</div>'
        # In a span: a line that began with <math> would end its paragraph.
        return f"<span>{convert(found['inline'], display='inline')}</span>"

    return CODE_OR_FORMULA.sub(write, text)


if __name__ == "__main__":
    main()
