"""The training loop: one for every model, resumable at any update.

The batches, the noise and the learning rate of an update follow from the seed and the number of
the update. A training that continues from a checkpoint is therefore, bit for bit, the
uninterrupted one (on the same machine with the same number of threads).
"""

import logging
import math
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from nri.config.training import TrainingSettings
from nri.data.samples import AnySamples
from nri.model.make_objective import keep_joint_decoder, make_objective
from nri.model.nri import NRI
from nri.model.objectives import Averages, Means, Objective
from nri.model.precision import products_in
from nri.training.adam import Adam
from nri.training.checkpoints import Checkpoint
from nri.training.fixed_graphs import find_graphs
from nri.training.refined_accuracy import refined_accuracy

__all__ = ["Progress", "Stage", "Trainer", "TrainingError"]

MEASURES: tuple[Literal["nll", "kl", "mse", "edge_accuracy"], ...]
MEASURES = ("nll", "kl", "mse", "edge_accuracy")
"""What the training curve has of both splits."""
SIGN_OF_LIFE = 10.0
"""Seconds after which a line of the log says that an epoch goes on."""

log = logging.getLogger(__name__)


class TrainingError(RuntimeError):
    """The training cannot go on; the message says where it stopped and what to change."""


@dataclass
class Progress:
    """How far a training is: `update` counts within the stage, `curve` has a row per epoch."""

    stage: int = 0
    update: int = 0
    total_updates: int = 0
    best_score: float = math.inf
    wall_seconds: float = 0.0
    process_seconds: float = 0.0
    curve: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class FixedGraphs:
    """Types (S, E) of every training and validation sample, in a stage that fixes its graphs."""

    train: Tensor | None = None
    valid: Tensor | None = None

    def of_training(self, index: Tensor | slice) -> Tensor | None:
        """The graphs of a batch of training samples, (B, E)."""
        return None if self.train is None else self.train[index].long()

    def of_validation(self, index: Tensor | slice) -> Tensor | None:
        """The graphs of a batch of validation samples, (B, E)."""
        return None if self.valid is None else self.valid[index].long()


@dataclass(frozen=True)
class Stage:
    """One stage of a training: its settings, what it minimises, and the weights that it changes."""

    settings: TrainingSettings
    objective: Objective
    parameters: list[nn.Parameter]
    optimiser: Adam
    updates_per_epoch: int
    updates: int


class Trainer:
    """A model, its data, and everything that changes while it trains.

    The model's scales must be fitted (`NRI.fit_scales`). `true_type_count` is the number of edge
    types in the data. `checkpoints` has one for each stage: a training continues from the latest
    stage with a checkpoint, so that a stage whose settings changed begins where the stage before
    it ended.
    """

    def __init__(
        self,
        model: NRI,
        settings: TrainingSettings,
        train: AnySamples,
        valid: AnySamples,
        true_type_count: int,
        seed: int,
        checkpoints: Sequence[Checkpoint],
        checkpoint_seconds: float = 30.0,
    ):
        self.model = model
        self.train_samples = train
        self.valid_samples = valid
        self.stage_settings = settings.resolved_stages()
        self.true_type_count = true_type_count
        self.seed = seed
        self.checkpoints = checkpoints
        self.checkpoint_seconds = checkpoint_seconds
        self.device = train.device
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.progress = Progress()
        self.averages = Averages()
        self.best_weights: dict[str, Tensor] = {}
        self.graphs = FixedGraphs()
        self.stage = self._begin_stage()
        self.stopped_by = 0  # the number of a signal
        self._clock = (0.0, 0.0)  # when `_tick` was last called: wall time, process time

    def run(self) -> Progress:
        """Train from the latest checkpoint, if there is one, to the end of the last stage.

        The model then has the weights of that stage that are best on the validation split. On
        SIGTERM and SIGINT the state is saved before SystemExit. Raises TrainingError if the loss
        is not finite, or that of the validation split never is in a stage.
        """
        signals = signal.SIGTERM, signal.SIGINT
        previous = [signal.signal(number, self._on_signal) for number in signals]
        try:
            if not self._restore():
                self.graphs = self._find_graphs()
            self._clock = (time.monotonic(), time.process_time())
            while self.progress.stage < len(self.stage_settings):
                self._run_stage()
                self.model.load_state_dict(self.best_weights)
                self.progress.stage += 1
                if self.progress.stage < len(self.stage_settings):
                    self.progress.update, self.progress.best_score = 0, math.inf
                    self.stage = self._begin_stage()
                    self.graphs = self._find_graphs()
        finally:
            for number, handler in zip(signals, previous, strict=True):
                signal.signal(number, handler)
        return self.progress

    def _begin_stage(self) -> Stage:
        """The current stage, with a new objective and a new optimiser."""
        stages = self.stage_settings[: self.progress.stage + 1]
        settings = stages[-1]
        keep_joint_decoder(self.model, stages)
        self.model.eval()  # until its first update
        trained: nn.Module = self.model
        if settings.freeze is not None:
            frozen_encoder = settings.freeze == "encoder"
            trained = self.model.required_decoder if frozen_encoder else self.model.graph
        parameters = [weights for weights in trained.parameters() if weights.requires_grad]
        updates_per_epoch, updates = self._length(self.progress.stage)
        return Stage(
            settings=settings,
            objective=make_objective(self.model, settings, self.true_type_count),
            parameters=parameters,
            optimiser=Adam(parameters),
            updates_per_epoch=updates_per_epoch,
            updates=updates,
        )

    def _find_graphs(self) -> FixedGraphs:
        """The graphs of the current stage, if it fixes them.

        Refined graphs stay those of the stage before it: both have the same joint decoder.
        """
        stage, stages = self.progress.stage, self.stage_settings
        if stage and stages[stage - 1].graph == stages[stage].graph == "refined":
            return self.graphs
        train, valid = (
            find_graphs(self.model, stages, stage, samples)
            for samples in (self.train_samples, self.valid_samples)
        )
        return FixedGraphs(train, valid)

    def _length(self, stage: int) -> tuple[int, int]:
        """Updates in an epoch of a stage, and in the whole stage."""
        settings = self.stage_settings[stage]
        updates_per_epoch = math.ceil(len(self.train_samples) / settings.batch_size)
        return updates_per_epoch, max(1, round(settings.epochs * updates_per_epoch))

    def _all_updates(self) -> int:
        """Updates of the whole training, in all stages."""
        return sum(self._length(stage)[1] for stage in range(len(self.stage_settings)))

    def _run_stage(self) -> None:
        """Train the current stage from its current update to its last one."""
        progress, stage = self.progress, self.stage
        saved = told = time.monotonic()
        first, size = progress.update, stage.settings.batch_size
        bar = tqdm(
            total=stage.updates,
            initial=first,
            desc=f"stage {progress.stage + 1}/{len(self.stage_settings)}",
            disable=not sys.stderr.isatty(),
        )
        with bar:
            while progress.update < stage.updates:
                epoch, step = divmod(progress.update, stage.updates_per_epoch)
                if step == 0 or progress.update == first:
                    order = self._order(epoch)
                self._update(order[step * size : (step + 1) * size])
                bar.update()
                if time.monotonic() - told > SIGN_OF_LIFE:
                    log.info("update %d of %d", progress.total_updates, self._all_updates())
                    told = time.monotonic()
                if step == stage.updates_per_epoch - 1:
                    row = self._finish_epoch()
                    bar.set_postfix(nll=row["valid_nll"], accuracy=row["valid_edge_accuracy"])
                    told = time.monotonic()
                if self.stopped_by or time.monotonic() - saved > self.checkpoint_seconds:
                    self._save()
                    saved = time.monotonic()
                if self.stopped_by:
                    done, name = progress.total_updates, signal.Signals(self.stopped_by).name
                    log.info("stopped by %s at update %d; run again to continue", name, done)
                    raise SystemExit(128 + self.stopped_by)
        # Saved first: a longer training that resumes here must not see this extra validation in
        # the middle of an epoch.
        self._save()
        if progress.update % stage.updates_per_epoch:
            self._finish_epoch()

    def _order(self, epoch: int) -> Tensor:
        """The order of the samples in an epoch, from the seed alone."""
        random = np.random.default_rng([self.seed, self.progress.stage, epoch])
        return torch.from_numpy(random.permutation(len(self.train_samples))).to(self.device)

    def _update(self, index: Tensor) -> None:
        """Change the weights once, by the gradient of a batch: the samples at `index`."""
        progress, stage, settings = self.progress, self.stage, self.stage.settings
        batch, graphs = self.train_samples.take(index), self.graphs.of_training(index)
        if not self.model.training:
            self._enter_training_mode()
        done = progress.update / stage.updates
        with products_in(settings.precision, self.device):
            batch_loss = stage.objective.training(
                batch.x, batch.edges, self.generator, done, graphs
            )
        stage.optimiser.zero_grad()
        batch_loss.loss.backward()
        if settings.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(stage.parameters, settings.gradient_clip)
        rate = _learning_rate(settings, progress.update, stage.updates_per_epoch)
        stage.optimiser.step(rate)
        self.averages.add(batch_loss, len(batch))
        progress.update += 1
        progress.total_updates += 1

    def _enter_training_mode(self) -> None:
        """Put what is trained into training mode, after a validation or at the start of a stage."""
        self.model.train()
        if self.stage.settings.freeze == "encoder":
            self.model.graph.eval()
        if self.stage.settings.freeze == "decoder":
            self.model.required_decoder.eval()

    def _finish_epoch(self) -> dict[str, Any]:
        """Validate, keep the best weights, add a row to the curve.

        The last epoch of a stage may be less than a whole one.
        """
        progress = self.progress
        self._check_finite()
        train, valid = self.averages.result(), self.validate()
        self.averages = Averages()
        if valid["loss"] < progress.best_score:
            progress.best_score = valid["loss"]
            state = self.model.state_dict()
            self.best_weights = {name: value.clone() for name, value in state.items()}
        refined = refined_accuracy(
            self.model, self.stage.settings, self.valid_samples, self.true_type_count
        )
        self._tick()
        row: dict[str, Any] = {
            "step": progress.total_updates,
            "stage": progress.stage + 1,
            "epoch": progress.update / self.stage.updates_per_epoch,
            "wall_seconds": round(progress.wall_seconds, 2),
            "process_seconds": round(progress.process_seconds, 2),
        }
        for name in MEASURES:
            row[f"train_{name}"], row[f"valid_{name}"] = train[name], valid[name]
        row["valid_refined_accuracy"] = refined
        progress.curve.append(row)
        accuracy = valid["edge_accuracy"]
        log.info(
            "epoch %.3g/%.3g  update %d of %d  nll %.4g  kl %.3g  mse %.3g  accuracy %s  %.0f s",
            row["epoch"],
            self.stage.settings.epochs,
            progress.total_updates,
            self._all_updates(),
            valid["nll"],
            valid["kl"],
            valid["mse"],
            "-" if accuracy is None else f"{accuracy:.4f}",
            progress.wall_seconds,
        )
        if progress.update == self.stage.updates:
            self._check_validated()
        return row

    @torch.no_grad()
    def validate(self) -> Means:
        """Averages of the stage's objective over the validation split."""
        self.model.eval()
        stage, averages, size = self.stage, Averages(), self.stage.settings.batch_size
        for number, batch in enumerate(self.valid_samples.batches(size)):
            graphs = self.graphs.of_validation(slice(number * size, (number + 1) * size))
            averages.add(stage.objective.validation(batch.x, batch.edges, graphs), len(batch))
        return averages.result()

    def _check_finite(self) -> None:
        """Raise TrainingError if the loss was not finite since the last row of the curve."""
        loss = self.averages.sums.get("loss")
        if loss is not None and not torch.isfinite(loss):
            raise TrainingError(
                f"the loss is not finite before update {self.progress.total_updates} "
                f"(stage {self.progress.stage + 1}); lower `learning_rate` (now "
                f"{self.stage.settings.learning_rate}) or set `gradient_clip`"
            )

    def _check_validated(self) -> None:
        """Raise TrainingError if no weights of the stage had a finite validation loss.

        A loss that is infinite for a while, as of a decoder that has yet to learn, does no harm.
        """
        if not math.isfinite(self.progress.best_score):
            raise TrainingError(
                f"the loss of the validation split was never finite in stage "
                f"{self.progress.stage + 1}, so that no weights are the best; look for values far "
                f"out of range among the validation samples, or lower `learning_rate` (now "
                f"{self.stage.settings.learning_rate})"
            )

    def _tick(self) -> None:
        """Add the time since the last call to the training's own clocks."""
        now = (time.monotonic(), time.process_time())
        self.progress.wall_seconds += now[0] - self._clock[0]
        self.progress.process_seconds += now[1] - self._clock[1]
        self._clock = now

    def _save(self) -> None:
        """Write the stage's checkpoint."""
        self._check_finite()
        self._tick()
        self.checkpoints[self.progress.stage].save(
            {
                "progress": asdict(self.progress),
                "averages": asdict(self.averages),
                "model": self.model.state_dict(),
                "best_weights": self.best_weights,
                "optimiser": self.stage.optimiser.state_dict(),
                "generator": self.generator.get_state(),
                "graphs": (self.graphs.train, self.graphs.valid),
            }
        )

    def _restore(self) -> bool:
        """Continue from the latest usable checkpoint, if there is one; whether there was."""
        state = self._latest_usable()
        if state is None:
            return False
        self.progress = Progress(**state["progress"])
        self.averages = Averages(**state["averages"])
        self.stage = self._begin_stage()
        self.model.load_state_dict(state["model"])
        self.best_weights = state["best_weights"]
        self.stage.optimiser.load_state_dict(state["optimiser"])
        self._restore_generator(state["generator"].cpu())
        self.graphs = FixedGraphs(*state["graphs"])
        return True

    def _restore_generator(self, state: Tensor) -> None:
        """Go on with the noise where it was, or, on another kind of device, with other noise."""
        if state.shape == self.generator.get_state().shape:
            self.generator.set_state(state)
            return
        self.generator.manual_seed(self.seed + self.progress.total_updates)
        log.warning(
            "the checkpoint is of another kind of device than %s: the training goes on, "
            "but not as it would have there",
            self.device,
        )

    def _latest_usable(self) -> dict[str, Any] | None:
        """The state of the latest stage with a checkpoint that is not past the stage's end."""
        for number, checkpoint in reversed(list(enumerate(self.checkpoints))):
            state = checkpoint.load(self.device)
            if state is None:
                continue
            progress = Progress(**state["progress"])
            if progress.update <= self._length(number)[1]:
                log.info("continuing at update %d (%s)", progress.total_updates, checkpoint.path)
                return state
            log.info("%s is of a longer training: not used", checkpoint.path)
        return None

    def _on_signal(self, number: int, _: object) -> None:
        self.stopped_by = number


def _learning_rate(settings: TrainingSettings, update: int, updates_per_epoch: int) -> float:
    """The learning rate of an update: a cosine to zero over the stage, or the paper's schedule,
    which multiplies by a factor every so many epochs.
    """
    if settings.learning_rate_schedule == "cosine":
        done = update / (settings.epochs * updates_per_epoch)
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    periods = update // (updates_per_epoch * settings.learning_rate_every)
    return settings.learning_rate * settings.learning_rate_factor**periods
