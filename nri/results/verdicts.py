"""Verdicts on inferred graphs (docs/verdict.md), as they are shown."""

import json
import os
from pathlib import Path

from nri.files import ResultsError, make_again

__all__ = ["read_verdict"]


def read_verdict(path: str | os.PathLike) -> str:
    """The sentence of a verdict.json; raises ResultsError if the file is none."""
    try:
        return str(json.loads(Path(path).read_text(encoding="utf-8"))["sentence"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{path}: holds no verdict ({error}); {make_again(path)}") from error
