"""Write the record: what a repository keeps of finished results, small enough for git."""

import argparse
import sys
from pathlib import Path

from nri.files import ResultsError
from nri.results.record.write import write_record


def named(text: str) -> tuple[str, Path]:
    """NAME=DIRECTORY as what the record calls the results and where they lie."""
    name, equals, directory = text.partition("=")
    if not (equals and directory and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r}: not NAME=DIRECTORY, as default=results")
    return name, Path(directory)


def main() -> None:
    """Read the arguments, write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=named, metavar="NAME=DIRECTORY")
    parser.add_argument("--output", default="docs/record", type=Path)
    arguments = parser.parse_args()
    names = [name for name, _ in arguments.results]
    if len(set(names)) < len(names) or "weights" in names:
        parser.error('every NAME once, and none "weights"')
    try:
        size = write_record(dict(arguments.results), arguments.output)
    except ResultsError as error:
        sys.exit(str(error))
    print(f"{arguments.output}: {size / 1e6:.1f} MB, compressed as git does")


if __name__ == "__main__":
    main()
