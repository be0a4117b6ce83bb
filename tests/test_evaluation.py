"""The evaluation protocol: one global matching of types, the right frames, the right averages."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from nri.data.format import read_metadata, read_split
from nri.data.samples import Samples, load_samples
from nri.evaluation.errors import NORMALISED, own_units
from nri.evaluation.evaluation import Evaluation, FoundGraph
from nri.evaluation.examples import Examples
from nri.evaluation.make_examples import make_examples
from nri.evaluation.measure import measure
from nri.evaluation.metrics.confidence import calibration_error, log_loss
from nri.evaluation.metrics.edge_auroc import edge_auroc
from nri.evaluation.metrics.mse import future_mse
from nri.evaluation.posterior_file import StoredPosterior
from nri.evaluation.protocol import posterior, predict
from nri.files import ResultsError
from nri.model.decoders.decoder import Decoder
from nri.model.decoders.rnn import RNNDecoder
from nri.model.encoders.mlp import MLPEncoder
from nri.model.nri import NRI, EncoderInputs, GivenGraph, InferredGraph
from nri.results.metrics import metric_entry

FEATURES = ("x", "y", "vx", "vy")


class Countdown(Decoder):
    """A decoder that adds a constant to every feature: what it predicts is known."""

    recurrent = False

    def state_before(self, x, times):
        return None

    def forward(self, x, edges, state=None):
        return x + 1.0, None


def test_auroc_is_the_share_of_ordered_pairs():
    probabilities = torch.tensor([[[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.2, 0.8]]])
    edges = torch.tensor([[0, 0, 1, 1]])
    assert edge_auroc(probabilities, edges, np.array([0, 1])) == pytest.approx(3 / 4)
    assert edge_auroc(probabilities, edges, np.array([1, 0])) == pytest.approx(1 / 4)
    assert edge_auroc(probabilities, torch.zeros(1, 4, dtype=torch.long), np.array([0, 1])) is None
    equal = torch.tensor([[[0.5, 0.5], [0.4, 0.6], [0.5, 0.5], [0.4, 0.6]]])  # of which half count
    assert edge_auroc(equal, edges, np.array([0, 1])) == pytest.approx(1 / 2)
    assert edge_auroc(equal, torch.tensor([[0, 1, 1, 1]]), np.array([0, 1])) == pytest.approx(5 / 6)


def test_rollouts_start_from_the_true_frame_after_the_observed_ones():
    """Frames count 0, 1, 2, …: a decoder that adds 1 to true frame 49 is right at every step."""
    x = torch.arange(99.0).view(1, 1, 99, 1).expand(3, 4, 99, 4).contiguous()
    model = NRI(GivenGraph("full", 2), Countdown(), FEATURES)
    samples = Samples(x, None)
    np.testing.assert_allclose(future_mse(model, samples, 49, 20), np.zeros(20))
    assert predict(model, samples, 49, 2)[0, :, 0, 0].tolist() == [50.0, 51.0]
    assert len(future_mse(model, samples, 49, 1000)) == 49


def test_mse_is_the_mean_over_samples_objects_and_features():
    x = torch.zeros(2, 3, 52, 4)
    x[0, 0, 50, 0] = 2.0  # the decoder says 1 everywhere: errors are 1, here too
    x[1, 2, 50, 3] = 3.0  # and 2 here
    model = NRI(GivenGraph("full", 2), Countdown(), FEATURES)
    expected = (23 * 1.0 + 4.0) / 24
    assert future_mse(model, Samples(x, None), 49, 1)[0] == pytest.approx(expected)


def test_only_the_observed_frames_reach_the_encoder(small_springs):
    torch.manual_seed(0)
    encoder = MLPEncoder(49, 4, 8, 2, 0.0)
    graph = InferredGraph(encoder, EncoderInputs(4, changes=False), undirected=False)
    model = NRI(graph, Countdown(), FEATURES)
    samples = load_samples(small_springs, "test", torch.device("cpu"))
    changed = Samples(samples.x.clone(), samples.edges)
    changed.x[:, :, 49:] += 1.0
    torch.testing.assert_close(posterior(model, samples, 49), posterior(model, changed, 49))


def test_a_graph_from_predicted_frames_does_not_see_the_future(small_springs):
    torch.manual_seed(0)
    encoder = MLPEncoder(49, 4, 8, 2, 0.0)
    encoder.fc_out.weight.data *= 50  # graphs that change with what is seen
    graph = InferredGraph(encoder, EncoderInputs(4, changes=False), undirected=False)
    model = NRI(graph, RNNDecoder(4, 8, 2, False, 0.0), FEATURES)
    samples = load_samples(small_springs, "test", torch.device("cpu")).take(slice(0, 8))
    changed = Samples(samples.x.clone(), samples.edges)
    changed.x[:, :, 50:] = changed.x[:, :, 50:].flip(0)
    same = (
        predict(model, samples, 49, 20, "re-estimated"),
        predict(model, changed, 49, 20, "re-estimated"),
    )
    torch.testing.assert_close(*same)
    seen = (
        predict(model, samples, 49, 20, "re-estimated-from-truth"),
        predict(model, changed, 49, 20, "re-estimated-from-truth"),
    )
    assert not torch.allclose(*seen)


@pytest.mark.parametrize("joints", [True, False])
def test_examples_of_a_skeleton_hold_the_graphs_of_later_windows(small_springs, joints):
    torch.manual_seed(0)
    graph = InferredGraph(MLPEncoder(49, 4, 8, 2, 0.0), EncoderInputs(4, changes=False), False)
    model = NRI(graph, RNNDecoder(4, 8, 2, False, 0.0), FEATURES)
    samples = load_samples(small_springs, "test", torch.device("cpu")).take(slice(0, 3))
    skeleton = np.zeros((5, 5), dtype=np.int8) if joints else None
    metadata = replace(read_metadata(small_springs), skeleton=skeleton)
    swapped = FoundGraph(posterior(model, samples, 49), np.array([1, 0]))
    own = Evaluation(model, samples, 49, horizon=49, true_types=2, inferred=swapped)
    made = make_examples(own, metadata, count=3)
    assert (made.window_posterior is not None) == joints
    if not joints:
        return
    starts = made.window_start
    assert starts.tolist() == [0, 12, 25, 37, 50]  # the last ends with the last stored frame
    np.testing.assert_array_equal(made.window_posterior[:, 0], made.posterior)
    for place, start in enumerate(starts):
        window = Samples(samples.x[:, :, start : start + 49], None)
        by_hand = posterior(model, window, 49)[..., [1, 0]]  # in the order of the true types
        np.testing.assert_allclose(made.window_posterior[:, place], by_hand, atol=1e-6)


def test_examples_are_kept_in_the_system_s_own_units(small_springs, tmp_path):
    torch.manual_seed(0)
    model = NRI(GivenGraph("full", 2), RNNDecoder(4, 8, 2, False, 0.0), FEATURES)
    samples = load_samples(small_springs, "test", torch.device("cpu")).take(slice(0, 3))
    metadata = read_metadata(small_springs)
    own = Evaluation(model, samples, 49, horizon=49, true_types=2)
    make_examples(own, metadata, count=3).save(tmp_path / "examples.npz")
    read = Examples.load(tmp_path / "examples.npz", "predicted")
    raw = read_split(small_springs, "test", slice(0, 3))
    np.testing.assert_allclose(read.observed, raw.trajectories[:, :, :50], atol=1e-5)
    np.testing.assert_allclose(read.truth, raw.trajectories[:, :, 50:], atol=1e-5)
    predicted = predict(model, samples, 49, 49).transpose(1, 2).numpy()
    expected = metadata.normalisation.invert(predicted)
    np.testing.assert_allclose(read.predicted, expected, atol=1e-5)
    assert (read.features, read.units) == (metadata.features, metadata.units)
    assert read.edges.shape == (3, 20)
    assert read.posterior is None
    assert read.refined is None


def test_examples_hold_both_graphs_in_the_order_of_the_true_types(small_springs, tmp_path):
    torch.manual_seed(0)
    graph = InferredGraph(MLPEncoder(49, 4, 8, 2, 0.0), EncoderInputs(4, changes=False), False)
    model = NRI(graph, RNNDecoder(4, 8, 2, False, 0.0), FEATURES)
    samples = load_samples(small_springs, "test", torch.device("cpu")).take(slice(0, 5))
    inferred = posterior(model, samples, 49)
    swapped = torch.nn.functional.one_hot(1 - samples.edges, 2).float()
    own = Evaluation(
        model=model,
        samples=samples,
        frames=49,
        horizon=49,
        true_types=2,
        inferred=FoundGraph(inferred, np.array([0, 1])),
        refined=FoundGraph(swapped, np.array([1, 0])),
    )
    make_examples(own, read_metadata(small_springs), count=3).save(tmp_path / "examples.npz")
    read = Examples.load(tmp_path / "examples.npz")
    np.testing.assert_array_equal(read.refined.argmax(-1), read.edges)
    np.testing.assert_array_equal(read.posterior, inferred[:3])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "No such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:500]), "not a readable NumPy archive"),
        (lambda path: path.write_text("a table"), "not a readable NumPy archive"),
        (lambda path: np.savez(path, sample=[0]), "lacks observed, truth, features, units, pred"),
    ],
)
def test_damaged_examples_are_named(damage, message, tmp_path):
    path = tmp_path / "examples.npz"
    motion = np.zeros((1, 2, 3, 1), np.float32)
    Examples(np.arange(1), motion, motion, motion, ("x",), ("m",)).save(path)
    assert Examples.load(path, "predicted").features == ("x",)
    damage(path)
    with pytest.raises(ResultsError, match=message) as error:
        Examples.load(path, "predicted")
    assert str(path) in str(error.value)


def test_a_stored_posterior_is_read_back(tmp_path):
    inferred = np.random.default_rng(0).dirichlet([1, 1], size=(4, 6)).astype(np.float32)
    path = tmp_path / "posterior.npz"
    StoredPosterior(("none", "spring"), inferred, np.array([1, 0])).save(path)
    read = StoredPosterior.load(path)
    np.testing.assert_array_equal(read.inferred, inferred)
    assert read.inferred.dtype == np.float32
    assert read.matching.tolist() == [1, 0]
    assert read.edge_types == ("none", "spring")
    assert read.refined is None
    assert read.temperature is None
    given = {"refined": inferred, "refined_matching": np.array([0, 1]), "tempered": inferred}
    StoredPosterior((), inferred, **given, temperature=2.5).save(path)
    read = StoredPosterior.load(path)
    np.testing.assert_array_equal(read.tempered, inferred)
    assert read.temperature == 2.5
    StoredPosterior(()).save(path)
    with pytest.raises(ResultsError, match=r"posterior\.npz: lacks inferred; choose another run"):
        StoredPosterior.load(path)


def test_calibration_error_of_a_hand_made_example():
    """Four edges at 0.9, of which three are right, and two at 0.5 that are wrong."""
    sure, unsure = [0.9, 0.1], [0.5, 0.5]
    probabilities = torch.tensor([[sure, sure], [sure, sure], [unsure, unsure]])
    edges = torch.tensor([[0, 0], [0, 1], [1, 1]])
    expected = (4 * abs(0.75 - 0.9) + 2 * abs(0.0 - 0.5)) / 6
    same, swapped = np.array([0, 1]), np.array([1, 0])
    assert calibration_error(probabilities, edges, same) == pytest.approx(expected, abs=1e-6)
    assert calibration_error(probabilities, 1 - edges, swapped) == pytest.approx(expected, abs=1e-6)
    apart = torch.tensor([[0.99, 0.01], [0.51, 0.49]])  # bins do not average each other out
    found = calibration_error(apart, torch.tensor([1, 0]), same)
    assert found == pytest.approx((0.99 + 0.49) / 2, abs=1e-6)
    three = torch.tensor([[0.2, 0.4, 0.4], [0.0, 0.0, 1.0]])  # bins begin at a third
    found = calibration_error(three, torch.tensor([0, 1]), np.array([-1, 0, 1]))
    assert found == pytest.approx(0.6 / 2, abs=1e-6)


def test_log_loss_of_a_hand_made_example():
    probabilities = torch.tensor([[0.2, 0.3, 0.5], [0.25, 0.0, 0.75]])
    edges = torch.tensor([0, 1])
    found = log_loss(probabilities, edges, np.array([1, -1, 0]))
    assert found == pytest.approx(-(np.log(0.5) + np.log(0.25)) / 2, rel=1e-6)
    nothing = log_loss(probabilities, edges, np.array([0, -1, -1]))  # no type stands for 1
    assert nothing == pytest.approx(-(np.log(0.2) + np.log(1e-12)) / 2, rel=1e-6)


def test_a_tempered_posterior_is_scored_for_its_confidence_alone():
    edges = torch.tensor([[0, 1]])
    samples = Samples(torch.zeros(1, 2, 6, 1), edges)
    sure, soft = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]]), torch.tensor([[[0.6, 0.4], [0.4, 0.6]]])
    graphs = {
        name: FoundGraph(found, np.array([0, 1]))
        for name, found in (("inferred", sure), ("refined", sure), ("tempered", soft))
    }
    evaluation = Evaluation(
        NRI(GivenGraph("full", 2), None, ("x",)), samples, 3, 2, true_types=2, **graphs
    )
    rows = pd.DataFrame(measure(evaluation))
    tempered = rows[rows["graph"] == "tempered"].set_index("metric")["value"]
    assert set(tempered.index) == {"edge_accuracy", "edge_calibration_error", "edge_log_loss"}
    assert tempered["edge_accuracy"] == 1.0
    assert tempered["edge_calibration_error"] == pytest.approx(0.4, abs=1e-6)
    assert tempered["edge_log_loss"] == pytest.approx(-np.log(0.6), rel=1e-6)
    assert {"edge_accuracy", "edge_log_loss"} <= set(rows["metric"][rows["graph"] == "refined"])


def test_errors_of_own_data_are_also_in_their_own_units(build, make_settings, small_springs):
    """Of each feature, as if the motion had been predicted and compared in these units."""
    metadata, device = read_metadata(small_springs), torch.device("cpu")
    assert own_units(metadata) == NORMALISED
    own = replace(metadata, config={**metadata.config, "source": "own"})
    units = own_units(own)
    model, samples = build(make_settings()), load_samples(small_springs, "test", device)
    evaluation = Evaluation(model, samples, 49, 5, 2, own_units=units)
    every = pd.DataFrame(measure(evaluation))
    rows = every.query("metric.str.startswith('rmse_')")
    assert set(rows["metric"]) == {"rmse_x", "rmse_y", "rmse_vx", "rmse_vy"}
    truth = read_split(small_springs, "test").trajectories[:, :, 50:55]
    motion = predict(model, samples, 49, 5).transpose(1, 2).numpy()
    difference = metadata.normalisation.invert(motion.astype(float)) - truth
    expected = np.sqrt((difference**2).mean((0, 1)))
    for number, feature in enumerate(metadata.features):
        found = rows.query(f"metric == 'rmse_{feature}'")
        np.testing.assert_array_equal(found["step"], range(1, 6))
        np.testing.assert_allclose(found["value"], expected[:, number], rtol=1e-4)
    distance = np.hypot(difference[..., 0], difference[..., 1]).mean((0, 1))
    for metric, values in (("fde", distance), ("ade", distance.cumsum() / range(1, 6))):
        found = every.query(f"metric == '{metric}'")
        np.testing.assert_array_equal(found["step"], range(1, 6))
        np.testing.assert_allclose(found["value"], values, rtol=1e-4)
    entry = metric_entry("rmse_x")
    assert (entry.table, entry.steps) == ("", True)
