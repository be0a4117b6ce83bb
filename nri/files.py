"""Files: complete under their final name or not there, digests of content, and their errors."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ResultsError",
    "atomic_path",
    "fingerprint",
    "make_again",
    "sha256",
    "write_frozen",
    "write_table",
]


class ResultsError(ValueError):
    """A file of results that cannot be used; the message names it, the place and the remedy."""


def make_again(path: str | os.PathLike) -> str:
    """The remedy for a damaged file of results: the rule that made it runs again."""
    return f"make it again: snakemake --cores all --forcerun {path} [--configfile YOURS]"


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary name in the directory of `path`, moved to `path` when the block succeeds.

    Whatever was written under the temporary name is removed when the block raises,
    and an existing `path` is then left as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_frozen(value: Any, directory: Path) -> Path:
    """Keep a JSON-serialisable value in a file named by its content; the absolute path of it."""
    text = json.dumps(value, sort_keys=True, indent=1)
    path = directory.absolute() / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    if not path.exists():
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return path


def write_table(frame: "pd.DataFrame", path: str | os.PathLike) -> None:
    """A CSV with the same bytes for the same frame on every machine."""
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")


def sha256(path: str | os.PathLike) -> str:
    """The digest of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(*parts: Any) -> str:
    """A short digest of JSON-serialisable values, independent of key order."""
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
