"""What the record keeps of finished results: tables, main figures, curves, and trained weights."""

import shutil
from collections.abc import Container, Iterator
from pathlib import Path

from nri.evaluation.posterior_file import StoredPosterior
from nri.files import ResultsError, make_again, sha256, write_table
from nri.records import read_record
from nri.results.page.figures import PageFigure, read_figure, smaller
from nri.results.page.origins import origin_name
from nri.results.page.records import RunRecord
from nri.results.record.finished import Finished
from nri.results.record.part import Weights

__all__ = ["keep_figures", "keep_tables", "keep_weights", "main_figures"]

MAIN_FIGURES = ("systems", "horizon", "calibration", "curves", "phases", "skeleton", "roles")
"""Kinds of figures that are kept of all data sets; motion is kept where the weights are."""

MODEL = "model.safetensors"


def main_figures(finished: Finished, kept: list[Weights]) -> list[tuple[Path, PageFigure]]:
    """Each figure that is kept, as `MAIN_FIGURES` says, with what it says of itself."""
    motion = {f"trajectories_{weights.run.replace('/', '_', 1)}" for weights in kept}
    return [
        (path, read_figure(path))
        for path in finished.figures()
        if path.stem.startswith(MAIN_FIGURES) or path.stem in motion
    ]


def keep_tables(finished: Finished, target: Path) -> None:
    """Copy the tables of all numbers and runs and the tables of the paper; write curves.csv."""
    target.mkdir(parents=True)
    for name in ("metrics.csv", "runs.csv"):
        shutil.copyfile(finished.directory / name, target / name)
    if len(curves := finished.curves()):
        write_table(curves, target / "curves.csv")
    (target / "tables").mkdir()
    for path in sorted((finished.directory / "tables").iterdir()):
        if path.suffix in (".md", ".csv"):
            shutil.copyfile(path, target / "tables" / path.name)


def keep_figures(figures: list[tuple[Path, PageFigure]], target: Path) -> None:
    """Write the figures without their captions, which the text beside them has, and coarser."""
    target.mkdir(parents=True)
    for path, _ in figures:
        svg = smaller(path.read_text(encoding="utf-8"))
        (target / path.name).write_text(svg + "\n", encoding="utf-8")


def keep_weights(finished: Finished, target: Path, others: Container[str]) -> list[Weights]:
    """Copy the weights of one model for each data set but the `others`; no result has a say in it.

    It is the first run, in the order of runs.csv, that learned graphs without labels and belongs to
    no study, and its lowest seed. Raises ResultsError if the weights are not those that its
    config.json describes.
    """
    kept: dict[str, Weights] = {}
    for record in _learned(finished):
        dataset, run = record.config["run"]["trained_on"], record.directory.split("/", 1)[1]
        if dataset not in others and dataset not in kept:
            place = f"weights/{run}/seed{record.seed}"
            _copy_run(finished.run_directory(record), target / place)
            parameters, reached = record.config["parameters"], _accuracy(finished, record)
            kept[dataset] = Weights(place, run, dataset, parameters, reached)
    return list(kept.values())


def _learned(finished: Finished) -> Iterator[RunRecord]:
    """The lowest seed of each run that learned graphs, in the order of runs.csv."""
    runs = finished.runs
    own = (runs["model"] == "nri_learned") & (runs["graph"] == "inferred") & (runs["study"] == "")
    rows = runs[own & (runs["dataset"] == runs["trained_on"])]
    for run in dict.fromkeys(origin_name(row) for _, row in rows.iterrows()):
        yield min((each for each in finished.records if each.directory == run), key=_seed)


def _accuracy(finished: Finished, record: RunRecord) -> dict[str, float]:
    """Edge accuracy of a run and seed, %, of inferred and refined graphs where it is known."""
    run, metrics = record.config["run"], finished.metrics
    rows = metrics[(metrics["metric"] == "edge_accuracy") & metrics["step"].isna()]
    for column in ("trained_on", "model", "encoder", "decoder", "edge_types", "recipe", "seed"):
        rows = rows[rows[column] == run[column]]
    rows = rows[rows["dataset"] == rows["trained_on"]]
    by_graph = dict(zip(rows["graph"], rows["value"], strict=True))
    return {name: 100 * by_graph[name] for name in ("inferred", "refined") if name in by_graph}


def _seed(record: RunRecord) -> int:
    return record.seed


def _copy_run(run: Path, target: Path) -> None:
    """What `nri.load` needs: weights, settings, and what the learned types stand for."""
    target.mkdir(parents=True)
    for name in ("config.json", MODEL):
        shutil.copyfile(run / name, target / name)
    if sha256(run / MODEL) != read_record(run / "config.json", "weights")["weights"]:
        remedy = make_again(run / MODEL)
        raise ResultsError(f"{run / MODEL}: not what config.json beside it describes; {remedy}")
    if (run / "posterior.npz").exists():
        found = StoredPosterior.load(run / "posterior.npz")
        inferred = None if found.inferred is None else found.inferred[:0]
        of_none = StoredPosterior(found.edge_types, inferred, found.matching)
        of_none.save(target / "posterior.npz")
