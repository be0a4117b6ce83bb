"""Train one model on one data set with one seed."""

import argparse
from pathlib import Path

from nri.arguments import thread_count
from nri.config.runs import Run
from nri.logs import start_log
from nri.training.runs import Job, carry_out


def main() -> None:
    """Read the arguments, train, write the run's directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run", required=True, type=Run.model_validate_json, help="nri.config.runs.Run, as JSON"
    )
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--checkpoints", required=True, type=Path, help="directory to keep them in")
    parser.add_argument("--checkpoint-seconds", default=30.0, type=float, help="between two")
    parser.add_argument("--code", default="", help="fingerprint of the program's code")
    parser.add_argument("--threads", default=1, type=thread_count)
    parser.add_argument("--start", type=Path, help="directory of the run to start from")
    parser.add_argument("--start-data", type=Path, help="the data set of that run")
    parser.add_argument("--output", required=True, type=Path, help="directory of the run")
    job = Job(**vars(parser.parse_args()))
    start_log()
    carry_out(job)


if __name__ == "__main__":
    main()
