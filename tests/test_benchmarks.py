"""The benchmarks run, and compare two computations of the same thing."""

import re

import numpy as np
import pandas as pd
import pytest

from benchmarks import __main__ as page
from benchmarks import accuracy
from benchmarks.bound import bound
from benchmarks.simulation import Simulations
from benchmarks.step import CASES, WAYS, Work, gradient_error, measure


def test_a_row_of_the_table():
    case = next(case for case in CASES if case.recipe == "fast")
    cells = measure(case, quick=True)
    assert cells[0] == case.name
    assert float(cells[1]) > 0
    assert float(cells[2]) > 0
    assert float(cells[3]) > 0


def test_all_ways_to_compute_a_case_have_the_same_gradients():
    for case in CASES:
        if case.recipe == "fast":
            works = {way: Work(case, way, quick=True) for way in WAYS}
            assert gradient_error(works["one-hot"], works["ours"]) < 1e-3
            assert gradient_error(works["torch"], works["ours"]) < 1e-3


@pytest.mark.parametrize("dataset", list(accuracy.TARGETS))
def test_every_recipe_is_known_of_every_system(dataset):
    graphs = [accuracy.recipe_of(dataset, recipe)[1].graph for recipe in accuracy.RECIPES]
    assert graphs == ["posterior", "sampled", "sampled"]


@pytest.mark.parametrize("source", ["springs", "charged", "kuramoto"])
def test_plain_simulations_are_the_same(source):
    simulations = Simulations(source, 4, 3)
    together = simulations.ours()
    for index in range(3):
        plain = simulations.plain(index)[:, :10]
        np.testing.assert_allclose(plain, together[index][:, :10], atol=1e-7)


def test_one_section_is_written_and_the_others_stay(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(page, "PAGE", tmp_path / "benchmarks.md")
    texts = iter(["first\n", "growth\n", "second\n"])
    sections = {
        name: (title, lambda quick: next(texts)) for name, (title, _) in page.SECTIONS.items()
    }
    monkeypatch.setattr(page, "SECTIONS", sections)
    for section in ("step", "growth", "step"):
        monkeypatch.setattr("sys.argv", ["benchmarks", section])
        page.main()
    text = page.PAGE.read_text()
    assert text.startswith("# Benchmarks")
    assert "first" not in text
    assert text.index("second") < text.index("growth")
    assert text.count("`python -m benchmarks step`") == 1
    assert capsys.readouterr().out.count("## ") == 3


def test_what_is_found_is_at_least_as_probable_as_the_truth(smoke):
    results = smoke / "run" / "results"
    run = results / "runs/springs5/mlp-mlp-k2-fast/seed1"
    text = bound(run, results / "data/springs5.h5", 1000)
    summary, starts = text.split("\n\n")
    *accuracies, _, higher = (float(found) for found in re.findall(r"([\d.]+)%", summary))
    metrics = pd.read_csv(run / "metrics.csv")
    own = metrics[(metrics.metric == "edge_accuracy") & (metrics.dataset == "springs5")]
    refined = float(own[own.graph == "refined"].value.iloc[0])
    assert accuracies == pytest.approx([100 * refined] * 3, abs=3.0)
    assert higher <= 5
    reached = [float(row.split("|")[3].strip(" %")) for row in starts.splitlines()[2:]]
    assert len(reached) == 4
    assert all(0 <= share <= 100 for share in reached)
    assert max(reached) > 50
