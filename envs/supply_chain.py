"""Checksums and bill of materials of the packages in lock.txt.

    pip install --dry-run --ignore-installed --no-deps --report report.json -r envs/lock.txt
    python envs/supply_chain.py report.json

In the environment that lock.txt makes. Writes envs/hashes.txt, for `pip install --require-hashes`,
and envs/sbom.cdx.json, the bill of materials in CycloneDX, with the licence of each package.
"""

import json
import re
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

HERE = Path(__file__).resolve().parent
PIN = re.compile(r"^([\w.-]+)==(\S+)$", re.MULTILINE)
HEADER = """\
# lock.txt with the sha256 of each package for CPython 3.11 on Linux, x86-64, with torch for CPUs:
#   pip install --require-hashes --requirement envs/hashes.txt
# Made by envs/supply_chain.py. Other machines install lock.txt, without checksums.
--extra-index-url https://download.pytorch.org/whl/cpu
"""


def pins() -> dict[str, str]:
    """The version of each package in lock.txt."""
    return dict(PIN.findall((HERE / "lock.txt").read_text(encoding="utf-8")))


def normal(name: str) -> str:
    """The name of a package as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def checksums(report: Path) -> dict[str, tuple[str, str]]:
    """Version and sha256 of the file that pip would install of each package."""
    items = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {
        normal(item["metadata"]["name"]): (
            item["metadata"]["version"],
            item["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for item in items
    }


def licence(package: Distribution) -> str:
    """What the metadata of a package says; "" where they say nothing."""
    said = package.metadata
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in said.get_all("Classifier", [])
        if text.startswith("License ::") and text.count("::") > 1
    ]
    first_line = (said.get("License") or "").strip().partition("\n")[0]
    return said.get("License-Expression") or ", ".join(classifiers) or first_line


def component(name: str, version: str, sha256: str) -> dict:
    """A package in the words of CycloneDX."""
    terms = licence(distribution(name))
    found = {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{normal(name)}@{version}",
        "hashes": [{"alg": "SHA-256", "content": sha256}],
    }
    return found | ({"licenses": [{"license": {"name": terms}}]} if terms else {})


def main() -> None:
    """Write both files from pip's report."""
    found = checksums(Path(sys.argv[1]))
    lines, components = [], []
    for name in pins():
        exact, sha256 = found[normal(name)]
        lines.append(f"{name}=={exact} --hash=sha256:{sha256}\n")
        components.append(component(name, exact, sha256))
    (HERE / "hashes.txt").write_text(HEADER + "".join(lines), encoding="utf-8")
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "nri"}},
        "components": components,
    }
    text = json.dumps(bill, indent=1, ensure_ascii=False) + "\n"
    (HERE / "sbom.cdx.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
