"""A training that begins with the weights of another run."""

import numpy as np
import pytest
import torch
from datasets import simulate
from trainings import job_of

from nri.config.runs import Run, RunName
from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.model.build import build_model, load_model
from nri.training.runs import carry_out
from nri.training.start import start_from

CPU = torch.device("cpu")
REFIT = {"freeze": "encoder", "epochs": 1}


def run_of(settings):
    return Run(dataset="d", encoder="mlp", decoder="mlp", edge_types=2, training=settings)


@pytest.fixture(scope="module")
def trained(small_springs, make_settings, tmp_path_factory):
    """A run with a joint stage and a refit, in units of the data."""
    settings = make_settings(
        epochs=2, standardise=True, encoder_inputs="changes", stages=[{}, REFIT], skip_first=True
    )
    output = tmp_path_factory.mktemp("trained")
    carry_out(job_of(run_of(settings), small_springs, output))
    return output, settings


@pytest.fixture(scope="module")
def other_springs(tmp_path_factory):
    """More springs between more objects: other ranges of position and velocity."""
    settings = {
        "source": "springs",
        "objects": 7,
        "samples": {"train": 16, "valid": 4, "test": 8},
        "frames": {"train": 49, "valid": 49, "test": 99},
        "seed": 5,
        "strengths": [0.0, 0.5],
        "probabilities": [0.2, 0.8],
    }
    return simulate(settings, tmp_path_factory.mktemp("other") / "other.h5")


def test_the_same_motion_is_seen_and_predicted_alike(trained, small_springs, other_springs):
    """Whatever units the data sets have: weights and what they stand for stay together."""
    output, settings = trained
    old, new = read_metadata(small_springs), read_metadata(other_springs)
    assert not np.allclose(old.normalisation.maximum, new.normalisation.maximum, rtol=0.05)
    before, _ = load_model(output, old, CPU)
    after = build_model("mlp", "mlp", 2, settings, new, 49)
    start_from(after, new.normalisation, output, small_springs)
    x = load_samples(other_springs, "test", CPU, old.normalisation).x[:, :, :49]
    same = load_samples(other_springs, "test", CPU, new.normalisation).x[:, :, :49]
    before.eval(), after.eval()
    with torch.no_grad():
        logits = before.graph.logits(x)
        torch.testing.assert_close(after.graph.logits(same), logits, rtol=1e-3, atol=1e-4)
        edges, frame = logits.softmax(-1), 3
        expected, _ = before.posterior_decoder(x[:, :, frame], edges)
        predicted, _ = after.decoder(same[:, :, frame], edges)
    raw = new.normalisation.invert(predicted.numpy())
    np.testing.assert_allclose(raw, old.normalisation.invert(expected.numpy()), atol=1e-4)


def test_a_started_training_learns_on_and_resumes_from_no_other_start(
    trained, small_springs, other_springs, tmp_path, caplog
):
    output, settings = trained
    start = {"start": output, "start_data": small_springs}
    job = job_of(run_of(settings), other_springs, tmp_path / "run", **start)
    name = RunName(dataset="springs5", run="mlp-mlp-k2")
    carry_out(job)
    first = (tmp_path / "run" / "model.safetensors").read_bytes()
    with caplog.at_level("INFO"):
        carry_out(job)
        assert "continuing" in caplog.text
        caplog.clear()
        carry_out(job_of(run_of(settings), other_springs, tmp_path / "run"))
        assert "continuing" not in caplog.text
    assert (tmp_path / "run" / "model.safetensors").read_bytes() != first
    assert Run.model_validate({**vars(job.run), "start_from": name}).depends_on() != (
        job.run.depends_on()
    )
