"""A factorised posterior by gradient, for any decoder, any number of objects and edge types.

q(z) = Π_e softmax(θ_e), the logits θ parameters of the sample itself. Ascended is

    ELBO(θ) = log p(x | E_q[z]) - KL(q(z) ‖ p(z)),

the decoder run on the mean of the graph, without sampling noise, on a few random transitions a
step. Refining an encoder's guess this way is semi-amortised inference (Kim et al. 2018). A decoder
may explain a sample better by types in between than by any type, so that this is no bound; what a
result is judged by is the graph that it rounds to.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nri.model.decoders.decoder import Decoder
from nri.model.frames import frames_at
from nri.model.latent import one_hot, symmetrise
from nri.model.posterior.result import Posterior
from nri.model.rollout import teacher_forced_windows, unroll, window_starts

__all__ = ["DAMPED", "MeanField", "ascend"]

DAMPED = 0.3  # times an encoder's logits is a better start: what is wrong in them can still turn

MEMORY = 2**28  # bytes that a batch's gradients may take, about


@dataclass(frozen=True)
class MeanField:
    """How long and how fast the logits are moved; `transitions` are drawn anew for each step."""

    steps: int = 60
    transitions: int = 16
    learning_rate: float = 0.5
    prediction_steps: int = 1  # of decoders with memory: frames predicted freely at the end


def ascend(
    decoder: Decoder,
    likelihood: nn.Module,
    x: Tensor,
    prior: Tensor,
    undirected: bool,
    start: Tensor,
    settings: MeanField,
    generator: torch.Generator,
) -> Posterior:
    """Logits (B, E, K) moved from `start` up the ELBO of x (B, N, T, D), a few samples at a time.

    `prior` (K,) are probabilities. The evidence is log p(x, z) of the most probable graph, over
    all transitions: a lower bound to log p(x). The decoder's parameters get no gradient.
    """
    size = max(1, MEMORY // _bytes_per_sample(decoder, x, len(prior), settings))
    inference = _Ascent(decoder, likelihood, prior, undirected, settings, generator)
    parts = zip(x.split(size), start.split(size), strict=True)
    return Posterior.concatenate([inference.run(*part) for part in parts])


def _bytes_per_sample(decoder: Decoder, x: Tensor, edge_types: int, settings: MeanField) -> int:
    """About what the messages of a sample take, kept for their gradient."""
    nodes, frames = x.shape[1:3]
    # torch does not know which modules a module has.
    hidden: int = decoder.output.out_fc2.in_features if hasattr(decoder, "output") else 64  # type: ignore[union-attr, assignment]
    transitions = frames if decoder.recurrent else settings.transitions
    return 2 * 4 * nodes * (nodes - 1) * edge_types * hidden * transitions


class _Ascent:
    """Mean-field inference of one batch after the other."""

    def __init__(
        self,
        decoder: Decoder,
        likelihood: nn.Module,
        prior: Tensor,
        undirected: bool,
        settings: MeanField,
        generator: torch.Generator,
    ):
        self.decoder, self.likelihood, self.prior = decoder, likelihood, prior
        self.undirected, self.settings, self.generator = undirected, settings, generator

    def run(self, x: Tensor, start: Tensor) -> Posterior:
        """The posterior of x (B, N, T, D) from logits (B, E, K)."""
        settings, logits = self.settings, start.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([logits], settings.learning_rate)
        for _ in range(settings.steps):
            with torch.enable_grad():
                loss = -self._elbo(x, self._tied(logits)).sum()
                (logits.grad,) = torch.autograd.grad(loss, [logits])
            optimiser.step()
        with torch.no_grad():
            probabilities = self._tied(logits).softmax(-1)
            graph = probabilities.argmax(-1)
            log_prior = self.prior.log()[graph].sum(-1) / (2 if self.undirected else 1)
            evidence = self._log_likelihood(x, one_hot(probabilities), None) + log_prior
        return Posterior(probabilities, graph, evidence)

    def _tied(self, logits: Tensor) -> Tensor:
        return symmetrise(logits) if self.undirected else logits

    def _elbo(self, x: Tensor, logits: Tensor) -> Tensor:
        """The ELBO of every sample from some of its transitions: (B,)."""
        log_q = logits.log_softmax(-1)
        kl = (log_q.exp() * (log_q - self.prior.log())).sum((-1, -2))
        kl = kl / 2 if self.undirected else kl
        return self._log_likelihood(x, log_q.exp(), self.settings.transitions) - kl

    def _log_likelihood(self, x: Tensor, edges: Tensor, transitions: int | None) -> Tensor:
        """Log p(x | edges) of every sample: (B,)."""
        batch, frames = len(x), x.shape[2]
        if self.decoder.recurrent:
            steps = self.settings.prediction_steps
            predicted = unroll(self.decoder, x, edges, min(frames - steps, frames - 2) + 1)
            residual = predicted - x[:, :, 1:].transpose(1, 2)
            return -self.likelihood(residual).flatten(1).sum(-1)
        every = window_starts(frames, 1, self.decoder.order, x.device)
        if transitions is None:
            drawn = every.expand(batch, -1)
        else:
            size = batch, transitions
            index = torch.randint(len(every), size, generator=self.generator, device=x.device)
            drawn = every[index]
        total = x.new_zeros(batch)
        # Without gradients a few transitions at a time; the memory is that of a step.
        for starts in drawn.split(self.settings.transitions, dim=1):
            predicted, times = teacher_forced_windows(self.decoder, x, edges, 1, starts)
            residual = predicted - frames_at(x, times)
            total = total - self.likelihood(residual).flatten(1).sum(-1)
        return total * len(every) / drawn.shape[1]
