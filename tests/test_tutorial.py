"""The notebook of the tutorial, cell by cell in a copy of the checkout; trained at toy size."""

import json
import shutil

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import yaml
from workflows import copy_checkout


def at_toy_size(path):
    """Cut what the configuration trains to one epoch of one seed."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config |= {"seeds": [1], "baselines": [], "runs": config["runs"][:1]}
    fast = config["recipes"]["fast"]
    fast |= {"encoder_hidden": 8, "decoder_hidden": 8, "epochs": 1}
    fast["stages"][1]["epochs"] = 1
    path.write_text(yaml.safe_dump(config), encoding="utf-8")


@pytest.mark.slow
def test_the_tutorial_runs(repository, tmp_path, monkeypatch):
    checkout = copy_checkout(repository, tmp_path / "clone")
    shutil.copytree(repository / "docs" / "examples", checkout / "docs" / "examples")
    notebook = json.loads((repository / "docs/examples/own_data.ipynb").read_text(encoding="utf-8"))
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PYTHONPATH", str(checkout))
    mpl.use("Agg")
    names = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        if "snakemake" in source:
            at_toy_size(checkout / "my.yaml")
        exec(source, names)
    assert "interaction found" in names["verdict"]["sentence"].lower()
    assert len(names["first"]) == 5 * 4
    assert set(names["graph"]) == {"A", "B", "C", "D", "E"}
    assert names["predicted"].shape == names["future"].shape
    assert (checkout / "results/index.html").exists()
    plt.close("all")
