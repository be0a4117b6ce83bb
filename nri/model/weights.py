"""model.safetensors: the weights of a run, used only if they are whole and finite."""

import hashlib
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from nri.files import ResultsError, atomic_path, make_again, sha256

__all__ = ["WEIGHTS", "read_weights", "save_weights"]

WEIGHTS = "model.safetensors"
"""The name of the file in the directory of its run."""


def save_weights(weights: dict[str, Tensor], directory: Path) -> str:
    """Write the file; its sha256, to be kept in the record of the run."""
    path = directory / WEIGHTS
    with atomic_path(path) as temporary:
        safetensors.torch.save_file(weights, temporary)
    return sha256(path)


def read_weights(directory: Path, checksum: str) -> dict[str, Tensor]:
    """The weights of a run, on the CPU; `checksum` is what `save_weights` returned.

    Raises ResultsError if the file is absent, is another one, or holds what is no number.
    """
    path = directory / WEIGHTS
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error}); {make_again(path)}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != checksum:
        raise ResultsError(
            f"{path}: damaged, or not of the training that config.json beside it describes: "
            f"its sha256 begins with {found[:12]}, expected {checksum[:12]}; {make_again(path)}"
        )
    weights = safetensors.torch.load(content)
    if infinite := [name for name, value in weights.items() if not torch.isfinite(value).all()]:
        raise ResultsError(
            f"{path}: {infinite[0]} is not finite; train again with a lower `learning_rate` or "
            "with `gradient_clip`"
        )
    return weights
