"""Checkpoints: the whole state of a training in one file, of which the last two are kept.

Checkpoints are not declared outputs, because Snakemake deletes those when a job fails. The name of
a checkpoint should be a fingerprint (`nri.files.fingerprint`) of everything that its state depends
on, so that no training continues from the state of another setting, seed or program.
"""

import hashlib
import io
import logging
import os
from pathlib import Path
from typing import Any

import torch

from nri.files import atomic_path

__all__ = ["Checkpoint"]

MAGIC = b"nri checkpoint 1\n"
"""Begins a file; the number grows when a state gets other keys. Then: sha256, line end, state."""

DIGEST = 64
"""Characters of a sha256."""

log = logging.getLogger(__name__)


class DamagedCheckpointError(ValueError):
    """A file that is not, byte for byte, what `Checkpoint.save` wrote; the message says why."""


class Checkpoint:
    """One checkpoint that may or may not exist yet: its file, and the one before it."""

    def __init__(self, path: Path):
        self.path = path
        self.previous = path.with_name(f"{path.name}.previous")

    def save(self, state: dict[str, Any]) -> None:
        """Replace the file, which becomes the previous one; a kill at any moment leaves one whole.

        A disk that is full leaves both as they were.
        """
        # By way of memory: torch's own writer does not report a full disk.
        content = io.BytesIO()
        torch.save(state, content)
        digest = hashlib.sha256(content.getbuffer()).hexdigest().encode()
        with atomic_path(self.path) as temporary:
            with open(temporary, "wb") as file:
                file.writelines([MAGIC, digest, b"\n", content.getbuffer()])
                file.flush()
                os.fsync(file.fileno())
            if self.path.exists():
                os.replace(self.path, self.previous)

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The last state that was saved whole, or None where there is none.

        A damaged file is set aside under another name, so that somebody can look at it.
        """
        for path in (self.path, self.previous):
            try:
                return _read(path, device)
            except FileNotFoundError:
                continue
            except (DamagedCheckpointError, OSError) as error:
                aside = path.with_name(f"{path.name}.damaged")
                os.replace(path, aside)
                log.warning("%s: not used (%s); set aside as %s", path, error, aside.name)
        return None


def _read(path: Path, device: torch.device) -> dict[str, Any]:
    """The state in a file. Raises DamagedCheckpointError, or OSError if nothing can be read."""
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        raise DamagedCheckpointError("not a checkpoint, or one of another version")
    start = len(MAGIC) + DIGEST + 1
    state = content[start:]
    if content[len(MAGIC) : start] != hashlib.sha256(state).hexdigest().encode() + b"\n":
        raise DamagedCheckpointError("it does not match its checksum: cut short or damaged")
    return torch.load(io.BytesIO(state), map_location=device, weights_only=True)
