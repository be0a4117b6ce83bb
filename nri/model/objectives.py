"""What is minimised: the ELBO of NRI, its parts under fixed graphs, or a cross-entropy.

An objective turns a batch into a `BatchLoss`: the loss to descend, and the numbers that
`Averages` collects for the training curve without waiting for the device in between.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypedDict

import torch
from torch import Tensor, nn

from nri.config.training import TrainingSettings
from nri.device import recorded
from nri.matching import best_accuracy, count_types
from nri.model.frames import frames_at
from nri.model.latent import one_hot
from nri.model.likelihood import make_likelihood
from nri.model.message_passing import edge_index
from nri.model.nri import NRI, GivenGraph
from nri.model.rollout import teacher_forced_windows, unroll, window_starts

__all__ = ["ELBO", "Averages", "BatchLoss", "CrossEntropy", "FixedGraphs", "Means", "Objective"]


@dataclass(frozen=True)
class BatchLoss:
    """The loss of one batch, its parts per sample and node, and counts for the edge accuracy.

    `confusion` (K, K') counts edges by predicted and true type; None where nothing is predicted
    or the truth is not known.
    """

    loss: Tensor
    nll: Tensor
    kl: Tensor
    mse: Tensor
    confusion: Tensor | None


class Objective(Protocol):
    """What training and evaluation need of an objective.

    Batches are trajectories x (B, N, T, D) and true edge types (B, E), (B, T, E) if they change in
    time, or None; and, in a stage with fixed graphs, the types (B, E) that were found.
    `true_type_count` is the number K' of true types.
    """

    model: NRI
    true_type_count: int

    def training(
        self,
        x: Tensor,
        edges: Tensor | None,
        generator: torch.Generator,
        progress: float,
        graphs: Tensor | None = None,
    ) -> BatchLoss:
        """The loss of a training batch; `progress` in [0, 1] is the share of the stage done."""
        ...

    def validation(
        self, x: Tensor, edges: Tensor | None, graphs: Tensor | None = None
    ) -> BatchLoss:
        """The loss that selects the best weights: deterministic, no sampling."""
        ...


class ELBO:
    """E_q[log p(x | z)] - KL(q(z | x) ‖ p(z)), negated (paper Eq. 3).

    The reconstruction is teacher-forced: a decoder without memory gets the true frame every
    `prediction_steps` frames (Eq. 18), one with memory gets them all in a burn-in; then it
    runs freely. If `loss_windows` is less than the number of windows between true frames, each
    sample draws that many at random and weights them up, an unbiased estimate of the same sum.
    """

    def __init__(self, model: NRI, settings: TrainingSettings, true_type_count: int):
        self.model = model
        self.settings = settings
        self.true_type_count = true_type_count
        self.likelihood = make_likelihood(settings, model.features, model.median_change)
        device = model.median_change.device
        self.prior = _prior(settings.prior, model.graph.edge_types).to(device)
        self.predict_windows, self.unroll = teacher_forced_windows, unroll
        # A simulator has no weights but many steps, which take longer to compile than to run.
        has_weights = next(model.required_decoder.parameters(), None) is not None
        if has_weights:
            record = partial(recorded, device=device, constant=edge_index)
            self.predict_windows = record(teacher_forced_windows, compiled=True)
            self.unroll = record(unroll, compiled=False)

    def training(
        self,
        x: Tensor,
        edges: Tensor | None,
        generator: torch.Generator,
        progress: float,
        graphs: Tensor | None = None,
    ) -> BatchLoss:
        """The negative ELBO of a batch under a sampled graph."""
        graph, settings = self.model.graph, self.settings
        if isinstance(graph, GivenGraph):
            return self._batch_loss(x, graph.edges(x, edges), None, None, generator)
        logits, noise = graph.logits(x), _ramp(progress, settings.noise_ramp)
        sample = graph.sample(
            logits, generator, settings.temperature, settings.straight_through, noise
        )
        return self._batch_loss(x, sample, logits, edges, generator)

    def validation(
        self, x: Tensor, edges: Tensor | None, graphs: Tensor | None = None
    ) -> BatchLoss:
        """The negative ELBO under the most probable graph, over all windows."""
        graph = self.model.graph
        if isinstance(graph, GivenGraph):
            return self._batch_loss(x, graph.edges(x, edges), None, None, None)
        logits = graph.logits(x)
        return self._batch_loss(x, one_hot(logits), logits, edges, None)

    def _batch_loss(
        self,
        x: Tensor,
        sample: Tensor,
        logits: Tensor | None,
        edges: Tensor | None,
        generator: torch.Generator | None,
    ) -> BatchLoss:
        nll, mse = self._reconstruction(x, sample, generator)
        kl = x.new_zeros(()) if logits is None else self.model.inferred_graph.kl(logits, self.prior)
        confusion = None if logits is None else count_types(logits, edges, self.true_type_count)
        return BatchLoss(nll + kl, nll.detach(), kl.detach(), mse, confusion)

    def _reconstruction(
        self, x: Tensor, sample: Tensor, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """Minus log-likelihood per sample and node, and the mean squared error."""
        batch, nodes, frames, _ = x.shape
        steps, decoder, weight = self.settings.prediction_steps, self.model.required_decoder, 1.0
        # Compiling for another size of batch takes longer than all last batches of a training.
        whole = batch == self.settings.batch_size
        if decoder.recurrent:
            predict_all = self.unroll if whole else unroll
            # As the official code does: one true frame more than M predicted steps would leave.
            predictions = predict_all(decoder, x, sample, min(frames - steps, frames - 2) + 1)
            times = torch.arange(1, frames, device=x.device).expand(batch, -1)
        else:
            starts = None
            if generator is not None and self.settings.loss_windows != "all":
                starts = window_starts(frames, steps, decoder.order, x.device)
                count, wanted = len(starts), min(len(starts), self.settings.loss_windows)
                order = torch.rand(batch, count, generator=generator, device=x.device).argsort(1)
                starts, weight = starts[order[:, :wanted]], count / wanted
            predict = self.predict_windows if whole else teacher_forced_windows
            predictions, times = predict(decoder, x, sample, steps, starts)
        inside = (times < frames).to(x.dtype)[..., None, None]
        times = times.clamp_max(frames - 1)
        targets = frames_at(x, times)
        residual = (predictions - targets) * inside
        nll = self.likelihood(residual)
        mse = residual.detach().square().mean((-1, -2)).sum() / inside.sum()
        return weight * nll.sum() / (batch * nodes), mse


class FixedGraphs(ELBO):
    """Both networks under graphs that were found before the stage and stay as they are.

    The decoder minimises the negative log-likelihood under them; the encoder the cross-entropy of
    its posterior with them, as if they were labels. A frozen network adds nothing to the loss.
    """

    def training(
        self,
        x: Tensor,
        edges: Tensor | None,
        generator: torch.Generator,
        progress: float,
        graphs: Tensor | None = None,
    ) -> BatchLoss:
        """The loss of a batch under its graphs (B, E), in random windows."""
        return self._loss(x, edges, graphs, generator)

    def validation(
        self, x: Tensor, edges: Tensor | None, graphs: Tensor | None = None
    ) -> BatchLoss:
        """The loss of a batch under its graphs (B, E), in all windows."""
        return self._loss(x, edges, graphs, None)

    def _loss(
        self,
        x: Tensor,
        edges: Tensor | None,
        graphs: Tensor | None,
        generator: torch.Generator | None,
    ) -> BatchLoss:
        if graphs is None:
            raise ValueError("fixed graphs are found before a stage and given with each batch")
        freeze, types = self.settings.freeze, self.model.graph.edge_types
        sample = nn.functional.one_hot(graphs, types).to(x.dtype)
        nll = mse = cross_entropy = x.new_zeros(())
        found = sample
        if freeze != "decoder":
            nll, mse = self._reconstruction(x, sample, generator)
        if freeze != "encoder":
            found = self.model.inferred_graph.logits(x)
            cross_entropy = nn.functional.cross_entropy(found.flatten(0, -2), graphs.flatten())
        confusion = count_types(found, edges, self.true_type_count)
        return BatchLoss(nll + cross_entropy, nll.detach(), cross_entropy.detach(), mse, confusion)


class CrossEntropy:
    """The supervised encoder: cross-entropy of the true types (Table 1, "Supervised")."""

    def __init__(self, model: NRI, true_type_count: int):
        self.model = model
        self.true_type_count = true_type_count

    def training(
        self,
        x: Tensor,
        edges: Tensor | None,
        generator: torch.Generator,
        progress: float,
        graphs: Tensor | None = None,
    ) -> BatchLoss:
        """The mean cross-entropy of a batch."""
        return self.validation(x, edges)

    def validation(
        self, x: Tensor, edges: Tensor | None, graphs: Tensor | None = None
    ) -> BatchLoss:
        """The mean cross-entropy of a batch."""
        if edges is None:
            raise ValueError("a supervised encoder needs data with known edges")
        logits = self.model.inferred_graph.logits(x)
        if edges.dim() == 3:  # the encoder gives one graph, which is scored in every frame
            logits = logits.unsqueeze(1).expand(*edges.shape, -1)
        loss = nn.functional.cross_entropy(logits.flatten(0, -2), edges.flatten())
        zero = loss.new_zeros(())
        confusion = count_types(logits, edges, self.true_type_count)
        return BatchLoss(loss, loss.detach(), zero, zero, confusion)


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


class Means(TypedDict):
    """Averages of the numbers of `BatchLoss`; no accuracy where there is nothing to compare."""

    loss: float
    nll: float
    kl: float
    mse: float
    edge_accuracy: float | None


@dataclass
class Averages:
    """Sample-weighted averages of `BatchLoss`, kept on the device until `result` reads them."""

    samples: int = 0
    sums: dict[str, Tensor] = field(default_factory=dict)

    def add(self, batch_loss: BatchLoss, samples: int) -> None:
        """Count in a batch of so many samples."""
        self.samples += samples
        for name, value in vars(batch_loss).items():
            if value is not None:
                weight = 1 if name == "confusion" else samples
                self.sums[name] = self.sums.get(name, 0) + weight * value.detach()

    def result(self) -> Means:
        """Means of the scalars, and the edge accuracy under the best matching of types."""
        confusion = self.sums.get("confusion")
        return {
            "loss": self._mean("loss"),
            "nll": self._mean("nll"),
            "kl": self._mean("kl"),
            "mse": self._mean("mse"),
            "edge_accuracy": None if confusion is None else best_accuracy(confusion.cpu().numpy()),
        }

    def _mean(self, name: str) -> float:
        return self.sums[name].item() / self.samples
