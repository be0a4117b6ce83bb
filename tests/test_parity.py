"""The model against the official implementation: weights in, outputs and gradients out."""

import numpy as np
import pytest
import torch

from nri import graph
from nri.choices import DECODERS, ENCODERS, load
from nri.model.latent import kl_categorical
from nri.model.likelihood import GaussianLikelihood
from nri.model.rollout import teacher_forced_windows, unroll

CASES = ["parity_n5_k2", "parity_n6_k4"]


@pytest.fixture(scope="module", params=CASES)
def case(request, reference_dir):
    with np.load(reference_dir / f"{request.param}.npz") as file:
        return {name: torch.from_numpy(np.asarray(file[name])) for name in file.files}


def state_of(case, name):
    prefix = f"{name}/state/"
    return {key[len(prefix) :]: value for key, value in case.items() if key.startswith(prefix)}


def our_name(official):
    """The official decoders keep their layers flat; ours group them."""
    for group, layers in {"messages.": ("msg_fc",), "output.": ("out_fc",)}.items():
        if official.startswith(layers):
            return group + official
    return official


def load_decoder(case, kind, skip_first):
    state = state_of(case, f"{kind}_decoder_skip{skip_first}")
    features, hidden = case["x"].shape[-1], state["out_fc2.weight"].shape[0]
    decoder = load(DECODERS[kind].choice)(
        features, hidden, case["edges_soft"].shape[-1], bool(skip_first), 0.0
    )
    missing, unexpected = decoder.load_state_dict(
        {our_name(key): value for key, value in state.items()}, strict=False
    )
    assert not unexpected
    assert all(name.startswith("scaling.") for name in missing)
    return decoder


def all_windows(decoder, x, edges, steps):
    predictions, times = teacher_forced_windows(decoder, x, edges, steps)
    inside = times[0].flatten() < x.shape[2]
    return predictions.flatten(1, 2)[:, inside], x.transpose(1, 2)[:, 1:]


def test_edge_order_is_the_official_one(case):
    nodes = case["x"].shape[1]
    np.testing.assert_array_equal(graph.receivers(nodes), case["receivers"])
    np.testing.assert_array_equal(graph.senders(nodes), case["senders"])


@torch.no_grad()
def rewind_batch_norm(encoder, x):
    """Undo one training pass over x: the reference weights were saved after it, its
    evaluation logits made before (`num_batches_tracked` is 1)."""
    layers = [m for m in encoder.modules() if isinstance(m, torch.nn.BatchNorm1d)]
    after = [(layer.running_mean.clone(), layer.running_var.clone()) for layer in layers]
    for layer in layers:
        layer.momentum = 1.0  # the running statistics become those of the batch
    encoder.train()(x)
    for layer, (mean, variance) in zip(layers, after, strict=True):
        layer.running_mean.copy_((mean - 0.1 * layer.running_mean) / 0.9)
        layer.running_var.copy_((variance - 0.1 * layer.running_var) / 0.9)


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_encoder_logits(case, kind):
    state, x = state_of(case, f"{kind}_encoder"), case["x"]
    hidden, edge_types = state["fc_out.weight"].shape[::-1]
    encoder = load(ENCODERS[kind])(x.shape[2], x.shape[3], hidden, edge_types, 0.0)
    encoder.load_state_dict(state)
    expected = case[f"{kind}_encoder/logits_train"]
    torch.testing.assert_close(encoder.train()(x), expected, rtol=1e-5, atol=1e-5)

    encoder.load_state_dict(state)
    rewind_batch_norm(encoder, x)
    expected = case[f"{kind}_encoder/logits_eval"]
    torch.testing.assert_close(encoder.eval()(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("skip_first", [0, 1])
def test_mlp_decoder_predictions_and_gradients(case, skip_first):
    name, x = f"mlp_decoder_skip{skip_first}", case["x"]
    decoder = load_decoder(case, "mlp", skip_first)
    with torch.no_grad():
        predictions, _ = all_windows(decoder, x, case["edges_hard"], 1)
    expected = case[f"{name}/pred_steps1_hard"].transpose(1, 2)
    torch.testing.assert_close(predictions, expected, rtol=1e-5, atol=1e-5)

    predictions, targets = all_windows(decoder, x, case["edges_soft"], 10)
    expected = case[f"{name}/pred_steps10_soft"].transpose(1, 2)
    torch.testing.assert_close(predictions, expected, rtol=1e-5, atol=1e-5)

    nll = GaussianLikelihood(5e-5)(predictions - targets).sum() / (len(x) * x.shape[1])
    torch.testing.assert_close(nll.double(), case[f"{name}/nll_var5e-5"], rtol=1e-5, atol=0.0)
    nll.backward()
    gradients = {our_name(k.split("/grad/")[1]): v for k, v in case.items() if f"{name}/grad/" in k}
    assert gradients
    for parameter, expected in gradients.items():
        found = decoder.get_parameter(parameter).grad
        error = (found - expected).norm() / expected.norm()
        assert error < 1e-4, f"{parameter}: relative gradient error {error:.1e}"


@pytest.mark.parametrize("skip_first", [0, 1])
def test_rnn_decoder_predictions(case, skip_first):
    name, x = f"rnn_decoder_skip{skip_first}", case["x"]
    decoder = load_decoder(case, "rnn", skip_first)
    with torch.no_grad():
        teacher_forced = unroll(decoder, x, case["edges_hard"], x.shape[2] - 1)
        burned_in = unroll(decoder, x, case["edges_soft"], 40)
    for found, expected in [
        (teacher_forced, case[f"{name}/pred_steps1_hard"]),
        (burned_in, case[f"{name}/burn_in39_soft"]),
    ]:
        torch.testing.assert_close(found, expected.transpose(1, 2), rtol=1e-5, atol=1e-5)


def test_kl_to_uniform_and_given_prior(case):
    logits = case["kl/logits"]
    nodes, edge_types = case["x"].shape[1], logits.shape[-1]
    uniform = kl_categorical(logits, torch.full((edge_types,), 1.0 / edge_types))
    # The official code leaves the entropy of the uniform prior out.
    constant = (nodes - 1) * np.log(edge_types)
    assert uniform.item() - constant == pytest.approx(case["kl/uniform"].item(), rel=1e-5)
    if "kl/prior" in case:
        given = kl_categorical(logits, case["kl/prior"].float())
        assert given.item() == pytest.approx(case["kl/with_prior"].item(), rel=1e-5)
