"""Checkpoints: the whole state of a training in one file, replaced atomically.

A checkpoint lives outside the declared outputs, because Snakemake removes those when a
job fails. Its name should be a fingerprint (`nri.provenance`) of everything that the state
depends on, so that a changed setting, seed or program never continues from another's state.
"""

import io
from pathlib import Path
from typing import Any

import torch

from nri.files import atomic_path

__all__ = ["Checkpoint"]


class Checkpoint:
    """One checkpoint file that may or may not exist yet."""

    def __init__(self, path: Path):
        self.path = path

    def save(self, state: dict[str, Any]) -> None:
        """Replace the file; a kill at any moment leaves the old or the new one, whole."""
        # Through memory, since torch's own writer does not say that a disk is full.
        content = io.BytesIO()
        torch.save(state, content)
        with atomic_path(self.path) as temporary:
            temporary.write_bytes(content.getbuffer())

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The saved state, or None where there is none."""
        if not self.path.exists():
            return None
        return torch.load(self.path, map_location=device, weights_only=True)
