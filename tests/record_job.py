"""Run a program between a note of its start and one of its end.

record_job.py NOTES PROGRAM …    or    record_job.py NOTES -m MODULE …
"""

import json
import os
import runpy
import sys
import time
from pathlib import Path

KEPT = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "SLURM_JOB_ID", "SLURM_JOB_PARTITION")


def main(notes: str, program: str, *arguments: str) -> None:
    def note(**entry):
        entry |= {"pid": os.getpid(), "environment": {key: os.environ.get(key) for key in KEPT}}
        with open(notes, "a") as file:
            file.write(json.dumps(entry) + "\n")

    is_module = program == "-m"
    if is_module:
        program, *arguments = arguments
    else:
        sys.path[0] = str(Path(program).parent)
    note(program=Path(program).name, arguments=arguments, start=time.time())
    sys.argv = [program, *arguments]
    run = runpy.run_module if is_module else runpy.run_path
    try:
        run(program, run_name="__main__")
    finally:
        note(end=time.time())


if __name__ == "__main__":
    main(*sys.argv[1:])
