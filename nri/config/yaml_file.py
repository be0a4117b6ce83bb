"""Files of configurations as they were written: keys that are there twice, and where a key stands.

`python -m nri.config.yaml_file ARGUMENTS` says what is wrong with the syntax of configurations
among the arguments of Snakemake, and which of them are not there.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from nri.config.errors import nearest, place_of
from nri.config.parse import ConfigError
from nri.own_network import short_name

__all__ = ["origin", "refuse_repeated_keys"]

SUFFIXES = (".yaml", ".yml", ".json")
PLACE = re.compile(r"config[^\s:]*")
MISPLACED = re.compile(
    r": (?:unknown key )?'([^']+)'(?:, did you mean|; allowed| cannot be set| is now)"
)
"""What an error says of a key that should not stand in its place."""


def refuse_repeated_keys(path: str | os.PathLike) -> None:
    """Raise ConfigError, with file, line and place, if a YAML or JSON file repeats a key."""
    for place, first, second in _repeated(_compose(path), (), set()):
        raise ConfigError(
            f"{path}: line {second}: config.{place} was there before, in line {first}; of two "
            "values one would be ignored, so remove one"
        )


def origin(error: ConfigError, raw: Any, paths: Sequence[str | os.PathLike]) -> str:
    """An error with the file, the line and the run that it is of.

    "mine.yaml, line 3, run springs5/mlp-mlp-k2: config.runs[0].edge_types: 1 must be at least 2".
    raw: the merged configuration. paths: the files it is from; of two that have the place, or most
    of it, the first is meant.
    """
    place = PLACE.match(str(error))
    keys = re.findall(r"[^.\[\]]+", place[0])[1:] if place else []
    if place and (misplaced := MISPLACED.match(str(error), place.end())):
        keys.append(misplaced[1])
    found = [(*_depth(_compose(path), keys), path) for path in paths]
    depth, line, path = max(found, key=lambda each: each[0], default=(0, 0, ""))
    parts = [f"{path}, line {line}"] if depth else []
    if run := _run(raw, keys):
        parts.append(f"run {run}")
    return ": ".join(filter(None, (", ".join(parts), str(error))))


def _run(raw: Any, keys: Sequence[str]) -> str:
    """The name of the run that keys lead to, as "springs5/mlp-mlp-k2"; "" where they do not."""
    try:
        entry = raw[keys[0]][int(keys[1])] if keys[0] in ("runs", "baselines") else {}
        networks = [short_name(str(entry[key])) for key in ("encoder", "decoder")] if entry else []
        name = f"{'-'.join(networks)}-k{entry['edge_types']}" if entry else ""
        recipe = f"-{entry['recipe']}" if "recipe" in entry else ""
        return f"{entry['dataset']}/{name}{recipe}"
    except (KeyError, IndexError, TypeError, ValueError):
        return ""


def _depth(node: yaml.Node | None, keys: Sequence[str]) -> tuple[int, int]:
    """How many of the keys lead on from one to the next below a node; the line of the last."""
    depth = line = 0
    for depth, key in enumerate(keys):
        if isinstance(node, yaml.MappingNode):
            below = [(name, value) for name, value in node.value if str(name.value) == key]
            if not below:
                return depth, line
            name, node = below[-1]
            line = name.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
            node = node.value[int(key)]
            line = node.start_mark.line + 1
        else:
            return depth, line
    return (depth + 1 if keys else 0), line


def _compose(path: str | os.PathLike) -> yaml.Node | None:
    """The tree of a file; ConfigError with line and remedy where it is none."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        # JSON may be indented by tabs, which YAML forbids.
        indented = text.replace("\t", " ") if text.lstrip().startswith("{") else text
        return yaml.compose(indented, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}{_mark(error)}: {_syntax(error)}") from error
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}: not a readable YAML file: {error}") from error


def _mark(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _syntax(error: yaml.MarkedYAMLError) -> str:
    """The parser's words, and what they mean most often."""
    problem = " ".join(filter(None, (error.context, error.problem)))
    if "'\\t'" in problem:
        return f"{problem}; indent by blanks, not by tabs"
    if error.context_mark is not None:
        began = f"of what began in line {error.context_mark.line + 1}"
        return f"{problem}; look for a bracket, a comma or a quote that is missing: the end {began}"
    return f"{problem}; look for a missing colon, blank or quote"


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


def main() -> None:
    """Refuse the files among the arguments whose syntax is wrong, and configurations not there."""
    option = ""
    try:
        for argument in sys.argv[1:]:
            if argument.startswith("-"):
                option, _, argument = argument.partition("=")
            if not argument.endswith(SUFFIXES):
                continue
            if Path(argument).is_file():
                refuse_repeated_keys(argument)
            elif option in ("--configfile", "--configfiles"):
                raise ConfigError(_absent(argument))
    except ConfigError as error:
        sys.exit(f"error: {error}")


def _absent(argument: str) -> str:
    """What to say of a configuration that is not there, with those that are."""
    folder = Path(argument).parent
    there = sorted(str(path) for path in folder.glob("*") if path.suffix in SUFFIXES)
    known = f"; there are: {', '.join(there)}" if there else ""
    return f"{argument}: there is no such file{nearest(argument, there)}{known}"


if __name__ == "__main__":
    main()
