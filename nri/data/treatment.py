"""What a source can do about glitches, as a setting says it (`nri.data.glitches` does it)."""

from typing import Literal

__all__ = ["Treatment"]

Treatment = Literal["keep", "clip", "drop"]
"""Values far beyond all others stay, become the limit of what is usual, or go with their sample."""
