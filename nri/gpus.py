"""The GPUs of this machine, and which of them a program computes on.

Programs that run at once on a machine with several GPUs should each use another one. Nobody
deals them out: Snakemake counts how many are in use, not which, and a program may die at any
moment. So each program holds the lock of a file that stands for its GPU for as long as it
lives (the kernel lets go of it, even after a `kill -9`).
"""

import fcntl
import functools
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["claim_gpu", "visible_gpus"]

log = logging.getLogger(__name__)


def visible_gpus() -> list[str]:
    """CUDA_VISIBLE_DEVICES where a scheduler or the user set it, else all the driver lists."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [gpu for gpu in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if gpu]
    if not shutil.which("nvidia-smi"):
        return []
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, encoding="utf-8")
    lines = [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number in range(len(lines))]


@functools.cache
def claim_gpu() -> None:
    """Of several visible GPUs, leave this process one, before it loads CUDA.

    It is one that no other program has claimed. Where more programs run than there are GPUs,
    they share them evenly.
    """
    gpus = visible_gpus()
    if len(gpus) < 2:
        return
    gpu = _first_free(gpus, Path(tempfile.gettempdir(), f"nri-gpus-{os.getuid()}"))
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    # Otherwise CUDA counts the fastest first, and not as the driver does.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    log.info("on GPU %s of %s", gpu, ",".join(gpus))


def _first_free(gpus: list[str], directory: Path) -> str:
    """The first GPU with a free place, locked until this process ends."""
    directory.mkdir(exist_ok=True)
    place = 0
    while True:
        for gpu in gpus:
            file = os.open(directory / f"{gpu}-{place}", os.O_CREAT | os.O_RDWR)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return gpu
            except BlockingIOError:
                os.close(file)
        place += 1
