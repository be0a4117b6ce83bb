"""Same configuration, seeds, machine and threads: the same bytes, file by file."""

import json
import re

import pandas as pd
import pytest
from workflows import snakemake

ABOUT_JOBS = ("logs", "benchmarks", "checkpoints")
"""Directories of files that tell how jobs went; a checkpoint holds its training's clocks."""

CLOCKED = re.compile(r"(config\.json|curve\.csv|runs\.csv|_seeds\.csv)$")
"""Files that tell how long something took, beside what must be the same."""

SHOWING_TIME = re.compile(r"figures/curves_.*\.(svg|png)$|index\.html$")
"""What shows those numbers."""


def files(directory):
    """{relative path: path} of all files of results."""
    found = {path.relative_to(directory): path for path in directory.rglob("*") if path.is_file()}
    return {str(name): path for name, path in found.items() if name.parts[0] not in ABOUT_JOBS}


def without_clocks(path):
    """What a file says but for how long something took and when it ended."""
    if path.suffix == ".csv":
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        clocks = ["wall_seconds", "process_seconds"]
        return frame.drop(columns=[name for name in clocks if name in frame]).to_csv()
    record = json.loads(path.read_text())
    del record["seconds"], record["provenance"]["finished"], record["checksum"]
    return record


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(smoke, tmp_path):
    config = smoke / "checkout" / "config" / "smoke.yaml"
    snakemake(smoke / "checkout", tmp_path, "--configfile", config)
    one, two = (files(directory / "results") for directory in (smoke / "run", tmp_path))
    assert one.keys() == two.keys()
    same = {name for name in one if one[name].read_bytes() == two[name].read_bytes()}
    for name in one.keys() - same:
        assert CLOCKED.search(name) or SHOWING_TIME.search(name), name
        if CLOCKED.search(name):
            assert without_clocks(one[name]) == without_clocks(two[name]), name
    endings = {name.rsplit(".", 1)[1] for name in same}
    assert endings == {"h5", "safetensors", "npz", "csv", "html", "md", "tex", "svg", "png"}
