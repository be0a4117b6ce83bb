"""Baselines: what they compute, that they learn, and what their program leaves behind."""

import json
import runpy
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.torch import load_file

from nri.config.config import BASELINES
from nri.config.runs import Identity, Run
from nri.data.format import Metadata, read_metadata
from nri.data.samples import Samples, load_samples
from nri.evaluation.correlation import (
    correlation_rows,
    correlations,
    fit_threshold,
    hidden_vectors,
    path_vectors,
)
from nri.evaluation.examples import Examples
from nri.evaluation.metrics.mse import future_mse
from nri.evaluation.metrics_file import ROW
from nri.evaluation.protocol import predict
from nri.evaluation.static import constant_velocity_errors, static_errors
from nri.graph import matrix_to_edges
from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.decoders.lstm import JointLSTM, SingleLSTM
from nri.model.nri import NRI, GivenGraph
from nri.model.rollout import burn_in, unroll
from nri.results.rows import collect_metrics, collect_runs
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Trainer

CPU = torch.device("cpu")
N, D, H = 4, 3, 8
FEATURES = ("x", "y", "vx", "vy")


def build_lstm(joint, settings):
    """An untrained LSTM of 5 objects, with a graph that it ignores."""
    metadata = Metadata(FEATURES, FEATURES, 0.1, ("none", "spring"))
    context = ModelContext(settings, metadata, frames=49, edge_types=2, objects=5)
    return NRI(GivenGraph("full", 2), (JointLSTM if joint else SingleLSTM).build(context), FEATURES)


@pytest.fixture
def x():
    """Trajectories (6, N, 20, D)."""
    return torch.randn(6, N, 20, D, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=["joint", "single"])
def lstm(request):
    torch.manual_seed(0)
    return JointLSTM(D, H, N, 0.0) if request.param == "joint" else SingleLSTM(D, H, 0.0)


# Static


def test_static_repeats_the_frame_after_those_that_are_known():
    """Objects at t² with 3 known frames: 9 is repeated, 16 and 25 come."""
    x = torch.arange(6.0).square().expand(2, 4, 6).unsqueeze(-1)
    errors = static_errors(Samples(x, None), 3, 2).squares
    np.testing.assert_allclose(errors.mean(-1), [7.0**2, 16.0**2])


def test_constant_velocity_goes_on():
    """A place at t² goes on by 3 from 4 to 7 and 10; its velocity 2t stays at 4."""
    time = torch.arange(6.0)
    x = torch.stack([time.square(), 2 * time], dim=-1).expand(2, 4, 6, 2)
    errors = constant_velocity_errors(Samples(x, None), 2, 2, ("x", "vx")).squares
    np.testing.assert_allclose(errors, [[2.0**2, 2.0**2], [6.0**2, 4.0**2]])


def test_static_is_the_model_that_returns_its_input(x):
    class Still(Decoder):
        def forward(self, x, edges, state):
            return x, None

    samples = Samples(x, None)
    model = NRI(GivenGraph("full", 2), Still(), "abc")
    np.testing.assert_allclose(
        static_errors(samples, 9, 8).squares.mean(-1), future_mse(model, samples, 9, 8)
    )
    assert len(static_errors(samples, 9, 50).squares) == 10  # no further than the data


# LSTM


def test_lstm_predicts_a_frame_from_a_frame_and_a_state(lstm, x):
    prediction, state = lstm(x[:, :, 0], None, None)
    assert prediction.shape == (6, N, D)
    again, _ = lstm(x[:, :, 0], None, state)
    assert not torch.equal(prediction, again)  # it remembers
    prediction.sum().backward()
    assert all(p.grad is not None for p in lstm.parameters())


def test_lstm_works_in_the_units_it_is_given(lstm, x):
    """A feature that never changes is predicted not to, whatever the weights."""
    x[..., 2] = x[:, :1, :1, 2]
    lstm.scaling.fit(x)
    prediction, _ = lstm(x[:, :, 0], None, None)
    torch.testing.assert_close(prediction[..., 2], x[:, :, 0, 2])
    assert not torch.allclose(prediction[..., :2], x[:, :, 0, :2])


@pytest.mark.parametrize(("kind", "equivariant"), [("single", True), ("joint", False)])
def test_only_the_single_lstm_treats_objects_alike(kind, equivariant, x):
    torch.manual_seed(0)
    lstm = SingleLSTM(D, H, 0.0) if kind == "single" else JointLSTM(D, H, N, 0.0)
    order = torch.tensor([2, 0, 3, 1])
    whole = unroll(lstm, x, None, 12)
    permuted = unroll(lstm, x[:, order], None, 12)
    assert torch.allclose(whole[:, :, order], permuted, atol=1e-6) == equivariant


@pytest.mark.parametrize(("kind", "sees"), [("single", 1), ("joint", N)])
def test_joint_sees_all_objects_and_single_its_own(kind, sees, x):
    torch.manual_seed(0)
    lstm = SingleLSTM(D, H, 0.0) if kind == "single" else JointLSTM(D, H, N, 0.0)
    x = x[:1].requires_grad_()
    predictions = unroll(lstm, x, None, x.shape[2] - 1)
    (gradient,) = torch.autograd.grad(predictions[0, -1, 2].sum(), x)
    seen = gradient[0].abs().sum((-1, -2)) > 0
    assert seen.sum() == sees
    assert seen[2]


def test_prediction_is_burn_in_on_truth_and_then_free_run(lstm, x):
    """Frames 0-9 are fed, 10 is the true one that the prediction of 11 starts from."""
    predicted = predict(NRI(GivenGraph("full", 2), lstm, "abc"), Samples(x, None), 10, 5)
    state, frame, by_hand = None, None, []
    with torch.no_grad():
        for t in range(15):
            frame, state = lstm(x[:, :, t] if t <= 10 else frame, None, state)
            by_hand.append(frame)
    torch.testing.assert_close(predicted, torch.stack(by_hand[10:], dim=1))


@pytest.mark.parametrize("joint", [True, False])
def test_lstm_trained_as_a_decoder_lowers_its_loss(joint, small_springs, make_settings, tmp_path):
    samples = {split: load_samples(small_springs, split, CPU) for split in ("train", "valid")}
    settings = make_settings(epochs=5, learning_rate=1e-2, standardise=True, batch_size=16)
    torch.manual_seed(1)
    model = build_lstm(joint, settings)
    model.fit_scales(samples["train"].x, settings.standardise)
    checkpoints = [Checkpoint(tmp_path / "checkpoint.pt")]
    trainer = Trainer(
        model, settings, samples["train"], samples["valid"], 2, seed=1, checkpoints=checkpoints
    )
    curve = trainer.run().curve
    assert curve[-1]["valid_nll"] < 0.98 * curve[0]["valid_nll"]
    assert curve[-1]["valid_edge_accuracy"] is None


# Correlation

few_values = st.integers(-3, 3).map(float)


@given(arrays(float, (3, N, 5), elements=st.floats(-1, 1, width=32)))
def test_correlations_are_numpys(vectors):
    vectors += np.linspace(0, 1, 5)  # not constant
    found = correlations(torch.from_numpy(vectors))
    expected = np.stack([matrix_to_edges(np.corrcoef(sample)) for sample in vectors])
    constant = vectors.std(-1).min() < 1e-4
    if not constant:
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_constant_objects_correlate_with_nothing():
    """Not even if rounding moves them, which would betray that they move undisturbed."""
    noise = torch.randn(1, 3, 196, generator=torch.Generator().manual_seed(0))
    vectors = torch.full((1, 3, 196), 0.3) + 6e-8 * noise
    vectors[0, 2] = torch.linspace(-1, 1, 196)
    np.testing.assert_array_equal(correlations(vectors), 0.0)


@given(st.lists(st.tuples(few_values, st.integers(0, 1)), min_size=1, max_size=12))
def test_no_threshold_is_better_than_the_fitted_one(pairs):
    correlation, edges = map(np.array, zip(*pairs, strict=True))

    def right(found):
        return (found == (edges == 1)).sum()

    cuts = [-4.0, *np.unique(correlation)]
    best = max(max(right(correlation > c), right(correlation <= c)) for c in cuts)
    assert right(fit_threshold(correlation, edges).edges(correlation)) == best


@pytest.mark.parametrize("flip", [1, -1])
def test_threshold_finds_the_side_of_the_edges(flip):
    rng = np.random.default_rng(0)
    edges = rng.integers(0, 2, (200, 12))
    correlation = flip * np.where(edges == 1, rng.uniform(0.2, 1, edges.shape), 0.1)
    threshold = fit_threshold(correlation, edges)
    assert threshold.above == (flip == 1)
    assert abs(threshold.value) == pytest.approx(0.15, abs=0.06)
    np.testing.assert_array_equal(threshold.edges(correlation), edges == 1)


@pytest.mark.parametrize("together", [True, False])
def test_edges_that_show_in_the_correlation_are_found(together):
    """Pairs 0-1 and 2-3 move together, or all but they do; the test split is another draw."""
    rng = np.random.default_rng(0)
    matrix = np.kron(np.eye(2), np.ones((2, 2)))

    def draw(samples):
        common = np.repeat(rng.standard_normal((samples, 2, 40)), 2, axis=1)
        vectors = common + 0.1 * rng.standard_normal((samples, 4, 40))
        edges = matrix_to_edges(matrix if together else 1 - matrix)
        edges = torch.from_numpy(np.tile(edges, (samples, 1))).long()
        return torch.from_numpy(vectors).float(), edges

    rows = {row["metric"]: row["value"] for row in correlation_rows(draw(100), draw(50))}
    assert rows == {"edge_accuracy": 1.0, "edge_auroc": 1.0}


def test_nothing_is_found_where_nothing_shows():
    generator = torch.Generator().manual_seed(0)

    def draw(samples):
        vectors = torch.randn(samples, N, 20, generator=generator)
        return vectors, torch.randint(0, 2, (samples, N * (N - 1)), generator=generator)

    for row in correlation_rows(draw(400), draw(400)):
        assert row["value"] == pytest.approx(0.5, abs=0.03)


def test_vectors_hold_the_known_frames_alone(x):
    lstm = SingleLSTM(D, H, 0.0)
    changed = x.clone()
    changed[:, :, 10:] += 1
    for vectors in (path_vectors, lambda *arguments: hidden_vectors(lstm, *arguments)):
        known = vectors(Samples(x, None), 10)
        torch.testing.assert_close(known, vectors(Samples(changed, None), 10))
        more = vectors(Samples(x, None), 11)
        assert not torch.equal(more, vectors(Samples(changed, None), 11))
    np.testing.assert_array_equal(path_vectors(Samples(x, None), 10)[1, 2], x[1, 2, :10].flatten())


def test_hidden_vectors_are_the_second_layers(x):
    lstm = SingleLSTM(D, H, 0.0)
    with torch.no_grad():
        (hidden, _) = burn_in(lstm, x[1:2, 2:3, :10], None)
    vectors = hidden_vectors(lstm, Samples(x, None), 10)
    assert vectors.shape == (6, N, H)
    torch.testing.assert_close(vectors[1, 2], hidden[1, 0])


# Program and configuration


@pytest.fixture(scope="module")
def results(tmp_path_factory, repository, small_springs, make_settings):
    """The directory of every baseline after its program has run."""
    root = tmp_path_factory.mktemp("results")

    def run(program, *arguments):
        path = repository / "scripts" / f"{program}.py"
        command = [path, *arguments, "--data", small_springs]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [str(argument) for argument in command])
            runpy.run_path(str(path), run_name="__main__")

    for baseline, decoder in BASELINES.items():
        output = root / baseline
        identity = Identity(dataset="springs5", baseline=baseline)
        if decoder:
            network = {"encoder": "full", "decoder": decoder, "edge_types": 2}
            trained = Run(**{**vars(identity), **network}, training=make_settings())
            checkpoints = ("--checkpoints", root / "checkpoints")
            arguments = ("--seed", 3, *checkpoints, "--output", output)
            run("train", "--run", trained.model_dump_json(), *arguments)
        if baseline.startswith("lstm"):
            settings = json.dumps({"horizon": 20, "examples": 4, "refine": True})
            run("evaluate", "--run", output, "--settings", settings, "--output", output)
        else:
            lstm = ("--lstm", output) if decoder else ()
            arguments = ("--seed", 3, "--horizon", 20, *lstm, "--output", output)
            run("baseline", "--baseline", identity.model_dump_json(), *arguments)
    return root


def test_program_writes_what_the_results_collect(results):
    metrics = collect_metrics(results.glob("*/metrics.csv"))
    runs = collect_runs(results.glob("*/config.json"))
    assert set(metrics["model"]) == {
        "static",
        "constant_velocity",
        "lstm_single",
        "lstm_joint",
        "corr_path",
        "corr_lstm",
    }
    assert set(metrics["seed"]) == {3}
    assert set(metrics["encoder"]) == {""}
    found = metrics.groupby("model")["metric"].agg(lambda names: sorted(set(names)))
    assert found["static"] == ["mse"]
    assert found["lstm_single"] == found["lstm_joint"] == ["mse", "nll"]
    assert found["corr_path"] == found["corr_lstm"] == ["edge_accuracy", "edge_auroc"]
    for model in ("static", "constant_velocity", "lstm_single", "lstm_joint"):
        mse = metrics[(metrics["model"] == model) & (metrics["metric"] == "mse")]
        assert list(mse["step"]) == list(range(1, 21))
    updates = dict(zip(runs["model"], runs["updates"], strict=True))
    assert updates == {
        "static": 0,
        "constant_velocity": 0,
        "corr_path": 0,
        "lstm_single": 4,
        "lstm_joint": 4,
        "corr_lstm": 4,
    }


def test_what_was_trained_is_kept(results, make_settings):
    for baseline, joint in (("lstm-joint", True), ("lstm-single", False), ("corr-lstm", False)):
        model = build_lstm(joint, make_settings())
        model.load_state_dict(load_file(results / baseline / "model.safetensors"))
        assert len(pd.read_csv(results / baseline / "curve.csv")) == 2
    assert {path.name for path in (results / "static").iterdir()} == {"config.json", "metrics.csv"}


def test_what_was_trained_leaves_its_predictions(results, small_springs, make_settings):
    samples = load_samples(small_springs, "test", CPU).take(slice(0, 4))
    normalisation = read_metadata(small_springs).normalisation
    low, high = normalisation.minimum, normalisation.maximum
    for baseline, joint in (("lstm-joint", True), ("lstm-single", False)):
        model = build_lstm(joint, make_settings())
        model.load_state_dict(load_file(results / baseline / "model.safetensors"))
        stored = Examples.load(results / baseline / "examples.npz", "predicted")
        predicted = predict(model, samples, 49, 49).transpose(1, 2)
        normalised = 2 * (stored.predicted - low) / (high - low) - 1
        np.testing.assert_allclose(normalised, predicted, atol=1e-4)
        assert stored.posterior is None


def test_a_baseline_has_no_networks_in_the_results():
    lstm = Identity(
        dataset="springs5", baseline="lstm-single", encoder="full", decoder="lstm-single"
    )
    columns = lstm.columns()
    assert (columns["model"], columns["encoder"], columns["graph"]) == ("lstm_single", "", "")
    assert columns.keys() == set(ROW)
