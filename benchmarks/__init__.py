"""What is fast and by how much: `python -m benchmarks` (docs/benchmarks.md)."""

from pathlib import Path

__all__ = ["CONFIG", "DOCS", "ROOT"]

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "config" / "config.yaml"
DOCS = ROOT / "docs"
