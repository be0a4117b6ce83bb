"""The record of finished results: a folder small enough for git, every word of it from files."""

import shutil
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nri.files import ResultsError
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale
from nri.results.record.finished import Finished, read_finished
from nri.results.record.keep import keep_figures, keep_tables, keep_weights, main_figures
from nri.results.record.part import FILE, Part, Weights, describe, read_part, write_part
from nri.results.rendering import template

__all__ = ["write_record"]

TITLE = "# The record"
PAPER = ("edge_accuracy", "future_mse")
"""The tables that the paper has, which a page shows whole."""
MOST = 10_000_000
"""Bytes that the record may add to a repository, compressed as git does."""


def write_record(directories: Mapping[str, Path], output: Path) -> int:
    """Write the record of the results in these directories, named; its compressed size in bytes.

    What an earlier record says of results with other names is kept, and all of it is replaced when
    the new one is whole. Raises ResultsError if results are not finished or damaged, the record
    would be larger than `MOST`, or `output` is something else.
    """
    _refuse_other(output)
    every = {name: read_finished(name, path) for name, path in directories.items()}
    earlier = {path.parent.name: read_part(path.parent) for path in output.glob(f"*/{FILE}")}
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        parts: list[Part] = []
        for name in sorted(every.keys() | earlier.keys()):
            taken = {weights.dataset for part in parts for weights in part.weights}
            if name in every:
                kept = keep_weights(every[name], partial, taken)
                parts.append(describe(every[name], kept))
                _write_part(every[name], kept, partial / name)
            else:
                parts.append(_keep_part(earlier[name], output, partial, taken))
            write_part(parts[-1], partial / name)
        text = template("record.md", keep_trailing_newline=True).render(
            title=TITLE,
            parts=parts,
            weights=[(part.name, weights) for part in parts for weights in part.weights],
            dataset=dataset_entry,
        )
        (partial / "README.md").write_text(text, encoding="utf-8")
        size = _refuse_large(partial)
        if output.exists():
            shutil.rmtree(output)
        partial.rename(output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return size


def _keep_part(part: Part, earlier: Path, target: Path, taken: set[str]) -> Part:
    """Copy a part of an earlier record, and its weights but those of data sets that are taken."""
    shutil.copytree(earlier / part.name, target / part.name)
    weights = [each for each in part.weights if each.dataset not in taken]
    for each in weights:
        shutil.copytree(earlier / each.place, target / each.place)
    return replace(part, weights=weights)


def _write_part(finished: Finished, kept: list[Weights], target: Path) -> None:
    """One directory of results: tables, curves, figures, and a page that shows them."""
    keep_tables(finished, target)
    figures = main_figures(finished, kept)
    keep_figures(figures, target / "figures")
    tables = {path.stem: path for path in sorted((target / "tables").glob("*.md"))}
    shown = [
        tables.pop(name).read_text(encoding="utf-8").strip() for name in PAPER if name in tables
    ]
    text = template("record_part.md", keep_trailing_newline=True).render(
        finished=finished,
        origins=finished.origins,
        scale=describe_scale(finished.runs),
        shown=shown,
        tables=list(tables),
        figures=[figure for _, figure in figures],
    )
    (target / "README.md").write_text(text, encoding="utf-8")


def _refuse_other(output: Path) -> None:
    """Raise ResultsError if there is something at `output` that is no record."""
    readme = output / "README.md"
    if output.exists() and not (
        readme.exists() and readme.read_text(encoding="utf-8").startswith(TITLE)
    ):
        raise ResultsError(f"{output}: there, but not a record; name another directory")


def _refuse_large(directory: Path) -> int:
    """The compressed size of all files in bytes; raises ResultsError if it is more than `MOST`."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    sizes = {path: len(zlib.compress(path.read_bytes())) for path in files}
    if sum(sizes.values()) > MOST:
        largest = max(files, key=sizes.__getitem__).relative_to(directory)
        raise ResultsError(
            f"the record would be {sum(sizes.values()) / 1e6:.1f} MB, more than {MOST / 1e6:.0f}; "
            f"its largest file is {largest}: name fewer directories of results"
        )
    return sum(sizes.values())
