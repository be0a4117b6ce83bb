"""The copy of the page that the repository holds."""

import json
import subprocess
import sys

import pytest
from example_results import write_results

PAGE = "<html><header><h1>Results</h1></header><main><header>inner</header></main></html>"


@pytest.fixture
def results(tmp_path):
    root = write_results(tmp_path / "results", seeds=1)
    (root / "index.html").write_text(PAGE, encoding="utf-8")
    return root


def record(results, **provenance):
    for path in results.rglob("config.json"):
        config = json.loads(path.read_text(encoding="utf-8"))
        config["provenance"] |= provenance
        path.write_text(json.dumps(config), encoding="utf-8")


def make(repository, results, output):
    command = [sys.executable, repository / "scripts" / "gallery.py"]
    return subprocess.run(
        [*command, "--results", results, "--output", output],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={"PYTHONPATH": str(repository)},
    )


def test_the_copy_says_when_where_and_from_what_it_was_made(repository, results, tmp_path):
    record(
        results,
        commit="0123456789ab",
        finished="2026-03-01T10:00:00+00:00",
        machine="x86_64 <Linux>",
    )
    output = tmp_path / "docs" / "gallery" / "index.html"
    done = make(repository, results, output)
    assert done.returncode == 0, done.stderr
    line = "Made 2026-03-01 at commit 0123456789ab on x86_64 &lt;Linux&gt;."
    page = output.read_text(encoding="utf-8")
    assert page == PAGE.replace("</header>", f'<p class="scale">{line}</p>\n</header>', 1)


@pytest.mark.parametrize("commit", ["0123456789ab-dirty", None])
def test_results_of_no_commit_are_not_shown_around(repository, results, tmp_path, commit):
    record(results, commit=commit, finished="2026-03-01T10:00:00+00:00", machine="x86_64")
    done = make(repository, results, tmp_path / "index.html")
    assert done.returncode != 0
    assert "no commit has" in done.stderr
    assert not (tmp_path / "index.html").exists()


def test_a_page_that_is_too_large_for_a_repository_is_refused(repository, results, tmp_path):
    record(results, commit="0123456789ab", finished="2026-03-01T10:00:00+00:00", machine="x")
    (results / "index.html").write_text(PAGE + "x" * 6_000_000, encoding="utf-8")
    done = make(repository, results, tmp_path / "index.html")
    assert "more than 6,000,000" in done.stderr
    assert not (tmp_path / "index.html").exists()


def test_without_results_the_remedy_is_said(repository, tmp_path):
    done = make(repository, tmp_path, tmp_path / "index.html")
    assert "call `make results` first" in done.stderr
