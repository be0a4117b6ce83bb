"""Tables in Markdown, LaTeX and HTML: pandas writes the cells, this module all around them."""

import html
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["LANGUAGES", "Language", "Panel"]


@dataclass(frozen=True)
class Language:
    """How Markdown, LaTeX or HTML writes what is not plain text, and a whole panel."""

    escape: Callable[[str], str]
    superscript: str
    theirs: str
    panel: Callable[["Panel"], str]


@dataclass
class Panel:
    """A part of a table that fits a page, with its notes; all text is marked up already."""

    title: str
    label: str
    cells: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: list[str] = field(default_factory=list)


def _markdown(panel: Panel) -> str:
    cells = panel.cells.set_axis([" ".join(name) for name in panel.cells.columns], axis=1)
    align = ("left", *["right"] * len(cells.columns))
    table = cells.to_markdown(disable_numparse=True, colalign=align)
    return f"### {panel.title}\n\n{table}\n\n" + "".join(f"{note}  \n" for note in panel.notes)


def _latex(panel: Panel) -> str:
    body = panel.cells.to_latex(
        escape=False, multicolumn_format="c", column_format="l" + "r" * len(panel.cells.columns)
    )
    notes = "".join(f"{note}\\\\\n" for note in panel.notes)
    return (
        f"\\begin{{table}}\n\\centering\n\\caption{{{panel.title}}}\n"
        f"\\label{{tab:{panel.label}}}\n\\footnotesize\\setlength{{\\tabcolsep}}{{3.5pt}}\n{body}\n"
        f"\\smallskip\n\\begin{{minipage}}{{\\linewidth}}\\footnotesize\\raggedright\n"
        f"{notes}\\end{{minipage}}\n\\end{{table}}\n"
    )


def _html(panel: Panel) -> str:
    body = panel.cells.to_html(escape=False, border=0, classes="results")
    notes = "".join(f"<li>{note}</li>\n" for note in panel.notes)
    return (
        f'<figure class="table" id="{html.escape(panel.label)}">\n'
        f"<figcaption>{panel.title}</figcaption>\n"
        f'<div class="scroll">\n{body}\n</div>\n<ul class="notes">\n{notes}</ul>\n</figure>\n'
    )


LATEX: dict[str, str | int | None] = {character: f"\\{character}" for character in "&%$#_{}"}
LATEX |= {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "±": "$\\pm$",
    "†": "$^\\dagger$",
    "–": "--",
}

LANGUAGES = {
    "md": Language(
        escape=lambda text: html.escape(text, quote=False).replace("|", "\\|"),
        superscript="<sup>{}</sup>",
        theirs="{}",
        panel=_markdown,
    ),
    "tex": Language(
        escape=lambda text: text.translate(str.maketrans(LATEX)),
        superscript="\\textsuperscript{{{}}}",
        theirs="{}",
        panel=_latex,
    ),
    "html": Language(
        escape=html.escape,
        superscript="<sup>{}</sup>",
        theirs='<span class="paper">{}</span>',
        panel=_html,
    ),
}
