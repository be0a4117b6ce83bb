"""What a YAML parser lets pass: a key that a mapping has twice, of which the last one wins."""

import os
from collections.abc import Iterator
from pathlib import Path

import yaml

from nri.config.errors import place_of
from nri.config.parse import ConfigError

__all__ = ["refuse_repeated_keys"]


def refuse_repeated_keys(path: str | os.PathLike) -> None:
    """Raise ConfigError, with file, line and place, if a YAML or JSON file repeats a key."""
    try:
        # JSON may be indented by tabs, which YAML forbids.
        text = Path(path).read_text(encoding="utf-8").replace("\t", " ")
        root = yaml.compose(text, yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}: not a readable YAML file: {error}") from error
    for place, first, second in _repeated(root, (), set()):
        raise ConfigError(
            f"{path}: line {second}: config.{place} was there before, in line {first}; of two "
            "values one would be ignored, so remove one"
        )


def _repeated(
    node: yaml.Node | None, place: tuple[str | int, ...], seen: set[int]
) -> Iterator[tuple[str, int, int]]:
    """Each key that repeats one of the same mapping: its place and both lines, counted from 1."""
    if node is None or id(node) in seen:  # an alias leads to a node that was there before
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _repeated(item, (*place, number), seen)
    if isinstance(node, yaml.MappingNode):
        lines: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            here, line = (*place, str(key.value)), key.start_mark.line + 1
            name = key.tag, str(key.value)
            if name in lines:
                yield place_of(here), lines[name], line
            lines[name] = line
            yield from _repeated(value, here, seen)
