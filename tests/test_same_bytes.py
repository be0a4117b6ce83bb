"""Same configuration, seeds, machine and threads: the same bytes, file by file."""

import json
import re

import pandas as pd
import pytest
from workflows import snakemake

# What tells time: clocks in these, and everything about the commands themselves.
CLOCKS = ("wall_seconds", "process_seconds")
ABOUT_THE_RUN = ("logs", "benchmarks", "checkpoints")


def without_clocks(path):
    """The content of a file of results, without how long things took and when."""
    if path.suffix == ".csv":
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        return frame.drop(columns=[name for name in CLOCKS if name in frame]).to_csv()
    if path.name == "config.json":
        record = json.loads(path.read_text())
        assert set(record.pop("seconds")) == {"wall", "process"}
        assert record["provenance"].pop("finished")
        return record
    return path.read_bytes()


def contents(directory):
    """{path: content} of everything but figures of time and the page that shows them."""
    return {
        str(path.relative_to(directory)): path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.relative_to(directory).parts[0] not in ABOUT_THE_RUN
    }


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(smoke, tmp_path):
    """Only training curves over CPU seconds, and tables of what runs cost, tell the two apart."""
    config = smoke / "checkout" / "config" / "smoke.yaml"
    snakemake(smoke / "checkout", tmp_path, "--configfile", config)
    one, two = (contents(directory / "results") for directory in (smoke / "run", tmp_path))
    assert one.keys() == two.keys()
    different = {name for name in one if one[name].read_bytes() != two[name].read_bytes()}
    timed = {name for name in different if not re.match(r"figures/curves_|index\.html$", name)}
    assert all(without_clocks(one[name]) == without_clocks(two[name]) for name in timed)
    assert all(
        re.search(r"(config\.json|curve\.csv|runs\.csv|_seeds\.csv)$", name) for name in timed
    )
