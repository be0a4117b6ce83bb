"""Configurations of public recordings run as they are, where the recordings are."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from nri.data.format import read_metadata, read_split

FOLDERS = {"masses": "real_double_oscillator", "walkers": "eth_ucy"}


@pytest.fixture(scope="module", params=FOLDERS)
def example(request, repository, data_dir, tmp_path_factory):
    """Name and results of an example after one epoch of one seed with small networks."""
    name, directory = request.param, tmp_path_factory.mktemp(request.param)
    shutil.copytree(data_dir / "own_data" / FOLDERS[name], directory / name)
    small = yaml.safe_load((repository / f"config/{name}.yaml").read_text())
    small |= {"seeds": [1], "runs": small["runs"][:1]}
    fast = small["recipes"]["fast"]
    fast |= {"encoder_hidden": 8, "decoder_hidden": 8, "epochs": 1}
    fast["stages"][1]["epochs"] = 1
    (directory / "small.yaml").write_text(yaml.safe_dump(small))
    command = [sys.executable, "-m", "snakemake", "--snakefile", repository / "Snakefile"]
    command += ["--directory", directory, "--cores", "1", "--configfile", directory / "small.yaml"]
    run = f"results/graphs/{name}/mlp-mlp-k2-fast/edges.csv"
    command += ["--", run, f"results/baselines/{name}/static/seed1/metrics.csv"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return name, directory / "results"


def test_the_example_runs_to_its_graphs(example):
    name, results = example
    edges = pd.read_csv(results / f"graphs/{name}/mlp-mlp-k2-fast/edges.csv")
    test = read_split(results / f"data/{name}.h5", "test").trajectories
    samples, objects = test.shape[:2]
    assert samples >= 3
    assert len(edges) == samples * objects * (objects - 1)
    assert {"type", "refined_type"} <= set(edges)
    features = {"masses": ("x", "v"), "walkers": ("x", "y", "vx", "vy")}
    assert read_metadata(results / f"data/{name}.h5").features == features[name]
    if name == "masses":
        assert set(edges["sender"]) == {"left", "right"}
