"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

from nri.settings import TrainingSettings
from nri.simulation.dataset import simulate_dataset

SETTINGS = {
    "encoder_hidden": 16,
    "decoder_hidden": 16,
    "encoder_dropout": 0.0,
    "decoder_dropout": 0.0,
    "encoder_inputs": "features",
    "standardise": False,
    "skip_first": False,
    "undirected": False,
    "simulation_steps": 1,
    "prior": "uniform",
    "temperature": 0.5,
    "hard": False,
    "noise_ramp": None,
    "likelihood": "gaussian",
    "likelihood_features": "all",
    "variance": 5e-5,
    "residual_scale": 1.0,
    "degrees_of_freedom": 2.0,
    "prediction_steps": 10,
    "windows": "all",
    "trains": "all",
    "epochs": 2,
    "batch_size": 32,
    "learning_rate": 1e-3,
    "learning_rate_schedule": "cosine",
    "learning_rate_every": 200,
    "learning_rate_factor": 0.5,
    "gradient_clip": None,
    "stages": [],
}


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


@pytest.fixture(scope="session")
def make_settings():
    """Training settings of a small model; keywords override."""

    def make(**changes) -> TrainingSettings:
        return TrainingSettings.from_dict({**SETTINGS, **changes})

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
    simulate_dataset(settings, path)
    return path
