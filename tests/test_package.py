"""The library as a package: what it imports is declared, and it needs no Snakemake."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest

DISTRIBUTIONS = {"yaml": "pyyaml"}
"""Modules whose distribution has another name."""

WITHOUT_SNAKEMAKE = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("snakemake", "snakemake_interface_common"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
"""


def imported(paths):
    """{module: files} of what is neither of Python itself nor of the repository."""
    found = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in {name.split(".")[0] for name in names} - set(sys.stdlib_module_names):
                found.setdefault(name, set()).add(path.name)
    return found


@pytest.fixture(scope="module")
def declared(repository):
    """Names of distributions by where they are declared: "library", "pipeline", …"""
    content = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = content["project"], content["dependency-groups"]
    groups = {"library": project["dependencies"], **project["optional-dependencies"], **groups}
    return {
        group: {re.match(r"[\w-]+", each)[0].replace("-", "_") for each in wanted}
        for group, wanted in groups.items()
    }


def test_what_the_library_imports_is_declared_and_nothing_else(declared, repository):
    files = [*(repository / "nri").rglob("*.py"), *(repository / "scripts").glob("*.py")]
    found = {DISTRIBUTIONS.get(name, name): where for name, where in imported(files).items()}
    needed = set(found) - {"nri", "scripts"}
    # What builds the site (scripts/formulas.py) has an environment of its own.
    needed -= declared["docs"]
    # pandas reads Parquet and writes Markdown with these; their names stand in no import.
    assert needed - declared["parquet"] <= declared["library"]
    assert declared["library"] - needed <= {"tabulate"}
    assert "snakemake" not in declared["library"]


def test_what_the_tests_import_is_declared(declared, repository):
    tests = [*(repository / "tests").glob("*.py"), *(repository / "benchmarks").glob("*.py")]
    own = {path.stem for path in tests} | {"nri", "scripts", "benchmarks"}
    plugins = "snakemake_"  # come with Snakemake, or are in the extra `cluster`
    needed = {
        DISTRIBUTIONS.get(name, name)
        for name in imported(tests)
        if name not in own and not name.startswith(plugins)
    }
    known = ("library", "pipeline", "test", "browser")
    assert needed <= set().union(*(declared[group] for group in known))


def test_the_library_works_where_snakemake_is_not_installed(repository, tmp_path):
    """All of it is imported, and a run is looked for."""
    program = WITHOUT_SNAKEMAKE + (
        "import importlib, pkgutil, nri\n"
        "for module in pkgutil.walk_packages(nri.__path__, 'nri.'):\n"
        "    importlib.import_module(module.name)\n"
        "assert 'snakemake' not in sys.modules\n"
        "nri.load('absent')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.stderr.strip().splitlines()[-1].startswith("nri.files.ResultsError: absent/")
