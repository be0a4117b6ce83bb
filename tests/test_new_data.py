"""New trajectories for a model of a simulated system: every kind of file, types by their names."""

import argparse

import h5py
import networkx
import numpy as np
import pandas as pd
import pytest
import torch

from nri.config.runs import Run
from nri.data.checks import DataFormatError
from nri.data.format import read_metadata, read_split
from nri.evaluation.new_data import InferenceError
from nri.evaluation.posterior_file import StoredPosterior
from nri.graph import matrix_to_edges
from nri.model.build import build_model
from nri.model.weights import save_weights
from nri.training.record import Work, write_record
from scripts.infer import infer


@pytest.fixture(scope="module")
def run(small_springs, make_settings, tmp_path_factory):
    """The directory of a run on springs that was never trained.

    Its type 1 stands for "none", as evaluation has found out.
    """
    directory = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    settings, metadata = make_settings(skip_first=True), read_metadata(small_springs)
    described = Run(
        dataset="springs5", encoder="mlp", decoder="mlp", edge_types=2, training=settings
    )
    model = build_model("mlp", "mlp", 2, settings, metadata, 49)
    weights = save_weights(model.state_dict(), directory)
    write_record(directory / "config.json", described, 1, metadata, Work(), 1, weights)
    StoredPosterior(
        edge_types=metadata.edge_types,
        inferred=np.full((1, 20, 2), 0.5, np.float32),
        matching=np.array([1, 0]),
    ).save(directory / "posterior.npz")
    return directory


@pytest.fixture(scope="module")
def motion(small_springs):
    """Two test samples, 49 frames: (2, 5, 49, 4), and their graphs (2, 5, 5)."""
    split = read_split(small_springs, "test", [0, 1])
    return split.trajectories[:, :, :49], split.edges


def inferred(run, data, settings=None, output="out"):
    """edges.csv of a file."""
    output = data.parent / output
    infer(
        argparse.Namespace(
            runs=[run], data=data, settings=settings or {}, split="test", refine=True, output=output
        )
    )
    return pd.read_csv(output / "edges.csv")


def as_table(values, path, **names):
    """Sample 0 as rows of time, object, x, y, vx, vy."""
    rows = [
        (round(0.1 * frame, 6), "ABCDE"[number], *values[0, number, frame])
        for frame in range(values.shape[2])
        for number in range(values.shape[1])
    ]
    columns = ["time", "object", "x", "y", "vx", "vy"]
    pd.DataFrame(rows, columns=columns).rename(columns=names).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def of_array(run, motion, tmp_path_factory):
    path = tmp_path_factory.mktemp("array") / "new.npy"
    np.save(path, motion[0])
    return inferred(run, path)


def test_an_array(of_array, run):
    assert len(of_array) == 2 * 20
    assert "true_type" not in of_array
    named = of_array["type"].map({0: "none", 1: "spring"})
    pd.testing.assert_series_equal(of_array["type_name"], named, check_names=False)
    assert set(of_array["refined_type_name"]) <= {"none", "spring"}


def test_types_are_those_that_evaluation_matched(of_array, run, motion, tmp_path):
    """Without its record the same edges have the numbers of the model, the other way round."""
    copy = tmp_path / "run"
    copy.mkdir()
    for name in ("config.json", "model.safetensors"):
        (copy / name).write_bytes((run / name).read_bytes())
    np.save(tmp_path / "new.npy", motion[0])
    plain = inferred(copy, tmp_path / "new.npy")
    assert "type_name" not in plain
    np.testing.assert_allclose(plain["probability_0"], of_array["probability_1"])


def test_an_archive_with_edges(of_array, run, motion, tmp_path):
    values, edges = motion
    np.savez(tmp_path / "new.npz", trajectories=values, edges=edges, objects=list("abcde"))
    found = inferred(run, tmp_path / "new.npz")
    np.testing.assert_array_equal(found["true_type"], matrix_to_edges(edges).ravel())
    assert set(found["sender"]) == set("abcde")
    np.testing.assert_allclose(found["probability_0"], of_array["probability_0"])


def test_a_table(of_array, run, motion, tmp_path):
    found = inferred(run, as_table(motion[0], tmp_path / "new.csv"))
    assert set(found["sender"]) == set("ABCDE")
    first = of_array.query("sample == 0")
    np.testing.assert_allclose(found["probability_0"], first["probability_0"], atol=1e-4)
    other = as_table(motion[0], tmp_path / "other.csv", object="who", time="t")
    with pytest.raises(InferenceError, match=r"no column time, object; .*--settings changes how"):
        inferred(run, other)
    found = inferred(run, other, {"columns": {"time": "t", "object": "who"}})
    np.testing.assert_allclose(found["probability_0"], first["probability_0"], atol=1e-4)
    with pytest.raises(InferenceError, match=r"features and velocities make x, y, but the model"):
        inferred(run, other, {"features": ["x", "y"]})
    slow = as_table(motion[0], tmp_path / "slow.csv")
    with pytest.raises(InferenceError, match=r"frames every 0\.2 s, but the model was trained on"):
        inferred(run, slow, {"time_unit": 2.0})


def test_a_dataset_file_with_the_test_split_alone(of_array, run, motion, tmp_path):
    path = tmp_path / "new.h5"
    with h5py.File(path, "w") as file:
        features = ["x", "y", "vx", "vy"]
        file.attrs.update(
            format="nri-trajectories", version=1, features=features, frame_interval=0.1
        )
        file["test/trajectories"] = motion[0]
    found = inferred(run, path)
    np.testing.assert_allclose(found["probability_0"], of_array["probability_0"])
    with pytest.raises(DataFormatError, match="normalisation/minimum"):
        read_metadata(path)  # a training needs the range


def test_what_has_type_0_is_no_edge_only_where_the_model_says_so(run, motion, tmp_path):
    """Type 0 of this model is called spring, so that its "none" is no message left out."""
    np.save(tmp_path / "new.npy", motion[0])
    inferred(run, tmp_path / "new.npy")
    graph = networkx.read_graphml(tmp_path / "out/graphml/sample_0000.graphml")
    assert len(graph.edges) == 20
    assert {edge["type_name"] for *_, edge in graph.edges(data=True)} <= {"none", "spring"}
