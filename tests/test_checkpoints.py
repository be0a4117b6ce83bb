"""Checkpoints: two generations, and whatever happens to the files, one of them is used."""

import io
import itertools
import os
import resource

import pytest
import torch

from nri.training.checkpoints import MAGIC, Checkpoint
from nri.training.trainer import Trainer

CPU = torch.device("cpu")


def state(number):
    return {"update": number, "weights": torch.full((1000,), float(number))}


@pytest.fixture
def checkpoint(tmp_path):
    """Saved three times: the states 2 and 3 are there."""
    checkpoint = Checkpoint(tmp_path / "states" / "abc.pt")
    for number in (1, 2, 3):
        checkpoint.save(state(number))
    return checkpoint


def update(checkpoint):
    found = checkpoint.load(CPU)
    assert found is None or torch.equal(found["weights"], state(found["update"])["weights"])
    return None if found is None else found["update"]


def test_two_generations_are_kept(checkpoint):
    assert update(checkpoint) == 3
    assert len(list(checkpoint.path.parent.iterdir())) == 2
    checkpoint.path.unlink()
    assert update(checkpoint) == 2
    checkpoint.previous.unlink()
    assert update(checkpoint) is None


def older_version(path):
    torch.save({"model": {}}, path)


def newer_version(path):
    path.write_bytes(path.read_bytes().replace(b"checkpoint 1", b"checkpoint 2", 1))


DAMAGES = {
    "empty": (lambda path: path.write_bytes(b""), "not a checkpoint"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:2000]), "checksum"),
    "header": (lambda path: path.write_bytes(path.read_bytes()[: len(MAGIC) + 9]), "checksum"),
    "zeros": (lambda path: path.write_bytes(path.read_bytes()[:-512] + bytes(512)), "checksum"),
    "longer": (lambda path: path.write_bytes(path.read_bytes() + b"\n"), "checksum"),
    "older": (older_version, "another version"),
    "newer": (newer_version, "another version"),
    "folder": (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_one_is_said_and_set_aside_for_the_one_before_it(name, checkpoint, caplog):
    damage, problem = DAMAGES[name]
    damage(checkpoint.path)
    assert update(checkpoint) == 2
    (record,) = caplog.records
    assert str(checkpoint.path) in record.getMessage()
    assert problem in record.getMessage()
    assert "set aside as abc.pt.damaged" in record.getMessage()
    assert (checkpoint.path.parent / "abc.pt.damaged").exists()
    checkpoint.save(state(4))
    assert update(checkpoint) == 4
    checkpoint.path.unlink()
    assert update(checkpoint) == 2


def test_without_any_whole_one_the_training_begins_anew(checkpoint, caplog):
    for path in (checkpoint.path, checkpoint.previous):
        path.write_bytes(path.read_bytes()[:700])
    assert update(checkpoint) is None
    assert len(caplog.records) == 2


def end():
    os._exit(9)


MOMENTS = {
    "half written": lambda call, *arguments: (os.ftruncate(*arguments, 700), end()),
    "written": lambda call, *arguments: end(),
    "before it is moved": lambda call, *arguments: end(),
    "between two moves": lambda call, *arguments: end() if call else os.rename(*arguments),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_while_saving_leaves_the_last_one(moment, checkpoint, caplog):
    """A process of its own ends at that moment, without any cleaning up."""
    pid = os.fork()
    if not pid:
        calls = itertools.count()
        name = "replace" if "move" in moment else "fsync"
        setattr(os, name, lambda *arguments: MOMENTS[moment](next(calls), *arguments))
        checkpoint.save(state(4))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert update(checkpoint) == 3
    assert not caplog.records
    checkpoint.save(state(5))
    assert update(checkpoint) == 5


def test_a_full_disk_leaves_both_as_they_were(checkpoint):
    before = {path: path.read_bytes() for path in checkpoint.path.parent.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            checkpoint.save(state(4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path: path.read_bytes() for path in checkpoint.path.parent.iterdir()} == before


def test_a_training_goes_on_from_the_one_before_a_damaged_one(
    build, samples, make_settings, tmp_path, caplog
):
    """It ends with the same weights, bit for bit."""
    settings, checkpoint = make_settings(epochs=3, batch_size=16), Checkpoint(tmp_path / "c.pt")

    def train():
        model = build(settings)
        splits = samples["train"], samples["valid"]
        Trainer(model, settings, *splits, 2, 1, [checkpoint], checkpoint_seconds=0.0).run()
        return model.state_dict()

    whole = train()
    saved = torch.load(io.BytesIO(checkpoint.previous.read_bytes()[len(MAGIC) + 65 :]))
    checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:-1])
    with caplog.at_level("INFO"):
        again = train()
    assert f"continuing at update {saved['progress']['total_updates']} " in caplog.text
    assert all(torch.equal(whole[name], again[name]) for name in whole)
