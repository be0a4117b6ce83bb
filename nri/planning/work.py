"""What jobs cost: work that is counted from the settings, times rates that were measured.

The counts follow the networks' largest layers and are good to a factor of about two.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from nri.choices import decoder_choice
from nri.config.identity import GIVEN_GRAPHS
from nri.config.runs import Run
from nri.config.training import TrainingSettings
from nri.planning.shapes import Shape

__all__ = [
    "OTHER_START",
    "RATES",
    "START_SECONDS",
    "Work",
    "data_bytes",
    "evaluation_seconds",
    "simulation_seconds",
    "training_seconds",
    "training_updates",
]


@dataclass(frozen=True)
class Work:
    """Multiply-adds, numbers that a layer writes, and updates of the weights."""

    products: float = 0.0
    values: float = 0.0
    updates: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(
            self.products + other.products,
            self.values + other.values,
            self.updates + other.updates,
        )

    def __mul__(self, factor: float) -> "Work":
        return Work(self.products * factor, self.values * factor, self.updates * factor)

    @property
    def seconds(self) -> float:
        """CPU seconds of one core."""
        return (
            self.products * RATES.products
            + self.values * RATES.values
            + self.updates * RATES.updates
        )


RATES = Work(products=2.2e-11, values=2.0e-9, updates=1.6e-3)
"""CPU seconds of a unit of work, on one core of an x86 server.

They are fitted to 24 trainings of the default configuration and to updates of 12 models of the
paper's widths, all of which took between a half and twice what follows from the rates; the 24 took
721 s, and some 800 s follow. On GPUs nothing was measured."""
BACKWARD = 3
"""A training step in forward passes: there, and twice as much back."""
REFINING = 2
"""Passes over the frames, for each edge type, in which a graph is refined."""
START_SECONDS = {
    "all": 0,
    "figure": 2,
    "table": 2,
    "page": 2,
    "collect": 2,
    "games_table": 2,
    "download": 2,
}
"""CPU seconds of jobs that hardly depend on their settings, measured; of all others OTHER_START."""
OTHER_START = 5
"""CPU seconds that a program with torch takes to start and to write its results."""
SIMULATION = 3e-4
"""CPU seconds of a simulation with 5 objects; they grow with the pairs."""
BYTES_OF_VALUE = 3.3
"""Bytes of a number in the compressed dataset file."""


def training_updates(run: Run, samples: int) -> int:
    """All updates of a training on so many samples."""
    return sum(_updates(stage, samples) for stage in run.training.resolved_stages())


def training_seconds(run: Run, shape: Shape) -> float:
    """CPU seconds of a training."""
    return OTHER_START + sum((work.seconds for work in _stages(run, shape)), 0.0)


def evaluation_seconds(run: Run, shape: Shape, horizon: int, refine: bool) -> float:
    """CPU seconds of an evaluation on the test split."""
    settings = run.training.resolved_stages()[-1]
    work = _encoder(run.encoder, settings, shape)
    if run.decoder != "none":
        frames = shape.frames["train"] + horizon
        if refine and run.encoder not in GIVEN_GRAPHS and run.decoder != "sim":
            frames += REFINING * run.edge_types * shape.frames["train"]
        work += _frame(run, settings, shape) * frames
    return OTHER_START + (work * shape.samples["test"]).seconds


def simulation_seconds(shape: Shape) -> float:
    """CPU seconds of making a data set."""
    return OTHER_START + SIMULATION * sum(shape.samples.values()) * shape.edges / 20


def data_bytes(shape: Shape) -> float:
    """Size of a dataset file."""
    return BYTES_OF_VALUE * shape.values


def _updates(stage: TrainingSettings, samples: int) -> int:
    return max(1, round(stage.epochs * math.ceil(samples / stage.batch_size)))


def _stages(run: Run, shape: Shape) -> Iterator[Work]:
    """The work of each stage, with its validation, and of finding the graphs that it fixes."""
    before = ""
    for stage in run.training.resolved_stages():
        sample = _sample(run, stage, shape)
        updates = _updates(stage, shape.samples["train"])
        validated = math.ceil(stage.epochs) * shape.samples["valid"]
        yield sample * (BACKWARD * updates * stage.batch_size + validated) + Work(updates=updates)
        if stage.graph == "refined" != before:
            found = shape.samples["train"] + shape.samples["valid"]
            passes = run.edge_types * shape.frames["train"]
            yield _frame(run, stage, shape) * (found * passes)
        before = stage.graph


def _sample(run: Run, stage: TrainingSettings, shape: Shape) -> Work:
    """The forward pass of a sample in training."""
    work = Work()
    if stage.freeze != "encoder":
        work += _encoder(run.encoder, stage, shape)
    if run.decoder != "none" and stage.freeze != "decoder":
        frames = _frame(run, stage, shape) * _frames(run, stage, shape)
        # All steps of this decoder are one compiled loop, whose layers stay in the cache.
        compiled = run.decoder == "mlp" and stage.graph != "posterior"
        work += Work(frames.products) if compiled else frames
    return work


def _frames(run: Run, stage: TrainingSettings, shape: Shape) -> int:
    """Frames of a sample that the decoder predicts in an update."""
    if stage.graph == "posterior":
        return stage.transitions * run.edge_types
    if decoder_choice(run.decoder).memory or stage.loss_windows == "all":
        return shape.frames["train"] - 1
    return stage.loss_windows * stage.prediction_steps


def _encoder(name: str, settings: TrainingSettings, shape: Shape) -> Work:
    """An encoder's forward pass on one sample; nothing for a graph that is given.

    A network of the user's own is taken for the paper's MLP, which need not be near.
    """
    nodes, edges, frames, width = (
        shape.objects,
        shape.edges,
        shape.frames["train"],
        settings.encoder_hidden,
    )
    pairs = Work(3 * edges * width**2, 4 * edges * width)
    if name in GIVEN_GRAPHS:
        return Work()
    if name == "cnn":
        times = frames // 2
        convolutions = 10 * frames * shape.features * width + 6 * times * width**2
        return pairs + Work(edges * convolutions, edges * (frames + 2 * times) * width)
    if name == "node-cnn":
        times = frames // 4
        each = nodes * times * 5 * shape.features * width
        return pairs + Work(each + edges * times * width**2 / 2, edges * times * 1.5 * width)
    return pairs + Work(nodes * (frames * shape.features * width + 7 * width**2), 2 * edges * width)


def _frame(run: Run, settings: TrainingSettings, shape: Shape) -> Work:
    """A decoder's forward pass from one frame of a sample to the next."""
    nodes, edges, width = shape.objects, shape.edges, settings.decoder_hidden
    if run.decoder == "sim":
        return Work(0, 10 * settings.simulation_steps * edges)
    if run.decoder == "lstm-joint":
        return Work(18 * (nodes * width) ** 2 + nodes * width**2, 12 * nodes * width)
    if run.decoder == "lstm-single":
        return Work(18 * nodes * width**2, 12 * nodes * width)
    types = max(1, run.edge_types - settings.skip_first)
    if run.decoder == "rnn":
        messages = types * (2 * nodes + edges) * width**2
        return Work(messages + 6 * nodes * width**2, (2 * types * edges + 8 * nodes) * width)
    messages = types * (2 * nodes * shape.features * width + edges * width**2)
    return Work(messages + 3 * nodes * width**2, (2 * types * edges + 3 * nodes) * width)
