"""Everything that is written about settings, made from their declarations.

python -m nri.config.reference

writes the JSON schema (workflow/schemas/config.schema.yaml) and the tables of docs/config.md, each
between a line `<!-- table: NAME -->` and a line `<!-- end -->`. A source that the page does not
name yet gets a section of its own.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from nri.choices import DECODERS, ENCODERS, SOURCES, load
from nri.config.config import BaselineEntry, Config, InferEntry, RunEntry, Study, Transfer
from nri.config.training import TrainingSettings
from nri.declare import Settings

__all__ = ["PAGE", "SCHEMA", "render_page", "render_schema"]

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
PAGE = ROOT / "docs" / "config.md"
END_OF_SOURCES = "<!-- end of sources -->\n"
TABLE = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
TABLES: dict[str, type[Settings]] = {
    "config": Config,
    "run": RunEntry,
    "baseline": BaselineEntry,
    "test-on": Transfer,
    "study": Study,
    "infer-on": InferEntry,
    "training": TrainingSettings,
    **{name: load(choice).Settings for name, choice in SOURCES.items()},
}


def render_schema() -> str:
    """The JSON schema of the configuration, as YAML."""
    schema = Config.model_json_schema()
    definitions = schema.pop("$defs")
    for name, choice in SOURCES.items():
        own = load(choice).Settings.model_json_schema()
        definitions |= own.pop("$defs", {})
        own["properties"]["source"] = {"const": name, "description": "Where the data come from."}
        definitions[name] = own
    (pattern,) = schema["properties"]["datasets"]["patternProperties"]
    of_sources = {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in SOURCES]}
    schema["properties"]["datasets"]["patternProperties"] = {pattern: of_sources}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_tidy(schema, definitions),
        "$defs": {
            name: _tidy(definition, definitions)
            for name, definition in sorted(definitions.items())
            if name != "DatasetSettings" and not _is_nameless(name)
        },
    }
    text = yaml.safe_dump(schema, sort_keys=False, allow_unicode=True, width=100)
    return (
        f"# Written by python -m nri.config.reference from the declarations; do not edit.\n{text}"
    )


def render_page(text: str) -> str:
    """docs/config.md with its tables made anew; a source that it lacks gets a section."""
    missing = [name for name in SOURCES if f"<!-- table: {name} -->" not in text]
    sections = [f"### {name}\n\n<!-- table: {name} -->\n<!-- end -->\n\n" for name in missing]
    text = text.replace(END_OF_SOURCES, "".join([*sections, END_OF_SOURCES]))
    return TABLE.sub(lambda match: match[1] + _table(TABLES[match[2]]) + match[3], text)


def _tidy(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema without the titles that pydantic makes of names; texts on one line, short defaults.

    The default of a group of settings is that of each of them: `{}`. A group is described where it
    is used. Names that do not match a pattern are refused.
    """
    if isinstance(schema, list):
        return [_tidy(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    name = schema.get("$ref", "").rpartition("/")[2]
    if _is_nameless(name):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _tidy({**definitions[name], **rest}, definitions)
    tidy = {
        key: _tidy(value, definitions)
        for key, value in schema.items()
        if key != "title" or not isinstance(value, str)
    }
    if name and "default" in schema:
        tidy = {"description": definitions[name].get("description", ""), **tidy, "default": {}}
    if "patternProperties" in schema:
        tidy["additionalProperties"] = False
    if isinstance(tidy.get("description"), str):
        tidy["description"] = _one_line(tidy["description"])
    return tidy


def _is_nameless(definition: str) -> bool:
    """Whether pydantic made up the name of a definition, from the parts of a generic type."""
    return "_" in definition


def _table(model: type[Settings]) -> str:
    """A row for each setting: key, values, default, help."""
    schema = model.model_json_schema()
    lines = ["| key | values | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *_rows(schema, schema, "")]) + "\n"


def _rows(schema: dict[str, Any], root: dict[str, Any], prefix: str) -> Iterator[str]:
    """The rows of a mapping; of mappings in it with their keys, such as `frames.train`."""
    for name, setting in schema["properties"].items():
        group = _definition(setting, root)
        if name == "source":
            continue
        if _is_explained(group) and name != "training":
            yield from _rows(group, root, f"{prefix}{name}.")
            continue
        default = "required" if name in schema.get("required", ()) else _default(setting)
        meaning = setting.get("description") or group.get("description", "")
        meaning = _one_line(meaning) + _condition(name, setting)
        yield f"| `{prefix}{name}` | {_values(setting, root)} | {default} | {meaning} |"


def _definition(setting: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The declaration that a setting refers to, or itself."""
    name = setting.get("$ref", "").rpartition("/")[2]
    return root["$defs"][name] if name else setting


def _is_explained(group: dict[str, Any]) -> bool:
    """Whether all settings of a group have help of their own."""
    return bool(group.get("properties")) and all(
        "description" in setting for setting in group["properties"].values()
    )


def _default(setting: dict[str, Any]) -> str:
    default = {} if isinstance(setting.get("default"), dict) else setting.get("default")
    return _code(default)


def _code(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else json.dumps(value)
    return f"`{text.strip(chr(34))}`"


def _condition(name: str, setting: dict[str, Any]) -> str:
    """Where a setting has an effect, if that is not everywhere; its own value is no condition."""
    found = []
    for key, values in setting.get("applies_to", {}).items():
        if key == name:
            continue
        if values == list(ENCODERS):
            found.append("an encoder network")
        elif values == list(DECODERS):
            found.append("a decoder")
        else:
            found.append(f"{_code(key)} {' or '.join(map(_code, values))}")
    return f" *Only with {' and '.join(found)}.*" if found else ""


def _values(schema: dict[str, Any], root: dict[str, Any]) -> str:
    """What a setting may hold."""
    if "$ref" in schema:
        return _values(_definition(schema, root), root)
    if "anyOf" in schema:
        return " or ".join(_values(part, root) for part in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        allowed = schema.get("enum", [schema.get("const")])
        return ", ".join(f"`{value}`" for value in allowed)
    if "format" in schema:
        return _code(schema["format"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_values(schema['items'], root)}"
    names = {
        "any": "any",
        "boolean": "`true`, `false`",
        "null": "`null`",
        "object": "mapping",
        "string": "text",
    }
    return names.get(kind) or " ".join([kind, *_bounds(schema)])


def _bounds(schema: dict[str, Any]) -> list[str]:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤"}
    return [f"{sign} {schema[key]:g}" for key, sign in signs.items() if key in schema]


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    SCHEMA.write_text(render_schema(), encoding="utf-8")
    PAGE.write_text(render_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
