"""What is installed: declared, used, pinned, with a checksum and a licence."""

import ast
import json
import re
import sys
import tomllib

import pytest

INSTALLED_AS = {"yaml": "pyyaml", "pydantic_core": "pydantic"}
"""Modules whose package has another name."""

NOT_IMPORTED = {"tabulate"}
"""pandas needs it for tables in Markdown."""


def packages(repository):
    """Packages that a file of the library, a program or a rule imports."""
    files = [path for folder in ("nri", "scripts") for path in (repository / folder).rglob("*.py")]
    names = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    for path in (repository / "workflow").rglob("*.smk"):
        names.update(re.findall(r"^(?:import|from) ([\w.]+)", path.read_text("utf-8"), re.M))
    roots = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    return {INSTALLED_AS.get(name, name) for name in roots} - {"nri", "scripts"}


@pytest.fixture
def project(repository):
    return tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]


def test_what_is_imported_is_declared_and_the_other_way_round(repository, project):
    declared = {re.split(r"[\[<>=~! ]", text)[0].lower() for text in project["dependencies"]}
    optional = set(project["optional-dependencies"]["parquet"])
    assert packages(repository) - optional == declared - NOT_IMPORTED
    assert declared >= NOT_IMPORTED


def test_each_locked_package_has_a_checksum_and_is_in_the_bill_of_materials(repository):
    texts = {
        name: (repository / "envs" / name).read_text("utf-8") for name in ("lock.txt", "hashes.txt")
    }
    locked = set(re.findall(r"^([\w.-]+==\S+)$", texts["lock.txt"], re.M))
    pinned = dict(
        re.findall(r"^(\S+==\S+) --hash=sha256:([0-9a-f]{64})$", texts["hashes.txt"], re.M)
    )
    assert {pin.removesuffix("+cpu") for pin in pinned} == locked
    bill = json.loads((repository / "envs" / "sbom.cdx.json").read_text("utf-8"))
    listed = {
        f"{part['name']}=={part['version']}": part["hashes"][0]["content"]
        for part in bill["components"]
    }
    assert listed == pinned
    without = {part["name"] for part in bill["components"] if "licenses" not in part}
    assert all(name.startswith(("snakemake-interface-", "conda-inject")) for name in without)
