"""Checkpoints: the whole state of a training in one file, replaced atomically.

Checkpoints are not declared outputs, because Snakemake deletes those when a job fails. The name of
a checkpoint should be a fingerprint (`nri.files.fingerprint`) of everything that its state depends
on, so that no training continues from the state of another setting, seed or program.
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
        """Replace the file; a kill at any moment leaves either the old or the new one, whole."""
        # By way of memory: torch's own writer does not report a full disk.
        content = io.BytesIO()
        torch.save(state, content)
        with atomic_path(self.path) as temporary:
            temporary.write_bytes(content.getbuffer())

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The saved state, or None where there is none."""
        if not self.path.exists():
            return None
        return torch.load(self.path, map_location=device, weights_only=True)
