"""What is minimised: the ELBO of NRI, or the cross-entropy of the supervised encoder.

An objective turns a batch into `Terms`: the loss to descend, and sums from which the
averages of the training curve are made without waiting for the device in between.
"""

from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from nri.config.training import TrainingSettings
from nri.device import compiled
from nri.matching import best_accuracy
from nri.model.latent import one_hot
from nri.model.likelihood import make_likelihood
from nri.model.nri import NRI
from nri.model.rollout import frames_at, teacher_forced_windows, unroll, window_starts

__all__ = ["ELBO", "Averages", "CrossEntropy", "Objective", "Terms", "make_objective"]


@dataclass(frozen=True)
class Terms:
    """One batch: the loss, its parts per sample and node, and counts for the edge accuracy.

    `confusion` (K, K') counts edges by predicted and true type, or is None.
    """

    loss: Tensor
    nll: Tensor
    kl: Tensor
    mse: Tensor
    confusion: Tensor | None


class Objective(Protocol):
    """What the training loop needs of an objective; x (B, N, T, D), edges (B, E) or None.

    Edges that change in time are (B, T, E).
    """

    def training(
        self, x: Tensor, edges: Tensor | None, generator: torch.Generator, progress: float
    ) -> Terms:
        """The loss of a training batch; `progress` in [0, 1] is how much of it is done."""
        ...

    def validation(self, x: Tensor, edges: Tensor | None) -> Terms:
        """The loss that selects the best weights: deterministic, no sampling."""
        ...


def count_types(logits: Tensor, edges: Tensor | None, true_types: int) -> Tensor | None:
    """Confusion matrix of argmax types (rows) and true types (columns), (K, true_types).

    logits (..., E, K), edges (..., E). One graph for edges that change, (B, T, E), counts in
    each frame.
    """
    if edges is None:
        return None
    types, predicted = logits.shape[-1], logits.argmax(-1)
    if predicted.dim() < edges.dim():
        predicted = predicted.unsqueeze(-2)
    pairs = predicted * true_types + edges
    pairs = pairs.flatten()
    counts = pairs.new_zeros(types * true_types)  # bincount would wait for the device
    return counts.scatter_add_(0, pairs, torch.ones_like(pairs)).view(types, true_types)


class ELBO:
    """E_q[log p(x | z)] - KL(q(z | x) ‖ p(z)), negated (paper Eq. 3).

    The reconstruction is teacher-forced: the decoder is handed the truth every
    `prediction_steps` frames (Eq. 18), or for recurrent decoders through a burn-in, and
    runs freely in between. With fewer `loss_windows` than there are, a random few are drawn for
    each sample and weighted up: an unbiased estimate of the same sum.
    """

    def __init__(self, model: NRI, settings: TrainingSettings, true_types: int):
        self.model = model
        self.settings = settings
        self.true_types = true_types
        self.likelihood = make_likelihood(settings, model.features, model.median_change)
        device = model.median_change.device
        self.prior = _prior(settings.prior, model.graph.edge_types).to(device)
        self.predict_windows = teacher_forced_windows
        # A simulator's many steps, which have no weights, would take longer to compile than to run.
        has_weights = next(model.decoder.parameters(), None) is not None
        if has_weights:
            self.predict_windows = compiled(teacher_forced_windows, device)

    def training(
        self, x: Tensor, edges: Tensor | None, generator: torch.Generator, progress: float
    ) -> Terms:
        """The negative ELBO of a batch under a sampled graph."""
        graph, settings = self.model.graph, self.settings
        if not self.model.infers_graph:
            return self._terms(x, graph.edges(x, edges), None, None, generator)
        frozen = settings.freeze == "encoder"
        with torch.set_grad_enabled(not frozen):
            logits = graph.logits(x)
        if frozen:
            sample = one_hot(logits)
        else:
            noise = _ramp(progress, settings.noise_ramp)
            sample = graph.sample(
                logits, generator, settings.temperature, settings.straight_through, noise
            )
        return self._terms(x, sample, logits, edges, generator)

    def validation(self, x: Tensor, edges: Tensor | None) -> Terms:
        """The negative ELBO under the most probable graph, over all windows."""
        if not self.model.infers_graph:
            return self._terms(x, self.model.graph.edges(x, edges), None, None, None)
        logits = self.model.graph.logits(x)
        return self._terms(x, one_hot(logits), logits, edges, None)

    def _terms(
        self,
        x: Tensor,
        sample: Tensor,
        logits: Tensor | None,
        edges: Tensor | None,
        generator: torch.Generator | None,
    ) -> Terms:
        nll, mse = self._reconstruction(x, sample, generator)
        kl = x.new_zeros(()) if logits is None else self.model.graph.kl(logits, self.prior)
        confusion = None if logits is None else count_types(logits, edges, self.true_types)
        return Terms(nll + kl, nll.detach(), kl.detach(), mse, confusion)

    def _reconstruction(
        self, x: Tensor, sample: Tensor, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """Minus log-likelihood per sample and node, and the mean squared error."""
        batch, nodes, frames, _ = x.shape
        steps, decoder, weight = self.settings.prediction_steps, self.model.decoder, 1.0
        if decoder.recurrent:
            # The official code hands over one true frame more than M steps would leave.
            predictions = unroll(decoder, x, sample, min(frames - steps, frames - 2) + 1)
            times = torch.arange(1, frames, device=x.device).expand(batch, -1)
        else:
            starts = None
            if generator is not None and self.settings.loss_windows != "all":
                starts = window_starts(frames, steps, x.device)
                count, wanted = len(starts), min(len(starts), self.settings.loss_windows)
                order = torch.rand(batch, count, generator=generator, device=x.device).argsort(1)
                starts, weight = starts[order[:, :wanted]], count / wanted
            predictions, times = self.predict_windows(decoder, x, sample, steps, starts)
        inside = (times < frames).to(x.dtype)[..., None, None]
        times = times.clamp_max(frames - 1)
        targets = frames_at(x, times)
        residual = (predictions - targets) * inside
        nll = self.likelihood(residual)
        mse = residual.detach().square().mean((-1, -2)).sum() / inside.sum()
        return weight * nll.sum() / (batch * nodes), mse


class CrossEntropy:
    """The supervised encoder: cross-entropy of the true types (Table 1, "Supervised")."""

    def __init__(self, model: NRI, true_types: int):
        self.model = model
        self.true_types = true_types

    def training(
        self, x: Tensor, edges: Tensor, generator: torch.Generator, progress: float
    ) -> Terms:
        """The mean cross-entropy of a batch."""
        return self.validation(x, edges)

    def validation(self, x: Tensor, edges: Tensor) -> Terms:
        """The mean cross-entropy of a batch."""
        logits = self.model.graph.logits(x)
        if edges.dim() == 3:  # one graph for all frames, asked for in each
            logits = logits.unsqueeze(1).expand(*edges.shape, -1)
        loss = nn.functional.cross_entropy(logits.flatten(0, -2), edges.flatten())
        zero = loss.new_zeros(())
        confusion = count_types(logits, edges, self.true_types)
        return Terms(loss, loss.detach(), zero, zero, confusion)


def make_objective(model: NRI, settings: TrainingSettings, true_types: int) -> Objective:
    """The objective of a model: without a decoder, the supervised one."""
    if model.decoder is None:
        return CrossEntropy(model, true_types)
    return ELBO(model, settings, true_types)


def _prior(prior: str | list[float], edge_types: int) -> Tensor:
    if prior == "uniform":
        return torch.full((edge_types,), 1.0 / edge_types)
    return torch.tensor(prior, dtype=torch.float32)


def _ramp(progress: float, ramp: list[float] | None) -> float:
    """Share of the Gumbel noise: 0 before `ramp[0]`, 1 after `ramp[1]`, linear between."""
    if ramp is None:
        return 1.0
    start, end = ramp
    return min(1.0, max(0.0, (progress - start) / (end - start)))


@dataclass
class Averages:
    """Sample-weighted averages of `Terms`, left on the device until they are asked for."""

    samples: int = 0
    sums: dict[str, Tensor] = field(default_factory=dict)

    def add(self, terms: Terms, samples: int) -> None:
        """Count a batch in."""
        self.samples += samples
        for name, value in vars(terms).items():
            if value is not None:
                weight = 1 if name == "confusion" else samples
                self.sums[name] = self.sums.get(name, 0) + weight * value.detach()

    def result(self) -> dict[str, float | None]:
        """Means of the scalars, and the edge accuracy under the best matching of types."""
        means = {n: v.item() / self.samples for n, v in self.sums.items() if n != "confusion"}
        confusion = self.sums.get("confusion")
        accuracy = None if confusion is None else best_accuracy(confusion.cpu().numpy())
        return {**means, "edge_accuracy": accuracy}
