"""A model tested on data it was not trained on: whose units, whose names of the edge types."""

import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch
from datasets import simulate as simulate_entry

from nri.data.format import DataFormatError, read_metadata
from nri.data.samples import load_samples
from nri.evaluation.evaluation import on_own_data
from nri.evaluation.measure import measure
from nri.evaluation.transfer import on_other_data, unit_ratio
from nri.model.build import build_model
from nri.model.encoders.encoder import Encoder
from nri.model.make_objective import scoring_objective
from nri.model.nri import NRI, EncoderInputs, InferredGraph

CPU = torch.device("cpu")
FRAMES, HORIZON = 49, 20


def simulate(path, **changes):
    settings = {
        "source": "springs",
        "objects": 5,
        "samples": {"train": 16, "valid": 2, "test": 24},
        "frames": {"train": FRAMES, "valid": FRAMES, "test": 99},
        "seed": 7,
        "strengths": [0.0, 0.1],
        "probabilities": [0.5, 0.5],
    }
    return simulate_entry({**settings, **changes}, path)


class Constant(Encoder):
    """An encoder that says the same type of every edge."""

    def __init__(self, answer):
        super().__init__(edge_types=2)
        self.answer = torch.eye(2)[answer]

    def forward(self, x):
        batch, nodes = x.shape[:2]
        return self.answer.expand(batch, nodes * (nodes - 1), 2)


def on_own(model, settings, samples):
    """A model with two edge types on the test split of its own data."""
    objective = scoring_objective(model, settings, 2)
    return on_own_data(model, objective, 2, samples, FRAMES, HORIZON)


def rows_of(evaluation):
    rows = measure(evaluation)
    return {(row.get("model"), row["metric"], row.get("step")): row["value"] for row in rows}


@pytest.mark.parametrize("encoder", ["mlp", "cnn", "node-cnn", "true", "full", "empty"])
@pytest.mark.parametrize("decoder", ["mlp", "rnn"])
def test_ten_objects_as_if_it_had_been_trained_on_them(
    encoder, decoder, small_springs, tmp_path, make_settings
):
    """Its own metadata but for the units, another number of objects: what a direct evaluation of
    the same weights measures.
    """
    ten = simulate(tmp_path / "springs10.h5", objects=10)
    metadata, settings = read_metadata(ten), make_settings(undirected=True)
    torch.manual_seed(0)
    model = build_model(encoder, decoder, 2, settings, metadata, FRAMES)
    direct = on_own(model, settings, load_samples(ten, "test", CPU))
    trained = replace(read_metadata(small_springs), normalisation=metadata.normalisation)
    matching = None if direct.inferred is None else direct.inferred.matching
    there = on_other_data(model, trained, ten, matching, HORIZON, CPU)
    known, found = rows_of(direct), rows_of(there)
    expected = {key: value for key, value in known.items() if key[1] not in ("nll", "kl", "elbo")}
    assert found == pytest.approx(expected, rel=1e-5)
    assert len(found) >= HORIZON


@pytest.mark.parametrize(("answer", "accuracy"), [(0, 1.0), (1, 0.0)])
def test_a_constant_answer_is_right_only_if_it_means_no_interaction(
    answer, accuracy, small_springs, tmp_path
):
    empty = simulate(tmp_path / "empty.h5", probabilities=[1.0, 0.0])
    graph = InferredGraph(Constant(answer), EncoderInputs(4, changes=False), undirected=False)
    model, metadata = NRI(graph, None, ("x", "y", "vx", "vy")), read_metadata(small_springs)
    there = on_other_data(model, metadata, empty, np.array([0, 1]), HORIZON, CPU)
    found = {row["metric"]: row["value"] for row in measure(there)}
    assert found.keys() == {"edge_accuracy", "edge_calibration_error", "edge_log_loss"}
    assert found["edge_accuracy"] == accuracy


def test_error_is_in_the_units_of_what_is_tested_on(small_springs, tmp_path, make_settings):
    """The true equations do not care for units: built for the one file or the other, they err
    alike on the same motion.
    """
    other = tmp_path / "other.h5"
    shutil.copy(small_springs, other)
    with h5py.File(other, "r+") as file:
        file["normalisation/minimum"][:] *= [0.7, 0.7, 3.0, 3.0]
        file["normalisation/maximum"][:] *= [2.0, 2.0, 1.5, 1.5]

    def build(path):
        return build_model("full", "sim", 2, make_settings(), read_metadata(path), FRAMES)

    samples = load_samples(other, "test", CPU)
    direct = on_own(build(other), make_settings(), samples)
    known = {key: v for key, v in rows_of(direct).items() if key[1] == "mse"}
    metadata = read_metadata(small_springs)
    there = on_other_data(build(small_springs), metadata, other, None, HORIZON, CPU)
    assert rows_of(there) == pytest.approx(known, rel=1e-3)
    unconverted = load_samples(small_springs, "test", CPU)
    own = on_own(build(small_springs), make_settings(), unconverted)
    ratio = rows_of(own)[None, "mse", 20] / known[None, "mse", 20]
    assert not 0.8 < ratio < 1.25


def test_a_unit_in_other_units(small_springs):
    own = read_metadata(small_springs).normalisation
    wider = replace(own, minimum=2 * own.minimum, maximum=2 * own.maximum)
    np.testing.assert_allclose(unit_ratio(own, own), 1.0)
    np.testing.assert_allclose(unit_ratio(own, wider), 0.5)


def test_a_file_that_does_not_fit_is_refused(small_springs, tmp_path):
    metadata = read_metadata(small_springs)
    model = NRI(InferredGraph(Constant(0), EncoderInputs(4, False), False), None, metadata.features)
    three = {"strengths": [0.0, 0.05, 0.1], "probabilities": [0.4, 0.3, 0.3]}
    more = simulate(tmp_path / "three.h5", **three)
    with pytest.raises(DataFormatError, match=r"three\.h5: 3 edge types.*there are 2"):
        on_other_data(model, metadata, more, np.array([0, 1]), HORIZON, CPU)
    other = replace(metadata, features=("x", "y"))
    with pytest.raises(DataFormatError, match=r"springs5\.h5: features x, y, vx.*test_on"):
        on_other_data(model, other, small_springs, np.array([0, 1]), HORIZON, CPU)
