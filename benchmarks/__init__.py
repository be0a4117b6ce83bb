"""What is fast and by how much: `python -m benchmarks` (docs/benchmarks.md)."""

from pathlib import Path

__all__ = ["DOCS", "ROOT"]

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
