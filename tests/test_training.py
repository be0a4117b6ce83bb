"""The training loop: it learns, it resumes to the bit, it stops when it must."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from nri.config.runs import Run
from nri.data.samples import Samples
from nri.evaluation.refine import refined_posterior
from nri.model.frames import frames_at
from nri.model.objectives import ELBO
from nri.model.rollout import teacher_forced_windows
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Trainer, TrainingError


def make_trainer(model, settings, samples, path):
    stages = range(len(settings.resolved_stages()))
    checkpoints = [Checkpoint(path.with_suffix(f".{stage}")) for stage in stages]
    splits = samples["train"], samples["valid"]
    return Trainer(model, settings, *splits, true_type_count=2, seed=1, checkpoints=checkpoints)


@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [("mlp", "mlp"), ("cnn", "rnn"), ("node-cnn", "sim"), ("mlp", "none"), ("true", "mlp")],
)
def test_every_model_lowers_its_loss(encoder, decoder, build, samples, make_settings, tmp_path):
    settings = make_settings(epochs=6, learning_rate=3e-3, prediction_steps=5, standardise=True)
    model = build(settings, encoder, decoder)
    curve = make_trainer(model, settings, samples, tmp_path / "c.pt").run().curve
    assert curve[-1]["train_nll"] < curve[0]["train_nll"]
    assert len(curve) == 6


def test_random_windows_estimate_the_whole_loss_without_bias(build, samples, make_settings):
    """The mean over many draws of 2 of the 5 windows is the loss over all of them."""
    x, edges = samples["train"].x[:8], samples["train"].edges[:8]
    few, every = make_settings(loss_windows=2), make_settings()
    model = build(every, "true")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        expected = ELBO(model, every, 2).validation(x, edges).nll.item()
        objective = ELBO(model, few, 2)
        draws = [objective.training(x, edges, generator, 0.0).nll.item() for _ in range(400)]
    error = np.std(draws) / np.sqrt(len(draws))
    assert np.mean(draws) == pytest.approx(expected, abs=4 * error)
    assert np.std(draws) > 0


def test_windows_that_run_over_the_end_count_only_what_exists(build, samples, make_settings):
    """Frames 41-48 of the last window of 10 count, 49 and 50 do not: 48 frames in all."""
    model = build(make_settings(), "true")
    x = samples["train"].x[:2]
    edges = model.graph.edges(x, samples["train"].edges[:2])
    _, times = teacher_forced_windows(model.decoder, x, edges, 10)
    inside = times[0][times[0] < 49]
    assert inside.tolist() == list(range(1, 49))
    torch.testing.assert_close(frames_at(x, times[:, :, 0]), x.transpose(1, 2)[:, 1::10])


def test_windows_of_a_decoder_that_sees_changes_begin_with_two_true_frames(
    build, samples, make_settings
):
    """From frame 1 on, which is the first with one before it; each window is one step after
    another from its own two true frames.
    """
    model = build(make_settings(decoder_inputs="changes"), "true")
    x = samples["train"].x[:2]
    edges = model.graph.edges(x, samples["train"].edges[:2])
    predictions, times = teacher_forced_windows(model.decoder, x, edges, 10)
    assert times[0, :, 0].tolist() == [2, 12, 22, 32, 42]
    assert times[0][times[0] < 49].tolist() == list(range(2, 49))
    before, now = x[:, :, 10], x[:, :, 11]
    for step in range(10):
        before, (now, _) = now, model.decoder(now, edges, before)
        torch.testing.assert_close(predictions[:, 1, step], now)
    drawn, _ = teacher_forced_windows(model.decoder, x, edges, 3, torch.tensor([[11], [11]]))
    torch.testing.assert_close(drawn[:, 0], predictions[:, 1, :3])


def test_the_refit_stage_leaves_the_encoder_alone(build, samples, make_settings, tmp_path):
    one = make_settings(epochs=2)
    two = make_settings(stages=[{"epochs": 2}, {"epochs": 3, "freeze": "encoder"}])
    models = {}
    for name, settings in {"one": one, "two": two}.items():
        models[name] = build(settings)
        make_trainer(models[name], settings, samples, tmp_path / name).run()
    for (name, first), second in zip(
        models["one"].graph.state_dict().items(),
        models["two"].graph.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(first, second), name
    first, second = (models[m].decoder.state_dict() for m in models)
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_the_curve_says_what_the_decoder_knows_while_the_encoder_learns(
    build, samples, make_settings, tmp_path
):
    """The accuracy of the decoder's graphs of the validation split, where they are not its own."""
    settings = make_settings(epochs=1)
    trainer = make_trainer(build(settings), settings, samples, tmp_path / "sampled")
    (row,) = trainer.run().curve
    valid = Samples(samples["valid"].x, samples["valid"].edges)
    inferred = torch.full((*valid.edges.shape, 2), 0.5)
    found = refined_posterior(trainer.model, settings, valid, valid.x.shape[2], inferred)[0]
    share = (found.argmax(-1) == valid.edges).double().mean().item()
    assert row["valid_refined_accuracy"] == pytest.approx(max(share, 1 - share))
    posterior = make_settings(epochs=1, graph="posterior")
    trainer = make_trainer(build(posterior), posterior, samples, tmp_path / "posterior")
    assert trainer.run().curve[0]["valid_refined_accuracy"] is None


def test_part_of_an_epoch_is_that_part_of_its_updates(build, samples, make_settings, tmp_path):
    settings = make_settings(epochs=2.5, batch_size=16)
    progress = make_trainer(build(settings), settings, samples, tmp_path / "c.pt").run()
    assert progress.total_updates == 10
    assert [row["epoch"] for row in progress.curve] == [1, 2, 2.5]


def test_a_long_epoch_says_that_it_goes_on(
    build, samples, make_settings, tmp_path, caplog, monkeypatch
):
    caplog.set_level("INFO")
    settings = make_settings(epochs=1, batch_size=16)
    make_trainer(build(settings), settings, samples, tmp_path / "a.pt").run()
    assert [line.split()[0] for line in caplog.messages] == ["epoch"]
    monkeypatch.setattr("nri.training.trainer.SIGN_OF_LIFE", -1.0)
    make_trainer(build(settings), settings, samples, tmp_path / "b.pt").run()
    assert caplog.messages[1:-1] == [f"update {number} of 4" for number in (1, 2, 3, 4)]


def test_best_weights_are_kept(build, samples, make_settings, tmp_path):
    """A learning rate that wrecks the model later does not change what is returned."""
    settings = make_settings(epochs=5, learning_rate=0.1, learning_rate_schedule="step")
    trainer = make_trainer(build(settings), settings, samples, tmp_path / "c.pt")
    progress = trainer.run()
    best = min(row["valid_nll"] + row["valid_kl"] for row in progress.curve)
    assert trainer.validate()["loss"] == pytest.approx(best, rel=1e-5)


def test_a_loss_that_is_not_finite_stops_with_the_remedy(build, samples, make_settings, tmp_path):
    settings = make_settings(epochs=3, learning_rate=999.0)
    trainer = make_trainer(build(settings), settings, samples, tmp_path / "c.pt")
    with pytest.raises(TrainingError, match=r"not finite.*learning_rate"):
        trainer.run()


@pytest.mark.parametrize("epochs", [2, 1.5])
def test_a_validation_loss_that_is_never_finite_stops_with_the_remedy(
    epochs, build, samples, make_settings, tmp_path
):
    """One sample far out of range. No finished stage without weights is left to continue from."""
    settings = make_settings(epochs=epochs, batch_size=16)
    x = samples["valid"].x.clone()
    x[3] = 1e30
    spoilt = {**samples, "valid": Samples(x, samples["valid"].edges)}
    for _ in range(2):
        trainer = make_trainer(build(settings), settings, spoilt, tmp_path / "c")
        with pytest.raises(TrainingError, match=r"validation split was never finite.*values far"):
            trainer.run()
    if epochs == 2:
        assert trainer.checkpoints[0].load(torch.device("cpu")) is None


def test_the_weights_of_an_earlier_stage_are_no_remedy(build, samples, make_settings, tmp_path):
    settings = make_settings(stages=[{}, {"freeze": "encoder"}])
    trainer = make_trainer(build(settings), settings, samples, tmp_path / "c")
    validate, infinite = trainer.validate, {"loss": np.inf}
    trainer.validate = lambda: validate() | (infinite if trainer.progress.stage else {})
    with pytest.raises(TrainingError, match="never finite in stage 2"):
        trainer.run()


def run_program(repository, data, output, epochs, settings, **options):
    training = settings.model_copy(update={"epochs": float(epochs)})
    run = Run(dataset="springs5", encoder="mlp", decoder="mlp", edge_types=2, training=training)
    command = [sys.executable, str(repository / "scripts" / "train.py")]
    command += ["--run", run.model_dump_json()]
    command += ["--seed", "1", "--data", str(data), "--checkpoints", str(output / "checkpoints")]
    command += ["--checkpoint-seconds", "0.05", "--output", str(output)]
    environment = {**os.environ, "PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, **options)


def finish(process):
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()
    return errors.decode()


def assert_same_results(one, two):
    assert (one / "model.safetensors").read_bytes() == (two / "model.safetensors").read_bytes()
    curves = [pd.read_csv(path / "curve.csv") for path in (one, two)]
    clocks = ["wall_seconds", "process_seconds"]
    pd.testing.assert_frame_equal(*(curve.drop(columns=clocks) for curve in curves))


@pytest.fixture(scope="module")
def uninterrupted(repository, small_springs, make_settings, tmp_path_factory):
    output = tmp_path_factory.mktemp("uninterrupted")
    finish(run_program(repository, small_springs, output, 60, make_settings(batch_size=16)))
    return output


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_training_ends_as_the_uninterrupted_one(
    how, repository, small_springs, make_settings, uninterrupted, tmp_path
):
    """Killed three times at random moments, then left alone: the same weights, bit for bit."""
    settings, moments = make_settings(batch_size=16), random.Random(0)
    checkpoints, kills = tmp_path / "checkpoints", 0
    for _ in range(3):
        process = run_program(repository, small_springs, tmp_path, 60, settings)
        before = _newest(checkpoints)
        while _newest(checkpoints) == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.3))
        process.send_signal(how)
        process.communicate()
        kills += process.returncode != 0
    assert kills == 3
    assert not (tmp_path / "model.safetensors").exists()
    log = finish(run_program(repository, small_springs, tmp_path, 60, settings))
    assert "continuing at update" in log
    assert_same_results(tmp_path, uninterrupted)


def _newest(directory):
    """When a checkpoint was last saved; 0 without one, or at the moment that one replaces it."""
    try:
        return max((path.stat().st_mtime_ns for path in directory.glob("[!.]*.pt")), default=0)
    except FileNotFoundError:
        return 0


def test_more_epochs_continue_a_finished_training(
    repository, small_springs, make_settings, tmp_path
):
    """With the paper's schedule, 3 epochs and then 6 are 6 epochs."""
    settings = make_settings(learning_rate_schedule="step", learning_rate_every=2)
    finish(run_program(repository, small_springs, tmp_path / "two", 3, settings))
    log = finish(run_program(repository, small_springs, tmp_path / "two", 6, settings))
    assert "continuing at update 6 " in log
    finish(run_program(repository, small_springs, tmp_path / "one", 6, settings))
    assert_same_results(tmp_path / "one", tmp_path / "two")


def test_a_part_of_an_epoch_leaves_no_trace_in_a_longer_training(
    build, samples, make_settings, tmp_path
):
    """2.5 epochs and then 4 are 4: no row of the curve and no choice of weights at 2.5."""
    curves, weights = [], []
    for name, lengths in {"two": (2.5, 4), "one": (4,)}.items():
        for epochs in lengths:
            settings = make_settings(epochs=epochs, batch_size=16, learning_rate_schedule="step")
            trainer = make_trainer(build(settings), settings, samples, tmp_path / name)
            curve = trainer.run().curve
        curves.append([(row["epoch"], row["train_nll"], row["valid_nll"]) for row in curve])
        weights.append(trainer.model.state_dict())
    assert curves[0] == curves[1]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_training_goes_on_on_another_kind_of_device(
    build, samples, make_settings, tmp_path, caplog
):
    """A checkpoint of CUDA, whose generator has a state of 16 bytes."""
    trainer = make_trainer(build(make_settings()), make_settings(), samples, tmp_path / "c")
    trainer.run()
    state = trainer.checkpoints[0].load(trainer.device)
    assert state is not None
    trainer.checkpoints[0].save({**state, "generator": torch.zeros(16, dtype=torch.uint8)})
    longer = make_settings(epochs=4, learning_rate_schedule="step")
    again = make_trainer(build(longer), longer, samples, tmp_path / "c")
    assert len(again.run().curve) == 4
    assert "another kind of device than cpu" in caplog.text


def test_fewer_epochs_are_not_those_of_a_longer_training(build, samples, make_settings, tmp_path):
    for epochs in (4, 2):
        settings = make_settings(epochs=epochs, learning_rate_schedule="step")
        trainer = make_trainer(build(settings), settings, samples, tmp_path / "c")
        assert len(trainer.run().curve) == epochs


def test_a_schedule_over_a_stage_restarts_that_stage_and_none_before_it(
    repository, small_springs, make_settings, tmp_path
):
    """A cosine over more epochs is another from its first update on; the first stage stays."""

    def train(output, first, last):
        refit = {"freeze": "encoder", "epochs": last, "learning_rate": 2e-3}
        settings = make_settings(stages=[{"epochs": first}, refit])
        return finish(run_program(repository, small_springs, output, 1, settings))

    train(tmp_path / "two", 2, 2)
    log = train(tmp_path / "two", 2, 3)
    assert "continuing at update 4 " in log
    assert "continuing" not in train(tmp_path / "one", 2, 3)
    assert_same_results(tmp_path / "one", tmp_path / "two")
    assert "continuing" not in train(tmp_path / "two", 3, 3)


def test_the_decoder_that_found_the_graphs_is_kept_beside_its_refit(
    build, samples, make_settings, tmp_path
):
    """Also where a training resumes in the refit, and where a longer training begins with it."""
    found, refit = {"epochs": 1, "graph": "posterior", "freeze": "encoder"}, {"freeze": "encoder"}
    one = make_settings(stages=[found])
    model = build(one)
    make_trainer(model, one, samples, tmp_path / "c").run()
    assert model.joint_decoder is None
    for epochs in (1, 2):
        settings = make_settings(
            stages=[found, {**refit, "graph": "refined", "epochs": epochs}],
            learning_rate_schedule="step",
        )
        longer = build(settings)
        make_trainer(longer, settings, samples, tmp_path / "c").run()
        kept, refitted = longer.posterior_decoder.state_dict(), longer.decoder.state_dict()
        for name, weights in model.decoder.state_dict().items():
            torch.testing.assert_close(kept[name], weights, rtol=0, atol=0)
        assert any(not torch.equal(kept[name], refitted[name]) for name in kept)


def test_a_joint_stage_after_a_refit_defines_the_posterior_anew(
    build, samples, make_settings, tmp_path
):
    refit = {"freeze": "encoder", "epochs": 1}
    settings = make_settings(epochs=1, stages=[{}, refit, {}])
    model = build(settings)
    make_trainer(model, settings, samples, tmp_path / "c").run()
    assert model.posterior_decoder is model.decoder


def test_other_data_of_the_same_settings_start_anew(
    repository, small_springs, make_settings, tmp_path
):
    data = tmp_path / "springs5.h5"
    shutil.copy(small_springs, data)
    finish(run_program(repository, data, tmp_path, 2, make_settings()))
    with h5py.File(data, "a") as file:
        file["train/trajectories"][0] *= 0.5
    assert "continuing" not in finish(run_program(repository, data, tmp_path, 2, make_settings()))
