"""What a job depends on, in words that Snakemake can compare: settings and source files."""

import ast
import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["code_digests", "itemise"]

CHOICE = re.compile(r"\w+(\.\w+)+:\w+")
"""A module named in a table of choices (`nri.choices`)."""


def itemise(settings: dict[str, Any], prefix: str = "") -> list[str]:
    """`key = value` for each of nested settings: `training.stages[0].epochs = 3`, sorted.

    Whole numbers are written without a point, so that 3 and 3.0 are the same.
    """
    items = []
    for key, value in settings.items():
        parts = {f"{prefix}{key}": value}
        if isinstance(value, list) and any(isinstance(part, dict) for part in value):
            parts = {f"{prefix}{key}[{place}]": part for place, part in enumerate(value)}
        for name, part in parts.items():
            if isinstance(part, dict) and part:
                items += itemise(part, f"{name}.")
            else:
                items.append(f"{name} = {json.dumps(_plain(part))}")
    return sorted(items)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def code_digests(program: Path, root: Path, without: Iterable[Path] = ()) -> list[str]:
    """`path@digest` of a program and of every module below `root` that it imports, sorted.

    Paths are relative to `root`; that of a program elsewhere is as it is given.

    Followed are static imports and tables of choices (`nri.choices`), but not into the modules
    of `without`. The digest is of the syntax tree without docstrings, those below settings
    among them, so that it changes with what the code does and not with comments, help, layout
    or time stamps.
    """
    found: dict[Path, str] = {}
    queue = [program]
    while queue:
        path = queue.pop()
        if path not in found and path not in without:
            found[path], imported = _read_source(path.read_text(encoding="utf-8"), root)
            queue.extend(imported)
    names = {path: path.relative_to(root) if root in path.parents else path for path in found}
    return sorted(f"{names[path]}@{digest}" for path, digest in found.items())


@cache
def _read_source(text: str, root: Path) -> tuple[str, list[Path]]:
    """The digest of a source file and the files that it imports; most are part of many programs."""
    tree = ast.parse(text)
    return _digest(tree), _imported(tree, root)


def _imported(tree: ast.Module, root: Path) -> list[Path]:
    """Files below `root` that a module imports or names as choices, packages included."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant):
            text = node.value
            if isinstance(text, str) and CHOICE.fullmatch(text):
                names.add(text.partition(":")[0])
    paths = []
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            stem = root.joinpath(*parts[:end])
            paths += [p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()]
    return paths


def _digest(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [statement for statement in body if not _is_text(statement)]
    return hashlib.sha256(json.dumps(_canonical(tree)).encode()).hexdigest()[:8]


def _is_text(statement: ast.stmt) -> bool:
    """A string that stands alone, which does nothing: a docstring."""
    value = getattr(statement, "value", None)
    text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return isinstance(statement, ast.Expr) and text


def _canonical(value: Any) -> Any:
    """A syntax tree as nested lists; empty fields are left out, which newer Pythons add."""
    if isinstance(value, ast.AST):
        fields = [(n, _canonical(v)) for n, v in ast.iter_fields(value) if v not in (None, [])]
        return [type(value).__name__, fields]
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return repr(value)
