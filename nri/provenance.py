"""Where a result comes from: versions, machine, commit."""

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nri import __version__

__all__ = ["provenance"]


def provenance() -> dict[str, Any]:
    """Commit of the checkout, versions of what computes, the machine, and the time now."""
    packages = ("torch", "numpy", "h5py", "snakemake")
    versions = {"nri": __version__, "python": platform.python_version()}
    return {
        "commit": _commit(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions | {name: version(name) for name in packages},
        "machine": f"{platform.machine()} {platform.system()}, {_processor()}",
    }


@cache
def _commit() -> str | None:
    """The commit, with `-dirty` where tracked files differ; None outside a checkout."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    here = Path(__file__).parent
    result = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    return result.stdout.strip() or None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} × {len(names)}" if names else platform.processor()
