"""Rooms of the library: data flow one way, and what computes never reaches what is shown.

`python tests/test_rooms.py` counts the rooms and the arrows between them.
"""

import ast
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from nri.choices import DECODERS, ENCODERS, SOURCES
from nri.config.dependencies import code_digests
from nri.evaluation.metrics.table import METRICS

ROOT = Path(__file__).resolve().parent.parent
CHOICES = ROOT / "nri" / "choices.py"
NETWORKS = [*ENCODERS.values(), *(decoder.choice for decoder in DECODERS.values())]
MODEL = {"config", "data", "model"}
SHOWN = {"results", "config/identity", "evaluation/metrics_file"}

PROGRAMS = {
    "download": {"data"},
    "prepare": {"data"},
    "own": {"data"},
    "train": MODEL | {"training"},
    "evaluate": MODEL | {"evaluation"},
    "baseline": MODEL | {"training", "evaluation"},
    "export": MODEL | {"evaluation"},
    "infer": MODEL | {"evaluation"},
    "graphs": MODEL | {"evaluation"},
    "gate": {"data"},
    "collect": {"results", "evaluation/metrics_file"},
    "tables": SHOWN,
    "gallery": {"results", "evaluation/metrics_file"},
    "cards": {"results", "data/splits", "evaluation/metrics_file"},
    "external": {"results", "evaluation/metrics_file"},
    "games_table": {"results"},
    "explorer": MODEL | {"evaluation", "results"},
    "record": SHOWN | {"config", "evaluation/archive", "evaluation/posterior_file"},
    "moving": MODEL | {"evaluation", "results", "figures"},
    "formulas": set(),
    "site": set(),
    "page": SHOWN | {"config", "data"},
    "plan": {"planning", "terminal", "config", "data"},
}
"""The rooms, or single modules of a room, that each program in scripts/ is made of."""

FIGURES = {*SHOWN, "figures", "data", "evaluation/archive"}
FIGURES |= {"evaluation/examples", "evaluation/posterior_file"}
"""The same for figures; none loads a model."""


def imports(path: Path) -> set[str]:
    """The modules of the library that a file imports, by their whole names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == "nri"}


def room(parts) -> str:
    """The room of nri/PARTS…; modules at the top are the ground floor."""
    first = parts[0].removesuffix(".py")
    return first if (ROOT / "nri" / first).is_dir() else "ground"


def arrows() -> dict[str, set[str]]:
    """Which other rooms each room imports from."""
    found = defaultdict(set)
    for path in (ROOT / "nri").rglob("*.py"):
        here = room(path.relative_to(ROOT / "nri").parts)
        there = {room(name.split(".")[1:]) for name in imports(path) if "." in name}
        found[here] |= there - {here}
    return dict(found)


def reached(program: Path, choices=()) -> set[str]:
    """The rooms that a program depends on; "room/module" of rooms that PROGRAMS lists so."""
    modules = [choice.partition(":")[0].replace(".", "/") + ".py" for choice in choices]
    digests = set()
    for path in (program, *(ROOT / module for module in modules)):
        digests.update(code_digests(path, ROOT, [CHOICES]))
    files = [Path(digest.partition("@")[0]) for digest in digests]
    inside = [path.parts[1:] for path in files if path.parts[0] == "nri"]
    return {
        "/".join(parts).removesuffix(".py")
        for parts in inside
        if room(parts) != "ground" and parts[-1] != "__init__.py"
    }


def within(module: str, allowed: set[str]) -> bool:
    """Whether a module is in one of the rooms, or is one of the modules, of `allowed`."""
    return module in allowed or module.split("/")[0] in allowed


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_made_of_its_rooms_alone(name):
    chosen = {"prepare": [*SOURCES.values()], "train": NETWORKS, "evaluate": NETWORKS}
    found = reached(ROOT / "scripts" / f"{name}.py", chosen.get(name, ()))
    allowed = PROGRAMS[name]
    assert not {module for module in found if not within(module, allowed)}
    # What is allowed is needed: the table above says what a program is made of.
    assert not {part for part in allowed if not any(within(module, {part}) for module in found)}


def test_every_program_has_its_rooms():
    assert {path.stem for path in (ROOT / "scripts").glob("*.py")} == PROGRAMS.keys()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "nri" / "figures").glob("*.py")), ids=lambda p: p.stem
)
def test_a_figure_loads_no_model(path):
    assert not {module for module in reached(path) if not within(module, FIGURES)}


def test_evaluation_depends_on_every_metric():
    found = reached(ROOT / "scripts" / "evaluate.py")
    modules = {
        choice.split(":")[0].removeprefix("nri.").replace(".", "/") for choice in METRICS.values()
    }
    assert modules <= found
    assert not modules & reached(ROOT / "scripts" / "train.py", NETWORKS)


def test_no_room_leads_back_to_itself():
    rooms = arrows()
    tuple(TopologicalSorter(rooms).static_order())  # raises CycleError with the circle
    shown = {"results", "figures"}
    assert not {room for room, others in rooms.items() if room not in shown and others & shown}
    assert not rooms["ground"]


def test_packages_import_nothing():
    for path in (ROOT / "nri").rglob("__init__.py"):
        assert not imports(path), path


def count() -> None:
    """Print the modules on the ground floor, the rooms, and the arrows between them."""
    rooms = arrows()
    ground = sorted(path.stem for path in (ROOT / "nri").glob("*.py") if path.stem != "__init__")
    between = {here: sorted(others - {"ground"}) for here, others in sorted(rooms.items())}
    print(f"ground floor, {len(ground)} modules: {', '.join(ground)}")
    for here, others in between.items():
        if here != "ground":
            print(f"{here} → {', '.join(others) or '–'}")
    print(f"{len(between) - 1} rooms, {sum(map(len, between.values()))} arrows between them")


if __name__ == "__main__":
    count()
