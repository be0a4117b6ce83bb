"""The GPUs of this machine, and which of them a program computes on.

Programs that run at once on a machine with several GPUs should each use another one. Nobody
numbers them: Snakemake counts how many GPUs are in use, not which, and a program may die at
any moment. So each program holds the lock of the lowest free place in a row of files for as
long as it lives (the kernel lets go of it, even after a `kill -9`), and computes on the GPU
of that number.
"""

import fcntl
import functools
import itertools
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["claim_gpu", "count_gpus"]

log = logging.getLogger(__name__)


def count_gpus() -> int:
    """GPUs that the driver lists, 0 where there is no driver."""
    if not shutil.which("nvidia-smi"):
        return 0
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True)
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


@functools.cache
def claim_gpu() -> None:
    """Show this process one of several GPUs alone, through CUDA_VISIBLE_DEVICES.

    To be called before CUDA is. Whoever set the variable already (a scheduler, the user) has
    chosen. Where more programs run than there are GPUs, they share them evenly.
    """
    if "CUDA_VISIBLE_DEVICES" in os.environ or (gpus := count_gpus()) < 2:
        return
    number = _lowest_free_place(Path(tempfile.gettempdir(), f"nri-gpus-{os.getuid()}")) % gpus
    os.environ["CUDA_VISIBLE_DEVICES"] = str(number)
    # Otherwise CUDA counts the fastest first, and not as the driver does.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    log.info("on GPU %d of %d", number, gpus)


def _lowest_free_place(directory: Path) -> int:
    """Lock it until this process ends."""
    directory.mkdir(exist_ok=True)
    for place in itertools.count():
        file = os.open(directory / str(place), os.O_CREAT | os.O_RDWR)  # closed when it ends
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return place
        except BlockingIOError:
            os.close(file)
