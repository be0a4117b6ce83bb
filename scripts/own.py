"""Look at a file of your own and write a configuration for it: `make own DATA=my.csv` runs it then.

Prints what the file was taken for and what is left out, and writes my.yaml beside it. Where a
person should look first, it says at what and ends with 1. A my.yaml that is there stays as it is.
"""

import argparse
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

from nri.data.own.guess.configuration import configuration
from nri.data.own.guess.look import look
from nri.data.own.guess.tell import Look
from nri.files import atomic_path

WIDTH = 100


def main() -> None:
    """Look, tell, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="a table (.csv, .tsv, .txt), arrays (.npz, .npy) or a .h5")
    data = parser.parse_args().data
    if not data:
        sys.exit("Name a file: make own DATA=my.csv")
    path = Path(data)
    output = path.with_suffix(".yaml")
    if output.exists():
        print(f"{output} is there and stays as it is; delete it to have {path.name} looked at anew")
        return
    command = f"make own DATA={path}"
    try:
        found = look(path)
        with atomic_path(output) as temporary:
            temporary.write_text(configuration(found, path, command), encoding="utf-8")
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    print(report(found, path, output))
    if found.doubts:
        again = f"Correct {output} where it is wrong; then {command} trains on it."
        sys.exit("\n".join(["", "please look", *_list(found.doubts), "", again]))


def report(found: Look, path: Path, output: Path) -> str:
    """What was found in a file, for a terminal."""
    lines = [f"{path}: {found.holds}"]
    if found.assumed:
        lines += ["", "assumed", *_table(found.assumed.items())]
    if found.left_out:
        lines += ["", "left out", *_list(found.left_out)]
    samples = ", ".join(f"{found.samples[split]} {split}" for split in ("train", "valid", "test"))
    frames = found.settings["frames"]
    lines += ["", f"samples of {found.objects} objects", f"  {samples}"]
    seen, ahead = frames["train"], frames["test"] - frames["train"] - 1
    lines += [f"  a graph is inferred from {seen} frames and tested on the next {ahead}", ""]
    lines += [f"written to {output}"]
    return "\n".join(lines)


def _table(items: Iterable[tuple[str, str]]) -> list[str]:
    return [
        line
        for name, words in items
        for line in textwrap.wrap(f"  {name:<12}{words}", WIDTH, subsequent_indent=" " * 14)
    ]


def _list(items: Iterable[str]) -> list[str]:
    return [
        line
        for words in items
        for line in textwrap.wrap(f"  - {words}", WIDTH, subsequent_indent="    ")
    ]


if __name__ == "__main__":
    main()
