"""Fetch one public file, or copy it from a mirror, and check it against its pinned hash."""

import argparse
from pathlib import Path

from nri.data.download import download
from nri.logs import start_log


def main() -> None:
    """Read the arguments and download."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--sha256", default="", help="the pinned hash, where there is one")
    parser.add_argument("--mirror", type=Path, help="directory laid out HOST/PATH to copy from")
    parser.add_argument("--output", required=True, type=Path)
    arguments = parser.parse_args()
    start_log()
    pin = arguments.sha256 or None
    download(arguments.url, arguments.output, pin, arguments.mirror)


if __name__ == "__main__":
    main()
