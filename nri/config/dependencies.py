"""What a job depends on, in words that Snakemake can compare: settings and source files."""

import ast
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["code_digests", "itemise"]

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def itemise(settings: dict[str, Any], prefix: str = "") -> list[str]:
    """`key = value` for each of nested settings: `training.stages[0].epochs = 3`, sorted."""
    items = []
    for key, value in settings.items():
        parts = {f"{prefix}{key}": value}
        if isinstance(value, list) and any(isinstance(part, dict) for part in value):
            parts = {f"{prefix}{key}[{place}]": part for place, part in enumerate(value)}
        for name, part in parts.items():
            if isinstance(part, dict) and part:
                items += itemise(part, f"{name}.")
            else:
                items.append(f"{name} = {json.dumps(part)}")
    return sorted(items)


def code_digests(program: Path, root: Path, without: Iterable[Path] = ()) -> list[str]:
    """`path@digest` of a program and of every module below `root` that it imports, sorted.

    Followed are static imports, but not into the modules of `without`. The digest is of the
    syntax tree without docstrings, so that it changes with what the code does and not with
    comments, layout or time stamps.
    """
    found: dict[Path, str] = {}
    queue = [program]
    while queue:
        path = queue.pop()
        if path not in found and path not in without:
            found[path], imported = _read_source(path.read_text(encoding="utf-8"), root)
            queue.extend(imported)
    return sorted(f"{path.relative_to(root)}@{digest}" for path, digest in found.items())


@cache
def _read_source(text: str, root: Path) -> tuple[str, list[Path]]:
    """The digest of a source file and the files that it imports; most are part of many programs."""
    tree = ast.parse(text)
    return _digest(tree), _imported(tree, root)


def _imported(tree: ast.Module, root: Path) -> list[Path]:
    """Files below `root` that a module's import statements load, packages included."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    paths = []
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            stem = root.joinpath(*parts[:end])
            paths += [p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()]
    return paths


def _digest(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(json.dumps(_canonical(tree)).encode()).hexdigest()[:8]


def _canonical(value: Any) -> Any:
    """A syntax tree as nested lists; empty fields are left out, which newer Pythons add."""
    if isinstance(value, ast.AST):
        fields = [(n, _canonical(v)) for n, v in ast.iter_fields(value) if v not in (None, [])]
        return [type(value).__name__, fields]
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return repr(value)
