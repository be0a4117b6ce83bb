"""Choices by name: tables of encoders, decoders, data sources, … with a line for each.

A table names the module and the class of a choice in a string, "nri.model.encoders.mlp:MLPEncoder",
so that reading the table loads none of them. `nri.config.dependencies` follows such a string as
it follows an import: what a job runs is known without running it.
"""

from importlib import import_module
from typing import Any

__all__ = ["load"]


def load(choice: str) -> Any:
    """What a string "MODULE:NAME" names."""
    module, name = choice.split(":")
    return getattr(import_module(module), name)
