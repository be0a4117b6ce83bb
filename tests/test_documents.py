"""README and docs hold: their links, their commands, the code and the errors that they name."""

import ast
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from snakemake.cli import get_argument_parser
from workflows import snakemake

from scripts.formulas import with_mathml

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^ *```(?:console|bash|sh)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)

NOT_RUN = {
    "$EDITOR": "is for people",
    "apptainer": "needs Apptainer and an image",
    "cd": "changes a shell of the reader's",
    "docker": "needs Docker and gigabytes",
    "git": "needs an address and a network",
    "grep": "needs results of a cluster",
    "mkdir": "is of a cluster's file system",
    "module": "is of a cluster",
    "pip": "installs into the environment; make environment is tested in tests/test_install.py",
    "pre-commit": "is optional and installs hooks into the checkout",
    "python3": "makes an environment; make environment is tested in tests/test_install.py",
    "sacct": "needs SLURM's accounts",
    "sbatch": "needs SLURM; tests/test_slurm.py runs jobs of the pipeline there",
    "sinfo": "needs SLURM",
    "source": "changes a shell of the reader's",
    "tmux": "is for people",
}
"""First words of commands that no test runs, and why."""

READERS_OWN = {"my.yaml", "mine.yaml", "gate/gate.yaml", "config/extended.yaml", "report.html"}
"""Files of commands that the reader, or the command before, makes."""

FETCHED = {"config/dynamic.yaml", "config/masses.yaml", "config/walkers.yaml"}
"""Configurations of recordings that the reader fetches; tests/test_own_examples.py runs two."""


def commands(page):
    """The commands of a page as lists of words: without comments, continued lines joined."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                while re.fullmatch(r"[A-Z_]+=\S+", words[0]):
                    words = words[1:]
                yield words


COMMANDS = sorted({tuple(words) for page in PAGES for words in commands(page)})
DRY_RUNS = [
    words[1:]
    for words in COMMANDS
    if words[0] == "snakemake"
    and not READERS_OWN & set(words)
    # Profiles are of tests/test_profiles.py; a mirror and a report need what is not here.
    and not {"--workflow-profile", "--directory", "--report", "mirror=DIRECTORY"} & set(words)
    and not FETCHED & set(words)
]
DRY_RUNS += [
    tuple(shlex.split(word.removeprefix("ARGS=")))
    for words in COMMANDS
    for word in words
    if words[0] == "make" and word.startswith("ARGS=") and "extended" not in word
]


def is_there(path):
    return path in READERS_OWN or any(ROOT.glob(path))


def check_make(words):
    """The targets exist; what is handed on to Snakemake is understood by it."""
    targets = [word for word in words if "=" not in word]
    subprocess.run(["make", "--dry-run", *targets, "DATA=my.csv"], cwd=ROOT, check=True)
    for word in words:
        if word.startswith("ARGS="):
            check_snakemake(shlex.split(word.removeprefix("ARGS=")))


def check_snakemake(words):
    """The options exist, and the files of configurations."""
    parsed = get_argument_parser().parse_args(list(words))
    for path in parsed.configfile or []:
        assert is_there(str(path)), path


def check_pytest(words):
    """The files exist."""
    for word in words:
        assert not word.startswith("tests/") or (ROOT / word).exists(), word


@cache
def help_of(*program):
    """What a program says to --help."""
    command = [sys.executable, *program, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def check_python(words):
    """The program exists, and names each option in its help."""
    options = {word for word in words if word.startswith("--")}
    if words[0] == "-m":
        shown = help_of("-m", words[1])
    else:
        assert (ROOT / words[0]).exists(), words
        shown = help_of(words[0]) if options else ""
    assert not {option for option in options if option not in shown}


CHECKS = {
    "make": check_make,
    "pytest": check_pytest,
    "python": check_python,
    "snakemake": check_snakemake,
}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_one_that_there_is(words):
    assert (words[0] in CHECKS) != (words[0] in NOT_RUN), words
    if words[0] in CHECKS:
        CHECKS[words[0]](words[1:])


def test_what_is_not_run_is_still_in_a_document():
    assert NOT_RUN.keys() <= {words[0] for words in COMMANDS}


@pytest.mark.slow
@pytest.mark.parametrize("words", sorted(set(DRY_RUNS)), ids=" ".join)
def test_every_call_of_snakemake_makes_a_plan(words, repository, tmp_path):
    rest = [word for word in words if word not in ("--cores", "all", "--dry-run")]
    snakemake(repository, tmp_path, *rest, "--dry-run")


def definitions(path):
    """Names of a module's functions and classes, and CLASS.METHOD."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (
                f"{node.name}.{inner.name}"
                for inner in node.body
                if isinstance(inner, ast.FunctionDef)
            )


def test_every_equation_is_where_the_page_says():
    page = (ROOT / "docs" / "equations.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`nri/" in line]
    places = re.findall(r"`(nri/[\w/]+\.py)` `([\w.]+)` \|$", page, re.MULTILINE)
    assert len(rows) == len(places) > 30
    for path, name in places:
        assert name in definitions(ROOT / path), f"{path}: no {name}"


def test_every_error_of_the_page_is_one_of_the_pipeline():
    """As the code has it, its pieces of text put together."""
    files = [*(ROOT / "nri").rglob("*.py"), ROOT / "envs" / "install.sh"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    text = re.sub(r'"\s*\n\s*f?"', "", text)
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    seen = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(seen) > 15
    assert [words for words in seen if words not in text] == []


def test_the_site_has_every_page_and_every_link_leads_somewhere(tmp_path):
    """In the order of the navigation; a link to what is not there fails."""
    program = [sys.executable, "scripts/site.py", "--output", tmp_path / "pages"]
    subprocess.run(program, cwd=ROOT, check=True)
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = list(leaves(settings["nav"]))
    assert sorted(listed) == sorted(path.name for path in (tmp_path / "pages").glob("*.md"))
    assert listed[:2] == ["index.md", "tutorial.md"]
    for page in (tmp_path / "pages").glob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert re.match(r"[a-z]+:", target) or (page.parent / target).exists(), (page, target)


def test_formulas_of_the_site_are_drawn_and_code_is_left_alone():
    def convert(formula, display):
        return f"<math {display}>{formula}</math>"

    text = "`$a$` $z$, $x_t$\n```\n$b$ $c$\n```\n$$\np(z)\n$$\n5 $ and 6 $\n"
    assert with_mathml(text, convert) == (
        "`$a$` <span><math inline>z</math></span>, <span><math inline>x_t</math></span>\n"
        "```\n$b$ $c$\n```\n"
        '<div style="overflow-x: auto"><math block>p(z)</math></div>\n5 $ and 6 $\n'
    )


def headings(page):
    """The anchors of a page's headings."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def test_every_anchor_is_that_of_a_heading():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", text):
            file = (page.parent / target).resolve() if target else page
            assert anchor in headings(file), f"{page.name}: {target}#{anchor}"


def leaves(tree):
    for branch in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(branch, str):
            yield branch
        else:
            yield from leaves(branch)


def test_the_api_is_of_modules_that_there_are():
    program = (ROOT / "scripts" / "site.py").read_text(encoding="utf-8")
    for name in re.findall(r'"(nri\.[\w.]+)"', program):
        path = ROOT / (name.replace(".", "/") + ".py")
        module, _, inner = name.rpartition(".")
        inside = ROOT / (module.replace(".", "/") + ".py")
        assert path.exists() or inner in definitions(inside), name
