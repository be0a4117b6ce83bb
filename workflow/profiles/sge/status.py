"""The state of a job of SGE in Snakemake's words: running, success or failed."""

import re
import subprocess
import sys
import time


def main(job: str, attempts: int = 10, wait: float = 3.0) -> str:
    """Queued or running as `qstat` has it, else its end from the accounts of `qacct`.

    The accounts lag behind the queue; a job that appears in neither has failed.
    """
    for _ in range(attempts):
        if subprocess.run(["qstat", "-j", job], capture_output=True).returncode == 0:
            return "running"
        accounts = subprocess.run(["qacct", "-j", job], capture_output=True, encoding="utf-8")
        if accounts.returncode == 0:
            ended = dict(re.findall(r"^(failed|exit_status)\s+(\d+)", accounts.stdout, re.M))
            return "success" if set(ended.values()) == {"0"} else "failed"
        time.sleep(wait)
    return "failed"


if __name__ == "__main__":
    print(main(sys.argv[1]))
