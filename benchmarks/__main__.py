"""Measure what is fast and by how much, and write docs/benchmarks.md.

python -m benchmarks                 everything: about two hours, most of them for `accuracy`
python -m benchmarks step growth     these sections; the others stay as they are
python -m benchmarks gpu             on a machine with CUDA: ten minutes
python -m benchmarks --quick         everything at small size, printed: a check, not a result
"""

import argparse
from datetime import date

from benchmarks import DOCS, accuracy, gpu, growth, pipeline, posterior, simulation, step
from nri.device import take_processor
from nri.files import atomic_path
from nri.provenance import provenance

PAGE = DOCS / "benchmarks.md"
TITLE = """# Benchmarks

What is fast, and by how much.
Written by `python -m benchmarks`. Times are process CPU seconds of one thread. Where two ways are
compared they take turns in one process, so that a busy machine slows both: trust the ratios (median
and range of the turns), not the rates.

What a training does differently on a GPU (`nri/device.py`) is traced and compared in the tests on a
CPU.
"""
SECTIONS = {
    "simulation": ("Simulation", simulation.report),
    "step": ("Training step and evaluation", step.report),
    "accuracy": ("Time to accuracy", accuracy.report),
    "posterior": ("The posterior of a graph", posterior.report),
    "growth": ("Growth", growth.report),
    "gpu": ("On a GPU", gpu.report),
    "pipeline": ("The pipeline around it", pipeline.report),
}


def measure(section: str, quick: bool) -> str:
    """A section, with its heading and where its numbers come from."""
    title, report = SECTIONS[section]
    text, made = report(quick), provenance()
    command = f"`python -m benchmarks {section}`, commit {made['commit']}, {date.today()}"
    versions = ", ".join(f"{name} {made['versions'][name]}" for name in ("torch", "python"))
    return f"## {title}\n\n{text}\n*{command}; {versions}; {made['machine']}.*\n"


def written() -> dict[str, str]:
    """The sections that the page has."""
    parts = PAGE.read_text().split("\n## ")[1:] if PAGE.exists() else []
    by_title = {part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in parts}
    return {name: by_title[title] for name, (title, _) in SECTIONS.items() if title in by_title}


def main() -> None:
    """Read the arguments, measure, write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", help=", ".join(SECTIONS), metavar="section")
    parser.add_argument("--quick", action="store_true", help="small, and only printed")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    take_processor(1)
    for section in options.sections or SECTIONS:
        text = measure(section, options.quick)
        print(text, flush=True)
        if section == "gpu" and gpu.NOT_MEASURED in text and section in written():
            continue  # what another machine has measured stays
        if not options.quick:
            sections = written() | {section: text}
            page = [TITLE, *(sections[name] for name in SECTIONS if name in sections)]
            with atomic_path(PAGE) as path:
                path.write_text("\n".join(page))


if __name__ == "__main__":
    main()
