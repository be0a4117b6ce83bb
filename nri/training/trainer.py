"""The training loop: one for every model, resumable at any update.

A training is a number of updates whose batches, noise and learning rate follow from the
seed and the update's number, so that one continued from a checkpoint is bit for bit the
uninterrupted one (on the same machine with the same number of threads).
"""

import logging
import math
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from nri.config.training import TrainingSettings
from nri.data.samples import Samples
from nri.model.nri import NRI
from nri.model.objectives import Averages, make_objective
from nri.training.checkpoints import Checkpoint

__all__ = ["Trainer", "TrainingError"]

log = logging.getLogger(__name__)


class TrainingError(RuntimeError):
    """A training that cannot go on; the message says where it stopped and what to change."""


@dataclass
class Progress:
    """Where a training stands; `update` counts within the stage, `curve` has a row per epoch."""

    stage: int = 0
    update: int = 0
    total_updates: int = 0
    best_score: float = math.inf
    wall_seconds: float = 0.0
    process_seconds: float = 0.0
    curve: list[dict[str, Any]] = field(default_factory=list)


class Trainer:
    """A model, its data, and everything that changes while it trains.

    `checkpoints`: one for each stage. A training goes on from the latest stage that has one, so
    that a stage that was changed begins where the one before it ended.
    """

    def __init__(
        self,
        model: NRI,
        settings: TrainingSettings,
        train: Samples,
        valid: Samples,
        true_types: int,
        seed: int,
        checkpoints: Sequence[Checkpoint],
        checkpoint_seconds: float = 30.0,
    ):
        self.model, self.train_samples, self.valid_samples = model, train, valid
        self.stages, self.true_types, self.seed = settings.resolved_stages(), true_types, seed
        self.checkpoints, self.checkpoint_seconds = checkpoints, checkpoint_seconds
        self.device = train.x.device
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.progress = Progress()
        self.averages = Averages()
        self.best_weights: dict[str, Tensor] = {}
        self.stopped_by = 0  # number of a signal

    def run(self) -> Progress:
        """Train from wherever the checkpoints stand to the end of the last stage.

        The model is left with that stage's best weights on the validation split. On
        SIGTERM and SIGINT the state is saved before SystemExit. Raises TrainingError when
        the loss is not finite.
        """
        signals = signal.SIGTERM, signal.SIGINT
        previous = [signal.signal(number, self._on_signal) for number in signals]
        try:
            self._restore()
            self._clock = (time.monotonic(), time.process_time())
            while self.progress.stage < len(self.stages):
                self._run_stage()
                self.model.load_state_dict(self.best_weights)
                self.progress.stage += 1
                if self.progress.stage < len(self.stages):
                    self.progress.update, self.progress.best_score = 0, math.inf
                    self._begin_stage()
        finally:
            for number, handler in zip(signals, previous, strict=True):
                signal.signal(number, handler)
        return self.progress

    def _begin_stage(self) -> None:
        """The optimiser and the objective of the current stage."""
        self.settings = self.stages[self.progress.stage]
        self.objective = make_objective(self.model, self.settings, self.true_types)
        trained = self.model.decoder if self.settings.freeze == "encoder" else self.model
        self.parameters = list(trained.parameters())
        self.optimiser = torch.optim.Adam(self.parameters, self.settings.learning_rate, fused=True)
        self.updates_per_epoch = math.ceil(len(self.train_samples) / self.settings.batch_size)
        self.updates = max(1, round(self.settings.epochs * self.updates_per_epoch))

    def _run_stage(self) -> None:
        progress, saved = self.progress, time.monotonic()
        first = progress.update
        bar = tqdm(
            total=self.updates,
            initial=first,
            desc=f"stage {progress.stage + 1}/{len(self.stages)}",
            disable=not sys.stderr.isatty(),
        )
        with bar:
            while progress.update < self.updates:
                epoch, step = divmod(progress.update, self.updates_per_epoch)
                if step == 0 or progress.update == first:
                    order = self._order(epoch)
                size = self.settings.batch_size
                self._update(self.train_samples.take(order[step * size : (step + 1) * size]))
                bar.update()
                if step == self.updates_per_epoch - 1:
                    row = self._finish_epoch()
                    bar.set_postfix(nll=row["valid_nll"], accuracy=row["valid_edge_accuracy"])
                if self.stopped_by or time.monotonic() - saved > self.checkpoint_seconds:
                    self._save()
                    saved = time.monotonic()
                if self.stopped_by:
                    done, name = progress.total_updates, signal.Signals(self.stopped_by).name
                    log.info("stopped by %s at update %d; run again to continue", name, done)
                    raise SystemExit(128 + self.stopped_by)
        self._save()
        # A part of an epoch counts for this training, not for a longer one that goes on from here.
        if progress.update % self.updates_per_epoch:
            self._finish_epoch()

    def _order(self, epoch: int) -> Tensor:
        """The order of the samples in an epoch, from the seed alone."""
        random = np.random.default_rng([self.seed, self.progress.stage, epoch])
        return torch.from_numpy(random.permutation(len(self.train_samples))).to(self.device)

    def _update(self, batch: Samples) -> None:
        progress, settings = self.progress, self.settings
        self.model.train()
        if settings.freeze == "encoder":
            self.model.graph.eval()
        for group in self.optimiser.param_groups:
            group["lr"] = _learning_rate(settings, progress.update, self.updates_per_epoch)
        done = progress.update / self.updates
        terms = self.objective.training(batch.x, batch.edges, self.generator, done)
        self.optimiser.zero_grad(set_to_none=True)
        terms.loss.backward()
        if settings.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters, settings.gradient_clip)
        self.optimiser.step()
        self.averages.add(terms, len(batch))
        progress.update += 1
        progress.total_updates += 1

    def _finish_epoch(self) -> dict[str, Any]:
        """Validate, keep the best weights, add a row to the curve; the last epoch may be a part."""
        progress = self.progress
        self._check_finite()
        train, valid = self.averages.result(), self.validate()
        self.averages = Averages()
        if valid["loss"] < progress.best_score:
            progress.best_score = valid["loss"]
            state = self.model.state_dict()
            self.best_weights = {name: value.clone() for name, value in state.items()}
        self._tick()
        row = {
            "step": progress.total_updates,
            "stage": progress.stage + 1,
            "epoch": progress.update / self.updates_per_epoch,
            "wall_seconds": round(progress.wall_seconds, 2),
            "process_seconds": round(progress.process_seconds, 2),
        }
        for name in ("nll", "kl", "mse", "edge_accuracy"):
            row[f"train_{name}"], row[f"valid_{name}"] = train[name], valid[name]
        progress.curve.append(row)
        log.info(
            "epoch %.3g/%.3g  update %d  nll %.4g  kl %.3g  mse %.3g  accuracy %s  %.0f s",
            *(row["epoch"], self.settings.epochs, progress.total_updates),
            *(valid["nll"], valid["kl"], valid["mse"]),
            *("-" if valid["edge_accuracy"] is None else f"{valid['edge_accuracy']:.4f}",),
            progress.wall_seconds,
        )
        return row

    @torch.no_grad()
    def validate(self) -> dict[str, float | None]:
        """Averages of the objective over the validation split."""
        self.model.eval()
        averages = Averages()
        for batch in self.valid_samples.batches(self.settings.batch_size):
            averages.add(self.objective.validation(batch.x, batch.edges), len(batch))
        return averages.result()

    def _check_finite(self) -> None:
        loss = self.averages.sums.get("loss")
        if loss is not None and not torch.isfinite(loss):
            raise TrainingError(
                f"the loss is not finite before update {self.progress.total_updates} "
                f"(stage {self.progress.stage + 1}); lower `learning_rate` (now "
                f"{self.settings.learning_rate}) or set `gradient_clip`"
            )

    def _tick(self) -> None:
        """Add the time since the last call to the training's own clocks."""
        now = (time.monotonic(), time.process_time())
        self.progress.wall_seconds += now[0] - self._clock[0]
        self.progress.process_seconds += now[1] - self._clock[1]
        self._clock = now

    def _save(self) -> None:
        self._check_finite()
        self._tick()
        self.checkpoints[self.progress.stage].save(
            {
                "progress": asdict(self.progress),
                "averages": asdict(self.averages),
                "model": self.model.state_dict(),
                "best_weights": self.best_weights,
                "optimiser": self.optimiser.state_dict(),
                "generator": self.generator.get_state(),
            }
        )

    def _restore(self) -> None:
        for checkpoint in reversed(self.checkpoints):
            state = checkpoint.load(self.device)
            if state is not None:
                self.progress = Progress(**state["progress"])
                self._begin_stage()
                if self.progress.update <= self.updates:
                    break
                log.info("%s is of a longer training: not used", checkpoint.path)
        else:
            self.progress = Progress()
            self._begin_stage()
            return
        self.averages = Averages(**state["averages"])
        self.model.load_state_dict(state["model"])
        self.best_weights = state["best_weights"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"].cpu())
        log.info("continuing at update %d from %s", self.progress.total_updates, checkpoint.path)

    def _on_signal(self, number: int, _: object) -> None:
        self.stopped_by = number


def _learning_rate(settings: TrainingSettings, update: int, updates_per_epoch: int) -> float:
    """A cosine to zero over the stage, or times a factor every so many epochs (the paper's)."""
    if settings.learning_rate_schedule == "cosine":
        done = update / (settings.epochs * updates_per_epoch)
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    periods = update // (updates_per_epoch * settings.learning_rate_every)
    return settings.learning_rate * settings.learning_rate_factor**periods
