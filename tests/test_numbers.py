"""Odd numbers: few objects or many, constants, duplicates, one sample, more types than needed."""

import h5py
import numpy as np
import pytest
import torch

from nri.config.parse import ConfigError, parse_config
from nri.config.training import TrainingSettings
from nri.data.format import DataFormatError, Metadata, read_metadata
from nri.data.own.prepare import prepare_own
from nri.data.own.settings import OwnSettings
from nri.data.samples import load_samples
from nri.data.splits import SPLITS
from nri.data.writer import DatasetWriter
from nri.graph import receivers, senders
from nri.model.build import build_model
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Trainer, TrainingError

CPU = torch.device("cpu")
FRAMES = 16
METADATA = Metadata(("x", "v"), ("m", "m/s"), 0.1, ("none", "some"))
SMALL = {"encoder_hidden": 8, "decoder_hidden": 8, "epochs": 1, "batch_size": 4}
SMALL |= {"prediction_steps": 5}
ENCODERS = ["mlp", "cnn", "node-cnn"]


def motion(samples=9, objects=3, frames=FRAMES):
    return np.random.default_rng(0).normal(size=(samples, objects, frames, 2))


def write(path, values, samples=None):
    """A data set whose splits all hold the same samples, or so many of them as `samples` says."""
    samples = samples or dict.fromkeys(SPLITS, len(values))
    with DatasetWriter(path, METADATA) as writer:
        for split in SPLITS:
            own = values[: samples[split]]
            writer.create_split(split, *own.shape[:3], with_edges=False)
            writer.write(split, 0, own)
    return path


def train(path, encoder="mlp", edge_types=2, **changes):
    """Train on a data set; the model, and its posterior (S, E, K) of the validation split."""
    torch.manual_seed(0)
    settings, metadata = TrainingSettings(**{**SMALL, **changes}), read_metadata(path)
    splits = [load_samples(path, split, CPU) for split in ("train", "valid")]
    x, valid = splits[0].x, splits[1].x
    model = build_model(encoder, "mlp", edge_types, settings, metadata, *x.shape[2:0:-1])
    model.fit_scales(x, settings.standardise)
    checkpoint = Checkpoint(path.with_suffix(".pt"))
    progress = Trainer(model, settings, *splits, 2, 1, [checkpoint]).run()
    assert np.isfinite(progress.curve[-1]["valid_nll"])
    return model, posterior(model, valid)


@torch.no_grad()
def posterior(model, x):
    model.eval()
    found = model.graph.logits(x).softmax(-1)
    assert torch.isfinite(found).all()
    return found


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("objects", [2, 3, 100])
def test_any_number_of_objects_renamed_is_the_same_graph_renamed(tmp_path, encoder, objects):
    """Of two and of a hundred objects, each edge is that of its own pair."""
    samples = 9 if objects < 100 else 2
    path = write(tmp_path / "data.h5", motion(samples=samples, objects=objects))
    model, found = train(path, encoder)
    order = np.random.default_rng(1).permutation(objects)
    moved = posterior(model, load_samples(path, "valid", CPU).x[:, order])
    place = {pair: number for number, pair in enumerate(zip(*ends(objects), strict=True))}
    renamed = [place[order[i], order[j]] for i, j in zip(*ends(objects), strict=True)]
    torch.testing.assert_close(moved, found[:, renamed], rtol=1e-4, atol=1e-5)


def ends(objects):
    return receivers(objects), senders(objects)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("batch_size", [1, 4, 8, 9, 1000])
def test_any_batch_size_trains(tmp_path, encoder, batch_size):
    """Nine samples: batches of one, a last batch of one, and one batch that they do not fill."""
    train(write(tmp_path / "data.h5", motion()), encoder, batch_size=batch_size, epochs=2)


def test_splits_of_one_sample_train(tmp_path):
    train(write(tmp_path / "data.h5", motion(), dict.fromkeys(SPLITS, 1)))


def test_samples_and_objects_that_are_the_same_train(tmp_path):
    values = np.repeat(np.repeat(motion(1, 1), 9, axis=0), 4, axis=1)
    _, found = train(write(tmp_path / "data.h5", values))
    torch.testing.assert_close(found, found[:1, :1].expand_as(found))


def test_more_types_than_the_data_have_train(tmp_path):
    _, found = train(write(tmp_path / "data.h5", motion()), edge_types=20)
    assert found.shape[-1] == 20


@pytest.mark.parametrize("value", [0.0, 7.5, -1e12])
def test_a_feature_that_never_changes_is_said_and_does_no_harm(tmp_path, caplog, value):
    values = motion()
    values[..., 1] = value
    path = write(tmp_path / "data.h5", values)
    assert "data.h5: feature v is the same in all of the training split" in caplog.text
    assert "feature x" not in caplog.text
    train(path)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_small_and_large_numbers_are_those_of_other_units(tmp_path, scale):
    found = [
        train(write(tmp_path / f"{number}.h5", number * motion()))[1] for number in (1.0, scale)
    ]
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-4)


def test_coordinates_far_from_zero_are_refused_where_float32_would_round_them(tmp_path):
    with pytest.raises(DataFormatError, match=r"feature 'x' goes from .*subtract an offset"):
        write(tmp_path / "data.h5", motion() + 1e12)
    assert not (tmp_path / "data.h5").exists()
    write(tmp_path / "data.h5", motion() + 100.0)


def test_one_object_is_refused_before_there_is_a_file(tmp_path):
    with pytest.raises(DataFormatError, match="1 object; a graph joins two or more"):
        write(tmp_path / "data.h5", motion(objects=1))
    assert list(tmp_path.iterdir()) == []


def test_too_few_frames_for_an_encoder_are_refused_before_the_training(tmp_path):
    path = write(tmp_path / "data.h5", motion(frames=12))
    with pytest.raises(ValueError, match="'cnn' reads trajectories of 14 frames or more"):
        train(path, "cnn")


@pytest.mark.parametrize("split", ["train", "valid"])
def test_a_loss_that_is_never_finite_ends_with_the_remedy(tmp_path, split):
    values = motion()
    path = write(tmp_path / "data.h5", values)
    with h5py.File(path, "r+") as file:
        file[f"{split}/trajectories"][0] = 1e30
    with pytest.raises(TrainingError, match=r"finite .*learning_rate"):
        train(path)


def test_numbers_of_half_precision_are_the_numbers_that_they_are(tmp_path):
    """An own array in float16 makes the same data set as its numbers in float64."""
    values, made = motion(8).astype(np.float16), []
    entry = {"source": "own", "path": "own", "features": ["x", "v"], "frame_interval": 0.1}
    entry |= {"frames": {"train": 4, "valid": 4, "test": 6}, "split": {"by": "sample"}}
    for kind in (np.float16, np.float64):
        path = tmp_path / f"{kind.__name__}.npy"
        np.save(path, values.astype(kind))
        prepare_own(OwnSettings(**entry), {"files": [path]}, None, tmp_path / "made.h5")
        made.append(load_samples(tmp_path / "made.h5", "train", CPU).x)
    assert torch.equal(*made)


WRONG = {
    "encoder_hidden": 10**19,
    "batch_size": 10**19,
    "epochs": 1e12,
    "learning_rate": 1e6,
    "variance": 1e300,
    "temperature": 1e300,
    "degrees_of_freedom": 1e300,
    "gradient_clip": float("inf"),
    "prediction_steps": 2**40,
    "learning_rate_every": 10**10,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_setting_beyond_sense_is_a_typing_error(name):
    with pytest.raises(ConfigError, match=rf"config\.training\.{name}: "):
        parse_config({"training": {name: WRONG[name]}})
