"""A copy of the page of results for the repository, which says where and when it was made."""

import argparse
import html
import re
from pathlib import Path

from nri.files import ResultsError, atomic_path
from nri.logs import start_log
from nri.results.rows import read_config

LARGEST = 6_000_000
"""Bytes of a page that a repository and its readers can bear."""

HEADER_END = "</header>"


def main() -> None:
    """Write the page with a line more in its header."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/, finished")
    parser.add_argument("--output", required=True, type=Path, help="docs/gallery/index.html")
    arguments = parser.parse_args()
    start_log()

    source = arguments.results / "index.html"
    if not source.exists():
        raise ResultsError(f"{source}: there is no page; call `make results` first")
    page = source.read_text(encoding="utf-8")
    copy = page.replace(HEADER_END, f"{origin(arguments.results)}\n{HEADER_END}", 1)
    if copy == page:
        raise ResultsError(f"{source}: no {HEADER_END}; make the page again")
    if (size := len(copy.encode())) > LARGEST:
        raise ResultsError(f"{source}: {size:,} bytes, more than {LARGEST:,}; show fewer runs")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(arguments.output) as path:
        path.write_text(copy, encoding="utf-8")


def origin(results: Path) -> str:
    """Commits, days and machines of all runs, as a line of HTML.

    Raises ResultsError if there is no run, or if one was made from files that no commit has.
    """
    records = [read_config(path)["provenance"] for path in results.glob("*/*/*/seed*/config.json")]
    if not records:
        raise ResultsError(f"{results}: no runs in it; call `make results` first")
    commits = sorted({str(record.get("commit")) for record in records})
    if unknown := [commit for commit in commits if not re.fullmatch("[0-9a-f]{7,40}", commit)]:
        raise ResultsError(
            f"{results}: runs were made from files that no commit has ({', '.join(unknown)}); "
            "commit, remove these results and call `make results` again"
        )
    days = sorted({str(record["finished"])[:10] for record in records})
    machines = sorted({str(record["machine"]) for record in records})
    made = " to ".join(dict.fromkeys([days[0], days[-1]]))
    plural = "s" if len(commits) > 1 else ""
    line = f"Made {made} at commit{plural} {', '.join(commits)} on {'; '.join(machines)}."
    return f'<p class="scale">{html.escape(line)}</p>'


if __name__ == "__main__":
    main()
