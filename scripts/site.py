"""The pages of the documentation site, from README.md and docs/, for `make docs`.

On the forge the documents link to files of the repository; the site has copies of these beside the
pages. All else stays as it is written.
"""

import argparse
import os
import re
import shutil
from pathlib import Path

from nri.logs import start_log

ROOT = Path(__file__).resolve().parent.parent
TOP = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
"""Pages that lie beside README.md, which is the first page."""

API = {
    "Trained models": ("nri.evaluation.trained", "nri.evaluation.verdict.Judgement"),
    "Data sets": ("nri.data.format", "nri.data.source", "nri.data.simulated.system"),
    "Networks": (
        "nri.model.context",
        "nri.model.encoders.encoder",
        "nri.model.decoders.decoder",
        "nri.model.message_passing",
        "nri.model.latent",
        "nri.model.objectives",
        "nri.model.rollout",
    ),
    "The posterior of a graph": (
        "nri.model.posterior.infer",
        "nri.model.posterior.exact",
        "nri.model.posterior.tables",
    ),
    "Evaluation": ("nri.evaluation.evaluation", "nri.evaluation.examples", "nri.graph"),
}
"""Modules whose docstrings are on the page of the API: what somebody who extends this calls."""

LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")


def main() -> None:
    """Write the pages; what was in the directory is removed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True, type=Path, help="a directory for the pages")
    arguments = parser.parse_args()
    start_log()

    shutil.rmtree(arguments.output, ignore_errors=True)
    shutil.copytree(ROOT / "docs", arguments.output)
    pages = [ROOT / "README.md", *(ROOT / name for name in TOP), *(ROOT / "docs").glob("*.md")]
    for page in pages:
        name = "index.md" if page.name == "README.md" else page.name
        text = with_links(page, arguments.output)
        (arguments.output / name).write_text(text, encoding="utf-8")
    (arguments.output / "api.md").write_text(api_page(), encoding="utf-8")


def with_links(page: Path, output: Path) -> str:
    """A page whose links lead to other pages of the site, or to copies of files beside them.

    Raises ValueError for a link to what is not there.
    """

    def lead(link: re.Match[str]) -> str:
        target = link[2]
        if re.match(r"[a-z]+:", target):
            return link[0]
        file = Path(os.path.normpath(page.parent / target))
        if not file.exists():
            raise ValueError(f"{page.relative_to(ROOT)}: {target} is not there; mend the link")
        return link[1] + on_site(file, output) + link[3]

    return LINK.sub(lead, page.read_text(encoding="utf-8"))


def on_site(file: Path, output: Path) -> str:
    """Where a file of the repository is on the site; what is neither page nor asset is copied."""
    inside = file.relative_to(ROOT)
    if inside.as_posix() == "README.md":
        return "index.md"
    if inside.as_posix() in TOP:
        return inside.name
    if inside.parts[0] == "docs":
        return Path(*inside.parts[1:]).as_posix()
    place = Path("files", *inside.parts)
    if file.is_file():
        # As text: a browser shows it, and does not take a template for a page.
        place = place.with_name(f"{place.name}.txt")
        (output / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, output / place)
    return place.as_posix()


def api_page() -> str:
    """The page that mkdocstrings fills from docstrings."""
    parts = ["# API", "From the docstrings. Letters of shapes: [glossary](glossary.md)."]
    for title, modules in API.items():
        parts += [f"## {title}", *(f"::: {module}" for module in modules)]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
