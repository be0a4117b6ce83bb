"""Edge accuracy against CPU time: what a minute of training buys, with each recipe.

Whatever was measured is kept in CURVES, training by training, and not measured again: delete
the file to begin anew. All of it takes about an hour and a half of one core.
"""

import contextlib
import itertools
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks import DOCS
from benchmarks.clock import in_fresh_process, table
from benchmarks.config import read_config
from nri.choices import SOURCES, load
from nri.config.resolve import resolve_runs
from nri.config.training import TrainingSettings
from nri.data.format import read_metadata
from nri.data.samples import Samples, load_samples
from nri.device import take_processor
from nri.evaluation.protocol import BATCH, posterior
from nri.figures.style import FADED, OBJECTS, PAGE, legend_below, panel_title, save, styled
from nri.matching import best_accuracy, count_types
from nri.model.build import build_model
from nri.model.posterior.em import EM
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Trainer

__all__ = ["report"]

CURVES = DOCS / "time_to_accuracy.csv"
FIGURE = DOCS / "figures" / "accuracy.svg"
SEEDS = (1, 2, 3)
DATA_SEED = 2_000_000  # plus the run's seed; the pipeline's own data have seed 42
TESTED = 2000
TARGETS = {"springs5": 0.999, "charged5": 0.954, "kuramoto5": 0.99}
PAPER = {"springs5": 0.999, "charged5": 0.821, "kuramoto5": 0.960}  # Table 1
PAPER_SECONDS = 60.0
INTERVALS = 1.0, 5.0  # CPU seconds between two tests: the first few, and later
RECIPES = {
    "fast": "fast recipe, the decoder's graphs",
    "sampled": "graphs sampled from the encoder",
    "paper": "paper's recipe, cut off",
}
RUNS = dict.fromkeys(("fast", "sampled"), ("mlp-mlp-k2-fast", "node-cnn-mlp-k2-fast"))
RUNS["paper"] = ("mlp-mlp-k2", "cnn-mlp-k2")
OF_SYSTEM = ("skip_first", "likelihood_features")  # what a run adds to its recipe


class EnoughError(Exception):
    """The CPU time of a training is spent."""


class TestedTrainer(Trainer):
    """A trainer that is tested as it goes, and stopped when its CPU time is spent.

    The clock stands still while it is tested. `rows`: seconds, update, accuracy.
    """

    def test_on(self, samples: Samples, budget: float) -> None:
        """Test on `samples` every few CPU seconds (INTERVALS) until `budget`."""
        self.test, self.budget = samples, budget
        self.rows: list[dict[str, float]] = []
        self.spent, self.tested, self.since = 0.0, 0.0, time.process_time()

    def _update(self, index: torch.Tensor) -> None:
        super()._update(index)
        self.spent += time.process_time() - self.since
        ended = self.progress.update == self.stage.updates
        early, late = INTERVALS
        interval = early if self.tested < late else late
        if self.spent >= min(self.tested + interval, self.budget) or ended:
            self.tested = self.spent
            accuracy = self._edge_accuracy()
            row = {"seconds": self.spent, "update": self.progress.update, "accuracy": accuracy}
            self.rows.append(row)
        if self.spent >= self.budget:
            raise EnoughError
        self.since = time.process_time()

    def _edge_accuracy(self) -> float:
        """Of the most probable graphs, of the decoder in training by it, else of the encoder."""
        if isinstance(self.stage.objective, EM):
            batches = self.test.batches(BATCH)
            found = [self.stage.objective.posterior(batch.x).probabilities for batch in batches]
            probabilities = torch.cat(found)
        else:
            probabilities = posterior(self.model, self.test, self.test.x.shape[2])
        confusion = count_types(probabilities, self.test.edges, self.true_type_count)
        return best_accuracy(confusion.numpy())


def recipe_of(dataset: str, recipe: str) -> tuple[str, TrainingSettings]:
    """Encoder and settings of the stage that finds graphs: later ones change none."""
    config = read_config(*(["paper.yaml"] if recipe == "paper" else []))
    runs = resolve_runs(config)
    run = next(runs[dataset, name] for name in RUNS[recipe] if (dataset, name) in runs)
    settings = run.training.resolved_stages()[0]
    if recipe == "sampled":
        added = {name: getattr(settings, name) for name in OF_SYSTEM}
        settings = config.recipes["sampled"].overridden(TrainingSettings(**added))
    return run.encoder, settings


def curve(dataset: str, recipe: str, seed: int, budget: float) -> list[dict[str, Any]]:
    """Train one model on simulations of its own, and test it as it goes."""
    take_processor(1)
    encoder, settings = recipe_of(dataset, recipe)
    data = read_config().datasets[dataset]
    samples = data.samples.model_copy(update={"test": TESTED})
    data = data.model_copy(update={"seed": DATA_SEED + seed, "samples": samples})
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "data.h5"
        load(SOURCES[data.source]).prepare(data, {}, path, {})
        metadata, device = read_metadata(path), torch.device("cpu")
        train, valid, test = (load_samples(path, s, device) for s in ("train", "valid", "test"))
        frames = train.x.shape[2]
        torch.manual_seed(seed)
        model = build_model(
            encoder=encoder,
            decoder="mlp",
            edge_types=2,
            settings=settings,
            metadata=metadata,
            frames=frames,
            objects=train.x.shape[1],
        )
        model.fit_scales(train.x, settings.standardise)
        checkpoint = Checkpoint(Path(directory) / "checkpoint.pt")
        trainer = TestedTrainer(model, settings, train, valid, 2, seed, [checkpoint])
        trainer.test_on(test.first_frames(frames), budget)
        with contextlib.suppress(EnoughError):
            trainer.run()
    return [{"dataset": dataset, "recipe": recipe, "seed": seed, **row} for row in trainer.rows]


def measure() -> pd.DataFrame:
    """All curves; those that CURVES has not, measured and added to it."""
    every = itertools.product(RECIPES, SEEDS, TARGETS)
    missing = [each for each in every if not _has(*each)]
    if missing:  # what compiles once is compiled before a clock runs
        in_fresh_process(curve, "kuramoto5", "fast", 1, 0.0)
    for recipe, seed, dataset in missing:
        budget = PAPER_SECONDS if recipe == "paper" else 400.0
        rows = in_fresh_process(curve, dataset, recipe, seed, budget)
        new = not CURVES.exists()
        pd.DataFrame(rows).to_csv(CURVES, mode="a", index=False, header=new)
    return pd.read_csv(CURVES)


def _has(recipe: str, seed: int, dataset: str) -> bool:
    if not CURVES.exists():
        return False
    known = pd.read_csv(CURVES)
    return [recipe, seed, dataset] in known[["recipe", "seed", "dataset"]].values.tolist()


def row(dataset: str, recipe: str, curves: Sequence[pd.DataFrame]) -> list[str]:
    """When each seed's curve reaches the target, and where it ends."""
    target, reached = TARGETS[dataset], []
    for points in curves:
        above = points[points.accuracy >= target]
        reached.append(f"{above.seconds.iloc[0]:.0f}" if len(above) else "–")
    ends = pd.Series([points.accuracy.iloc[-1] for points in curves])
    last = max(points.seconds.iloc[-1] for points in curves)
    return [
        f"{dataset}, {RECIPES[recipe].split(',')[0]}",
        f"{target:.1%}",
        ", ".join(reached),
        f"{last:.0f}",
        f"{ends.mean():.4f} ± {ends.sem():.4f}",
        ", ".join(f"{end:.4f}" for end in ends),
    ]


def report(quick: bool) -> str:
    """The section of the report, and its figure."""
    if quick:
        points = pd.DataFrame(in_fresh_process(curve, "kuramoto5", "fast", 1, 10.0))
        text = f"{points.accuracy.iloc[-1]:.3f} after {points.seconds.iloc[-1]:.0f} CPU s"
        return f"Kuramoto, fast recipe, stopped early: edge accuracy {text}.\n"
    curves = {
        key: [points for _, points in group.groupby("seed")]
        for key, group in measure().groupby(["dataset", "recipe"])
    }
    rows = [row(*key, curves[key]) for key in itertools.product(TARGETS, RECIPES)]
    save(
        plot_accuracy(curves),
        [FIGURE],
        "Time to accuracy",
        "Edge accuracy against CPU seconds of training; a line for each seed.",
    )
    header = (
        "system, recipe",
        "target",
        "CPU s to it, each seed",
        "CPU s in all",
        "accuracy at the end",
        "each seed",
    )
    return (
        "Edge accuracy without labels, one core, on 2,000 simulations that chose nothing, while a "
        "model trains on simulations of its own (training sets of config/config.yaml's sizes, with "
        f"seeds {DATA_SEED + SEEDS[0]:,} and on). The clock is the training's CPU time without the "
        "tests. "
        "*Fast recipe* is the first stage of the learned runs in config/config.yaml, in which the "
        "decoder finds the graphs; *sampled* has the same networks and likelihood, with graphs "
        "sampled from the encoder, whose graphs these are. *Paper's recipe* is its "
        f"schedule of 500 epochs, cut off after {PAPER_SECONDS:.0f} CPU s: at chance, as it is "
        "for long ([recipes.md](recipes.md)).\n\n"
        f"{table(header, rows)}\n\n![Edge accuracy against CPU time]"
        f"({FIGURE.relative_to(DOCS)})\n\nThe points are in [{CURVES.name}]({CURVES.name}).\n"
    )


@styled
def plot_accuracy(curves: dict[tuple[str, str], list[pd.DataFrame]]) -> Figure:
    """A panel for each system, a line for each training."""
    figure = Figure(figsize=(PAGE, 2.4))
    panels = figure.subplots(1, 3, sharey=True)
    looks = {
        recipe: {"color": colour, "label": label}
        for (recipe, label), colour in zip(RECIPES.items(), OBJECTS, strict=False)
    }
    paper = {"color": FADED, "linestyle": ":", "label": "paper, Table 1 (500 epochs of 50,000)"}
    for panel, dataset in zip(panels, TARGETS, strict=True):
        panel_title(panel, dataset)
        panel.axhline(PAPER[dataset], **paper)
        for recipe, look in looks.items():
            for points in curves.get((dataset, recipe), []):
                panel.plot(points.seconds, points.accuracy, **look)
        panel.set_xlim(left=0)
        panel.set_xlabel("CPU seconds of training")
    panels[0].set_ylabel("edge accuracy, unsupervised")
    legend_below(figure, [Line2D([], [], **look) for look in (*looks.values(), paper)], 2)
    return figure
