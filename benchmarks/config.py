"""The configurations that ship, as Snakemake reads them: the default, and overlays over it."""

from typing import Any

import yaml
from snakemake.utils import update_config

from benchmarks import ROOT
from nri.config.config import Config
from nri.config.parse import parse_config

__all__ = ["read_config", "read_raw"]


def read_config(*overlays: str) -> Config:
    """The checked configuration; overlays are names of files in config/, as "paper.yaml"."""
    return parse_config(read_raw(*overlays))


def read_raw(*overlays: str) -> dict[str, Any]:
    """The configuration as it stands in the files."""
    raw: dict[str, Any] = {}
    for name in ("config.yaml", *overlays):
        update_config(raw, yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8")))
    return raw
