"""Code digests follow what the code does; environments agree with the lock."""

import re
import shutil
import subprocess

import pytest
import yaml

from nri import provenance as provenance_module
from nri.config.dependencies import code_digests, itemise
from nri.files import fingerprint
from nri.provenance import provenance


@pytest.fixture
def project(tmp_path):
    (tmp_path / "lib" / "sub").mkdir(parents=True)
    (tmp_path / "lib" / "__init__.py").write_text("")
    (tmp_path / "lib" / "sub" / "__init__.py").write_text("")
    (tmp_path / "lib" / "a.py").write_text('"""Doc."""\nfrom lib.sub import b\n\nX = b.Y + 1\n')
    (tmp_path / "lib" / "sub" / "b.py").write_text("import math\n\nY = math.pi\n")
    (tmp_path / "lib" / "other.py").write_text("Z = 1\n")
    (tmp_path / "main.py").write_text("import lib.a\n\nprint(lib.a.X)\n")
    return tmp_path


def digests(project):
    found = code_digests(project / "main.py", project)
    return dict(entry.split("@") for entry in found)


def test_imports_are_followed(project):
    expected = {"main.py", "lib/__init__.py", "lib/a.py", "lib/sub/__init__.py", "lib/sub/b.py"}
    assert set(digests(project)) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Y = math.pi", "Y = math.pi  # half of tau"),
        ("Y = ", "\n\nY  =  "),
        ("import", "''\nimport"),
    ],
)
def test_comments_layout_and_docstrings_do_not_count(project, before, after):
    old, module = digests(project), project / "lib" / "sub" / "b.py"
    module.write_text(module.read_text().replace(before, after, 1))
    assert digests(project) == old


def test_a_changed_expression_counts_in_its_own_file(project):
    old, module = digests(project), project / "lib" / "sub" / "b.py"
    module.write_text(module.read_text().replace("math.pi", "math.e"))
    new = digests(project)
    assert {name for name in old if old[name] != new[name]} == {"lib/sub/b.py"}


def test_fingerprints_ignore_key_order_and_see_values():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1, "b": 2}) != fingerprint({"a": 2, "b": 1})


def test_modules_left_out_are_not_followed(project):
    entries = code_digests(project / "main.py", project, [project / "lib" / "a.py"])
    assert [entry.split("@")[0] for entry in entries] == ["lib/__init__.py", "main.py"]


def test_settings_are_named_one_by_one_in_any_order():
    stages = [{}, {"epochs": 3, "prior": [0.9, 0.1]}]
    training = {"stages": stages, "loss_windows": "all"}
    items = [
        "seed = 1",
        'training.loss_windows = "all"',
        "training.stages[0] = {}",
        "training.stages[1].epochs = 3",
        "training.stages[1].prior = [0.9, 0.1]",
    ]
    assert itemise({"training": training, "seed": 1}) == items
    assert itemise({"seed": 1, "training": dict(reversed(training.items()))}) == items


def test_whole_numbers_are_the_same_with_and_without_a_point():
    assert itemise({"a": [1.0, 0.5], "b": 3}) == itemise({"a": [1, 0.5], "b": 3.0})
    assert itemise({"a": True}) != itemise({"a": 1})


def test_provenance_names_versions_and_machine():
    record = provenance()
    assert record["versions"]["torch"].startswith("2.")
    assert record["machine"]
    assert record["finished"].endswith("+00:00")


@pytest.fixture
def commit_of(monkeypatch):
    """Asks for the commit of a checkout in another directory."""

    def ask(root):
        monkeypatch.setattr(provenance_module, "ROOT", root)
        provenance_module._commit.cache_clear()
        return provenance()["commit"]

    yield ask
    provenance_module._commit.cache_clear()


def make_repository(path):
    path.mkdir()
    (path / "file").write_text("1")
    for command in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "first"]):
        who = ["-c", "user.name=n", "-c", "user.email=e"]
        subprocess.run(["git", *who, *command], cwd=path, check=True)
    return path


def test_the_commit_is_that_of_the_checkout_and_not_of_a_repository_around_it(tmp_path, commit_of):
    outer = make_repository(tmp_path / "outer")
    assert re.fullmatch("[0-9a-f]{12}", commit_of(outer))
    (outer / "file").write_text("2")
    assert commit_of(outer).endswith("-dirty")
    subprocess.run(["git", "worktree", "add", "-q", tmp_path / "tree"], cwd=outer, check=True)
    assert re.fullmatch("[0-9a-f]{12}", commit_of(tmp_path / "tree"))
    (outer / "inner").mkdir()
    assert commit_of(outer / "inner") is None


@pytest.mark.parametrize(
    "problem", [FileNotFoundError, PermissionError, subprocess.TimeoutExpired("git", 30)]
)
def test_provenance_without_a_git_that_answers_has_no_commit(
    problem, repository, commit_of, monkeypatch
):
    def fail(*arguments, **options):
        raise problem

    monkeypatch.setattr(subprocess, "run", fail)
    assert commit_of(repository) is None


def test_provenance_with_no_git_on_the_path(repository, commit_of, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("git") is None
    assert commit_of(repository) is None


@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_conda_environments_agree_with_the_lock(repository, kind):
    lines = (repository / "envs" / "lock.txt").read_text().splitlines()
    lock = {line for line in lines if re.match(r"[\w.-]+==", line)}
    environment = yaml.safe_load((repository / "envs" / f"{kind}.yaml").read_text())
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    pinned = {line.removesuffix("+cpu") for line in pip if not line.startswith("--")}
    assert pinned == lock
    assert len(lock) > 50
