"""The explorer as a piece of HTML: styles, program and the payloads of runs, all in it."""

import json
from collections.abc import Iterable
from typing import Any

from jinja2 import Environment, StrictUndefined

from nri.results.catalogue import dataset_entry
from nri.results.explorer.bundle import STATIC, bundle

__all__ = ["explorer_section"]


def explorer_section(payloads: Iterable[dict[str, Any]]) -> str:
    """HTML of the explorer of these runs, in their order.

    Payloads are those of `nri.results.explorer.payload` and `nri.results.explorer.recorded`.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = (STATIC / "explorer.html").read_text(encoding="utf-8")
    payloads = list(payloads)
    runs = [
        {
            "name": payload["run"]["dataset"],
            "title": dataset_entry(payload["run"]["dataset"]).title,
            # What ends a script element may stand in no string.
            "json": json.dumps(payload, separators=(",", ":")).replace("<", "\\u003c"),
        }
        for payload in payloads
    ]
    return environment.from_string(template).render(
        style=(STATIC / "explorer.css").read_text(encoding="utf-8"),
        program=bundle("main"),
        runs=runs,
        live=any("weights" in payload for payload in payloads),
        recorded=any("weights" not in payload for payload in payloads),
    )
