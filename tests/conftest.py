"""Fixtures shared by all tests."""

import fcntl
import os
from pathlib import Path

import pytest
import torch
import yaml
from datasets import simulate
from fuzzing import seeds, write_outcomes  # noqa: F401
from workflows import copy_checkout, snakemake

from nri.config.training import TrainingSettings
from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.model.build import build_model
from nri.results.comparison import read_paper_numbers

# An executor that is installed with others warns of it whenever Snakemake starts.
os.environ.setdefault("CONDOR_CONFIG", os.devnull)

SETTINGS = {
    "encoder_hidden": 16,
    "decoder_hidden": 16,
    "epochs": 2,
    "batch_size": 32,
    "learning_rate": 1e-3,
    "learning_rate_schedule": "cosine",
}


def pytest_addoption(parser):
    text = "write how many damaged files each reader read and refused into this document"
    parser.addoption("--outcomes", type=Path, metavar="FILE", help=text)


def pytest_sessionfinish(session, exitstatus):
    if (path := session.config.getoption("--outcomes")) and exitstatus == 0:
        write_outcomes(path)


def _shared(folder: str) -> Path:
    """A folder of reference material outside the repository, or a skip with the reason."""
    root = os.environ.get("NRI_SHARED")
    if not root:
        pytest.skip("NRI_SHARED is not set: no reference numbers or real data on this machine")
    path = Path(root) / folder
    if not path.is_dir():
        pytest.skip(f"{path} is absent")
    return path


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Numbers produced by the official implementation."""
    return _shared("reference")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real recordings: motion capture, tracking, own data."""
    return _shared("data")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout under test."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def config(repository) -> dict:
    """The default configuration as read from its file, to be changed."""
    return yaml.safe_load((repository / "config" / "config.yaml").read_text())


@pytest.fixture(scope="module")
def paper(repository):
    """The paper's numbers."""
    return read_paper_numbers(repository / "config" / "paper_numbers.csv")


@pytest.fixture(scope="session")
def make_settings():
    """Training settings of a small model; keywords override."""

    def make(**changes) -> TrainingSettings:
        return TrainingSettings(**{**SETTINGS, **changes})

    return make


@pytest.fixture(scope="session")
def small_springs(tmp_path_factory) -> Path:
    """A springs data set of 64, 32 and 32 simulations."""
    path = tmp_path_factory.mktemp("data") / "springs5.h5"
    settings = {
        "source": "springs",
        "objects": 5,
        "samples": {"train": 64, "valid": 32, "test": 32},
        "frames": {"train": 49, "valid": 49, "test": 99},
        "seed": 42,
        "strengths": [0.0, 0.1],
        "probabilities": [0.5, 0.5],
    }
    return simulate(settings, path)


@pytest.fixture(scope="session")
def smoke(repository, tmp_path_factory) -> Path:
    """The smoke configuration, run to its end once for all workers of the test run.

    `checkout` is a copy of the pipeline, `run` the directory with `results`. To be copied by
    whoever changes either.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    directory = root / "smoke"
    with open(root / "smoke.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            checkout = copy_checkout(repository, directory / "checkout")
            config = checkout / "config" / "smoke.yaml"
            snakemake(checkout, directory / "run", "--configfile", config)
    return directory


@pytest.fixture(scope="module")
def samples(small_springs):
    """The splits for training and validation of `small_springs`."""
    device = torch.device("cpu")
    return {split: load_samples(small_springs, split, device) for split in ("train", "valid")}


@pytest.fixture
def build(small_springs):
    """Makes a model for `small_springs`, with the same weights each time."""

    def make(settings, encoder="mlp", decoder="mlp", edge_types=2):
        torch.manual_seed(1)
        metadata = read_metadata(small_springs)
        return build_model(encoder, decoder, edge_types, settings, metadata, 49)

    return make
