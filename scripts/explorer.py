"""The explorer of the page, one piece of HTML with models that run in it."""

import argparse
from pathlib import Path

from nri.files import atomic_path
from nri.records import read_record
from nri.results.explorer.choice import RECORDED
from nri.results.explorer.payload import explorer_payload
from nri.results.explorer.recorded import recorded_payload
from nri.results.explorer.section import explorer_section


def main() -> None:
    """Put trained models, test samples and equations of runs into one file, in the order given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs",
        nargs="+",
        required=True,
        type=Path,
        help="results/runs/DATASET/RUN/seedN of each, of different data sets",
    )
    parser.add_argument(
        "--data",
        nargs="*",
        default=[],
        type=Path,
        help="results/data/DATASET.h5 of those on recordings: names and bones",
    )
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    data, payloads = {path.stem: path for path in arguments.data}, []
    for directory in arguments.runs:
        record = read_record(directory / "config.json", "run", "dataset")
        name = record["run"]["dataset"]
        if record["dataset"]["source"] not in RECORDED:
            payloads.append(explorer_payload(directory))
        elif name in data:
            payloads.append(recorded_payload(directory, data[name]))
        else:
            parser.error(f"{directory}: on recordings; add --data results/data/{name}.h5")
    text = explorer_section(payloads)
    with atomic_path(arguments.output) as path:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
