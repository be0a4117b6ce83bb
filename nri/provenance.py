"""Where a result comes from: versions, machine, commit. What is not known is left out."""

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nri import __version__

__all__ = ["provenance"]

ROOT = Path(__file__).resolve().parent.parent


def provenance() -> dict[str, Any]:
    """Commit of the checkout, versions of what computes, the machine, and the time now.

    It is asked for when a training is over, and therefore never fails.
    """
    versions = {"nri": __version__, "python": platform.python_version()}
    for package in ("torch", "numpy", "h5py", "snakemake"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "commit": _commit(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "machine": f"{platform.machine()} {platform.system()}, {_processor()}",
    }


@cache
def _commit() -> str | None:
    """The commit, with `-dirty` where tracked files differ; None outside a checkout.

    Asked of the repository in ROOT alone: one around it is somebody else's.
    """
    command = ["git", f"--git-dir={ROOT / '.git'}", f"--work-tree={ROOT}"]
    command += ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        result = subprocess.run(
            command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=30
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None  # no git here, none that may be run, or none that answers
    return result.stdout.strip() or None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} × {len(names)}" if names else platform.processor()
