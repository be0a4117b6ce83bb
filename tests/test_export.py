"""What a run gives to others: predictions.h5 of all test samples, and the card of its directory."""

import json
import sys
from argparse import Namespace

import h5py
import numpy as np
import pandas as pd
import pytest
from trainings import job_of

from nri.config.runs import Run
from nri.config.training import TrainingSettings
from nri.data.format import read_split
from nri.evaluation.examples import Examples
from nri.graph import matrix_to_edges
from nri.results.card import render_card
from nri.training.runs import carry_out
from scripts import cards, export
from scripts.evaluate import evaluate

SETTINGS = TrainingSettings(encoder_hidden=8, decoder_hidden=8, epochs=1, batch_size=32)


def run_of(directory, data, encoder):
    """A tiny run on five springs, trained and evaluated; its directory."""
    run = Run(dataset="springs5", encoder=encoder, decoder="mlp", edge_types=2, training=SETTINGS)
    output = directory / "results" / "runs" / "springs5" / run.name / "seed1"
    carry_out(job_of(run, data, output, checkpoints=directory / "checkpoints"))
    settings = {"horizon": 20, "examples": 3, "refine": True}
    evaluate(Namespace(run=output, data=data, test_on=[], settings=settings, output=output))
    return output


@pytest.fixture(scope="module")
def run(small_springs, tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("inferred"), small_springs, "mlp")


@pytest.fixture(scope="module")
def given(small_springs, tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("given"), small_springs, "true")


def exported(run, data, tmp_path, monkeypatch):
    path = tmp_path / "predictions.h5"
    arguments = ["--run", str(run), "--data", str(data), "--output", str(path)]
    monkeypatch.setattr(sys, "argv", ["export.py", *arguments])
    export.main()
    return path


def test_predictions_are_those_of_the_evaluation(run, small_springs, tmp_path, monkeypatch):
    """All test samples in own units; types in the order of the true ones; errors as measured."""
    split, examples = read_split(small_springs, "test"), Examples.load(run / "examples.npz")
    metrics = pd.read_csv(run / "metrics.csv")
    with h5py.File(exported(run, small_springs, tmp_path, monkeypatch)) as file:
        arrays = {name: file[name][:] for name in file}
        attributes = dict(file.attrs)
    whole = np.concatenate([arrays["observed"], arrays["truth"]], axis=2)
    np.testing.assert_array_equal(whole, split.trajectories)
    np.testing.assert_array_equal(arrays["edges"], split.edges)
    predicted = arrays["predicted"][:3, :, : examples.predicted.shape[2]]
    np.testing.assert_allclose(predicted, examples.predicted, rtol=1e-5, atol=1e-5)
    for name in ("posterior", "refined"):
        edges = np.moveaxis(matrix_to_edges(np.moveaxis(arrays[name], -1, 1)), 1, -1)
        np.testing.assert_allclose(edges[:3], getattr(examples, name), rtol=1e-6)
        graph = "inferred" if name == "posterior" else "refined"
        right = (edges.argmax(-1) == matrix_to_edges(split.edges)).mean()
        measured = metrics[(metrics.metric == "edge_accuracy") & (metrics.graph == graph)]
        assert right == pytest.approx(float(measured.value.iloc[0]))
    low, high = (np.array(each) for each in ranges(run))
    for name, graph in (("predicted", "inferred"), ("predicted_refined", "refined")):
        error = (2 * (arrays[name] - arrays["truth"]) / (high - low)) ** 2
        measured = metrics[(metrics.metric == "mse") & (metrics.graph == graph)]
        np.testing.assert_allclose(error.mean((0, 1, 3))[:20], measured.value, rtol=1e-3)
    assert attributes["format"] == "nri-predictions"
    assert list(attributes["features"]) == ["x", "y", "vx", "vy"]
    assert list(attributes["edge_types"]) == ["none", "spring"]
    assert json.loads(attributes["run"])["encoder"] == "mlp"


def ranges(run):
    data = json.loads((run / "config.json").read_text())["data"]
    return data["minimum"], data["maximum"]


def test_what_a_run_has_not_is_absent(given, small_springs, tmp_path, monkeypatch):
    with h5py.File(exported(given, small_springs, tmp_path, monkeypatch)) as file:
        assert set(file) == {"observed", "truth", "predicted", "edges"}


def test_the_page_on_results_names_every_array(
    run, small_springs, repository, tmp_path, monkeypatch
):
    page = (repository / "docs" / "results.md").read_text(encoding="utf-8")
    section = page.split("### predictions.h5")[1].split("\n## ")[0]
    with h5py.File(exported(run, small_springs, tmp_path, monkeypatch)) as file:
        assert all(f"`{name}`" in section for name in [*file, *file.attrs])


def test_a_card_says_what_a_run_is_how_good_and_how_to_use_it(run, small_springs, monkeypatch):
    """Its numbers are those of metrics.csv, and its program runs as it stands."""
    monkeypatch.chdir(run.parents[4])
    directory = run.relative_to(run.parents[4])
    card = render_card(directory, "")
    assert card.startswith("# NRI (learned) on Springs, 5 objects, seed 1\n")
    assert "64 train, 32 valid, 32 test" in card
    metrics = pd.read_csv(run / "metrics.csv")
    row = metrics[(metrics.metric == "edge_accuracy") & (metrics.graph == "refined")].iloc[0]
    assert f"| refined | – | {100 * row.value:.1f} |" in card
    assert "step | value |" in card
    assert "the paper has 50,000" in card
    program = card.split("```python\n")[1].split("```")[0]
    names = {"trajectories": read_split(small_springs, "test").trajectories}
    exec(program, names)
    assert names["graphs"].probabilities.shape == (32, 5, 5, 2)


def test_a_card_of_a_given_graph_promises_no_more(given, tmp_path, monkeypatch):
    # More than one argument can hold: 128 KiB.
    labels = {"/".join(given.parts[-3:-1]): "Oracle"} | {
        f"springs5/{n:06}": "" for n in range(9999)
    }
    listed, named = tmp_path / "cards.txt", tmp_path / "labels.txt"
    named.write_text(f"--labels\n{json.dumps(labels)}\n", encoding="utf-8")
    arguments = ["--runs", str(given), f"@{named}", "--output", str(listed)]
    monkeypatch.setattr(sys, "argv", ["cards.py", *arguments])
    cards.main()
    assert listed.read_text(encoding="utf-8") == f"{given / 'README.md'}\n"
    card = (given / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# Oracle on Springs")
    assert "nri.load(" not in card
    assert "The graph is given (`true`)" in card
    assert not any(line.endswith(" ") for line in card.splitlines())
