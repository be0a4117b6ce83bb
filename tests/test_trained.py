"""Trained models in Python: own units in and out, names of types, what does not fit."""

import json
import subprocess
import sys

import matplotlib
import matplotlib.pyplot
import numpy as np
import pandas as pd
import pytest

import nri
from nri.data.format import Dataset
from nri.evaluation.examples import Examples
from nri.evaluation.new_data import InferenceError
from nri.evaluation.posterior_file import StoredPosterior
from nri.files import ResultsError
from nri.graph import matrix_to_edges

RUN = "runs/springs5/mlp-mlp-k2-fast/seed1"


@pytest.fixture(scope="module")
def results(smoke):
    return smoke / "run" / "results"


@pytest.fixture(scope="module")
def model(results):
    return nri.load(results / RUN)


@pytest.fixture(scope="module")
def trajectories(results):
    with Dataset(results / "data/springs5.h5") as data:
        return data.split("test").trajectories


def test_graphs_are_those_of_the_evaluation(model, results, trajectories):
    """In own units, with the types in the order of the true ones and named after them."""
    metrics = pd.read_csv(results / RUN / "metrics.csv")
    metrics = metrics[(metrics.metric == "edge_accuracy") & (metrics.dataset == "springs5")]
    with Dataset(results / "data/springs5.h5") as data:
        truth = matrix_to_edges(data.split("test").known_edges)
        assert model.types == data.metadata.edge_types
    for graph, found in (
        ("inferred", model.infer(trajectories)),
        ("refined", model.refine(trajectories)),
    ):
        right = (matrix_to_edges(found.types) == truth).mean()
        stored = StoredPosterior.load(results / RUN / "posterior.npz")
        if graph == "inferred" or (stored.matching == stored.refined_matching).all():
            assert right == pytest.approx(float(metrics[metrics.graph == graph].value.iloc[0]))
        assert (found.types.diagonal(axis1=1, axis2=2) == -1).all()
        np.testing.assert_allclose(
            matrix_to_edges(found.certainty),
            found.probabilities.max(-1)[:, ~np.eye(5, dtype=bool)],
            rtol=1e-6,
        )


def test_motion_is_that_of_the_evaluation(model, results, trajectories):
    examples = Examples.load(results / RUN / "examples.npz")
    seen = trajectories[: len(examples.sample), :, : model.frames + 1]
    steps = examples.truth.shape[2]
    predicted = model.predict(seen, steps)
    np.testing.assert_allclose(predicted, examples.predicted, rtol=1e-3, atol=1e-4)
    assert not np.allclose(model.predict(seen, steps, refined=True), predicted)


def test_a_sample_is_judged_the_same_alone_and_among_others(model, trajectories):
    """In evaluation mode batch normalisation does not look at the batch."""
    alone = model.infer(trajectories[3])
    among = model.infer(trajectories[:8])
    np.testing.assert_allclose(alone.probabilities[0], among.probabilities[3], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[..., :3], r"expected \(samples, objects, frames, 4: x, y, vx, vy\)"),
        (lambda x: x[0, 0], r"shape \(99, 4\)"),
        (lambda x: x[:, :1], "one object"),
        (lambda x: x[:, :, :20], "20 frames, but the model sees 49"),
        (lambda x: np.where(np.arange(4) == 2, np.nan, x), "not finite"),
    ],
)
def test_what_does_not_fit_is_refused(change, message, model, trajectories):
    with pytest.raises(InferenceError, match=message):
        model.infer(change(trajectories))


def test_what_a_model_has_not_is_said(results, trajectories):
    supervised = nri.load(results / "runs/springs5/mlp-none-k2/seed1")
    assert supervised.infer(trajectories).names == supervised.types
    for ask in (supervised.refine, lambda x: supervised.predict(x, 3)):
        with pytest.raises(InferenceError, match=r"decoder|encoder alone"):
            ask(trajectories)
    with pytest.raises(InferenceError, match="given graph"):
        nri.load(results / "runs/kuramoto5/true-rnn-k2/seed1")
    with pytest.raises(ResultsError, match=r"cannot be read .* name the directory of a run"):
        nri.load(results)


def test_the_package_itself_loads_nothing():
    """What needs no model does not wait for torch."""
    program = "import sys, nri; nri.__version__; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        nri.lod  # noqa: B018


def test_the_notebook_runs(repository, smoke, tmp_path, monkeypatch):
    notebook = json.loads((repository / "docs/examples/trained_model.ipynb").read_text())
    (tmp_path / "results").symlink_to(smoke / "run" / "results")
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    names = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert (tmp_path / "graph.graphml").exists()
    assert names["motion"].shape == (4, 5, 20, 4)
    matplotlib.pyplot.close("all")
