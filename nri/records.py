"""config.json: what a run is, and what was kept of it, with a checksum over all of that."""

import json
import os
from pathlib import Path
from typing import Any

from nri.files import ResultsError, atomic_path, fingerprint, make_again

__all__ = ["read_record", "save_record"]

CHECKSUM = "checksum"


def save_record(record: dict[str, Any], path: str | os.PathLike) -> None:
    """Write a JSON file with the record and its checksum."""
    sealed = {**record, CHECKSUM: fingerprint(record)}
    with atomic_path(path) as temporary:
        text = json.dumps(sealed, indent=2, sort_keys=True) + "\n"
        temporary.write_text(text, encoding="utf-8")


def read_record(path: str | os.PathLike, *needed: str) -> dict[str, Any]:
    """The record in a file.

    Raises ResultsError if it is unreadable, differs from what was written, or lacks a key of
    `needed`.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"{path}: cannot be read ({error.strerror}); name the directory of a run"
        raise ResultsError(f"{problem}, or {make_again(path)}") from error
    except (ValueError, RecursionError) as error:
        problem = f"{path}: not a readable JSON file ({error}); {make_again(path)}"
        raise ResultsError(problem) from error
    if not isinstance(record, dict):
        raise ResultsError(f"{path}: not the record of a run; {make_again(path)}")
    if missing := [name for name in needed if name not in record]:
        raise ResultsError(
            f"{path}: lacks {', '.join(missing)}; if an older version made it, {make_again(path)}"
        )
    found = record.pop(CHECKSUM, None)
    if found is not None and found != fingerprint(record):
        raise ResultsError(f"{path}: changed since it was written; {make_again(path)}")
    return record
