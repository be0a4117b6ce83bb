"""Arrays as the page holds them: base64 of float32, or of 16-bit integers with a scale per row."""

import base64
from typing import Any

import numpy as np

__all__ = ["pack", "pack_graphs", "pack_rows"]

LARGEST = 2**15 - 1


def pack(array: np.ndarray) -> dict[str, Any]:
    """An array of any shape in float32."""
    return {"shape": list(array.shape), "values": _text(array.astype("<f4"))}


def pack_rows(array: np.ndarray) -> dict[str, Any]:
    """A weight (out, …) in half the size: each row is an integer times the row's own scale.

    Finer than float16 for weights of one order of magnitude: an error of 2e-5 of the row's largest
    number at most.
    """
    rows = array.reshape(len(array), -1).astype(np.float64)
    scale = np.abs(rows).max(1, keepdims=True) / LARGEST
    whole = np.rint(rows / np.where(scale > 0, scale, 1.0))
    return {
        "shape": list(array.shape),
        "values": _text(whole.astype("<i2")),
        "scale": _text(scale.astype("<f4")),
    }


def pack_graphs(chances: np.ndarray) -> dict[str, Any]:
    """Probabilities (..., E, K) as a byte for each edge: its most probable type, and how probable.

    A byte is type + K · level; level / (256 / K - 1) is the probability, rounded up.
    """
    types = chances.shape[-1]
    levels = 256 // types
    level = np.ceil(chances.max(-1).astype(np.float64) * (levels - 1) - 1e-6)
    bytes_ = (chances.argmax(-1) + types * level.clip(0, levels - 1)).astype(np.uint8)
    return {"shape": list(bytes_.shape), "types": types, "values": _text(bytes_)}


def _text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()
