"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest


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
