"""Networks of the user's own, a class in one file anywhere: "path/to/my.py:MyEncoder"."""

import ast
import hashlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = [
    "OWN_NETWORK",
    "class_of",
    "is_own",
    "load_own",
    "own_file",
    "read_own",
    "says_true",
    "short_name",
]

OWN_NETWORK = r"^[^{}\n]+\.py:[A-Za-z_][A-Za-z0-9_]*$"
"""The pattern of a choice of this kind."""

HERE = Path(__file__).resolve().parent.parent
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")


def is_own(choice: str) -> bool:
    """Whether a choice of an encoder or a decoder is a class in a file."""
    return re.match(OWN_NETWORK, choice) is not None


def own_file(choice: str) -> Path:
    """The file of a choice: from the working directory, else from that of the pipeline."""
    path = Path(choice.rpartition(":")[0])
    return path if path.exists() or not (HERE / path).exists() else HERE / path


def class_of(choice: str) -> str:
    """The name of the class: "my.py:MyEncoder" → "MyEncoder"."""
    return choice.rpartition(":")[2]


def short_name(choice: str) -> str:
    """What a choice is called in paths and columns: "my.py:MyEncoder" → "my-encoder".

    All others are called as they are.
    """
    return WORDS.sub("-", class_of(choice)).strip("-").lower() if is_own(choice) else choice


def read_own(choice: str) -> str:
    """The text of the file."""
    return own_file(choice).read_text(encoding="utf-8")


def says_true(attribute: str, definition: ast.ClassDef) -> bool:
    """Whether a class says `attribute = True`, read without running it."""
    for statement in definition.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            value = statement.value
            if attribute in names and isinstance(value, ast.Constant):
                return value.value is True
    return False


def load_own(choice: str, source: str) -> Any:
    """The class that a choice names, from the text of its file. The text is run, once for each.

    The text and not the file, so that a trained run means what it was trained with, whatever has
    become of the file since (`code` of config.json).
    """
    name = f"nri_own_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    if name not in sys.modules:
        module = ModuleType(name)
        module.__file__ = str(own_file(choice))
        sys.modules[name] = module  # where dataclasses look for the module that they are in
        try:
            exec(compile(source, module.__file__, "exec"), vars(module))
        except BaseException:
            del sys.modules[name]
            raise
    return getattr(sys.modules[name], class_of(choice))
