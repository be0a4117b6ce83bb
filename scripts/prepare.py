"""Make a data set, whatever its source: the dataset file and the reports of its source."""

import argparse
import json
import sys
from pathlib import Path

from nri.arguments import thread_count
from nri.choices import SOURCES, load
from nri.logs import start_log


def main() -> None:
    """Read the arguments, check the settings, prepare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, type=json.loads, help="the data set, as JSON")
    parser.add_argument(
        "--inputs", default={}, type=json.loads, help='files by role, as JSON: {"files": ["a.csv"]}'
    )
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        help="dataset file (HDF5); reports are written beside it",
    )
    parser.add_argument("--threads", default=1, type=thread_count, help="cores to use")
    arguments = parser.parse_args()
    start_log()
    source = load(SOURCES[arguments.settings["source"]])
    try:
        settings = source.Settings.model_validate(arguments.settings)
        for place, problem in source.contradictions(settings):
            raise ValueError(f"{place}: {problem}")
        source.prepare(
            settings,
            {role: list(map(Path, files)) for role, files in arguments.inputs.items()},
            arguments.output,
            {name: arguments.output.with_suffix(f".{name}") for name in source.reports},
            arguments.threads,
        )
    except ValueError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
