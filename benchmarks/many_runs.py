"""CPU time of planning, collecting and showing thousands of runs, and how soon their page is there.

    python -m benchmarks.many_runs results 500 4

Copies a finished run of these results, springs by `recipe: fast`, under the names of so many
recipes with so many seeds each, as one study. Prints the rows of docs/reliability.md: CPU seconds
of each step, those of Snakemake with its plan. Needs playwright and a Chromium.
"""

import argparse
import copy
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from benchmarks import ROOT
from benchmarks.pipeline import child_seconds
from nri.data.format import read_metadata
from nri.files import write_table
from nri.records import read_record, save_record

DATA = Path("data", "springs5.h5")
LIKE = Path("runs", "springs5", "mlp-mlp-k2-fast", "seed1")
SHARED = ("model.safetensors", "examples.npz", "posterior.npz")


def write_runs(finished: Path, recipes: int, seeds: int, directory: Path) -> None:
    """Write the configuration and the results of all runs."""
    results = directory / "results"
    (results / "data").mkdir(parents=True)
    shutil.copy(finished / DATA, results / DATA)
    widths = {f"width{number:04}": {"encoder_hidden": 16 + number} for number in range(recipes)}
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config = {
        "seeds": list(range(1, seeds + 1)),
        "recipes": widths,
        "datasets": {"springs5": read_metadata(finished / DATA).config},
        "studies": {"sweep": {"title": "Widths"}},
        "runs": [{**run, "recipe": name, "study": "sweep"} for name in widths],
        "baselines": [],
    }
    (directory / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    # Links, as thousands of copies fill a disk.
    for name in SHARED:
        shutil.copy(finished / LIKE / name, directory / name)
    record = read_record(finished / LIKE / "config.json")
    metrics = pd.read_csv(finished / LIKE / "metrics.csv", dtype=str, keep_default_na=False)
    for name, changed in widths.items():
        for seed in config["seeds"]:
            path = results / "runs" / "springs5" / f"mlp-mlp-k2-{name}" / f"seed{seed}"
            path.mkdir(parents=True)
            for shared in SHARED:
                os.link(directory / shared, path / shared)
            shutil.copy(finished / LIKE / "curve.csv", path)
            other = copy.deepcopy(record)
            other["run"] |= {"recipe": name, "seed": seed}
            other["identity"]["recipe"] = name
            other["training"] |= changed
            save_record(other, path / "config.json")
            write_table(metrics.assign(recipe=name, seed=seed), path / "metrics.csv")
    for name in SHARED[1:]:  # made last, as by an evaluation, or Snakemake evaluates all runs again
        os.utime(directory / name)


def page_command(directory: Path) -> list[str]:
    """The page of what is collected, without figures."""
    configs = sorted(map(str, (directory / "results" / "runs").rglob("config.json")))
    return [
        *(sys.executable, str(ROOT / "scripts" / "page.py")),
        *("--metrics", "results/metrics.csv", "--runs", "results/runs.csv"),
        *("--configs", *configs, "--data", f"results/{DATA}"),
        *("--paper", str(ROOT / "config" / "paper_numbers.csv")),
        *("--best", str(ROOT / "config" / "best_published.csv")),
        *("--studies", '{"sweep": {"title": "Widths"}}', "--command", "snakemake --cores all"),
        *("--output", "results/index.html"),
    ]


def shown(page: Path) -> tuple[float, float]:
    """Seconds until a browser paints something of a page, and until all of it is there."""
    from playwright.sync_api import sync_playwright

    from benchmarks.explorer import PAINT

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page()
        tab.goto(page.absolute().as_uri(), timeout=300_000)
        tab.wait_for_function(f"({PAINT}) !== null")
        painted = tab.evaluate(PAINT)
        loaded = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        browser.close()
    return painted / 1000, loaded / 1000


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path, help="results of the default configuration")
    parser.add_argument("recipes", type=int)
    parser.add_argument("seeds", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        write_runs(arguments.results, arguments.recipes, arguments.seeds, directory)
        snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        snakemake += ["--configfile", "config.yaml", "--cores", "1"]
        steps = {
            "`snakemake -n`": [*snakemake, "-n", "--quiet"],
            "`snakemake results/cards.txt`": [*snakemake, "results/cards.txt"],
            "`snakemake results/metrics.csv`": [*snakemake, "results/metrics.csv"],
            "`snakemake results/tables/edge_accuracy.csv`": [
                *snakemake,
                "results/tables/edge_accuracy.csv",
            ],
            "`scripts/page.py`, without figures": page_command(directory),
        }
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for name, command in steps.items():
            seconds = child_seconds(command, repeats=1, cwd=directory, env=environment)
            print(f"| {name} | {seconds:.0f} |", flush=True)
        page = directory / "results" / "index.html"
        painted, loaded = shown(page)
        size = page.stat().st_size / 1e6
        print(f"Page of {size:.0f} MB: painted after {painted:.1f} s, whole after {loaded:.0f} s")


if __name__ == "__main__":
    main()
