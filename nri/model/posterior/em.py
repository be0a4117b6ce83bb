"""Training by the posterior: expectation-maximisation with the decoder's own likelihood.

Each update draws a batch, and some of its transitions, twice:

    E-step   q(z) = p(z | transitions, decoder), without gradient
    M-step   descend  -log p(x_{t+1} | x_t, E_q[z])  on other transitions, for the decoder,
             and the cross-entropy  -Σ_z q(z) log q_φ(z | x)  for an encoder, where there is one

so that the gradient is an estimate of the evidence's where q is sure (Neal and Hinton 1998); one
run of the decoder on the mean of the graph stands for the mean over graphs. Nothing waits for an
encoder to learn: the graph is as good as the decoder. An encoder learns from the found graphs as
from labels, but none is ever used.
"""

import torch
from torch import Tensor

from nri.config.training import TrainingSettings
from nri.matching import count_types
from nri.model.latent import one_hot
from nri.model.message_passing import node_count
from nri.model.nri import NRI
from nri.model.objectives import ELBO, BatchLoss
from nri.model.posterior.infer import (
    choose_method,
    chosen_by,
    infer,
    marginals_from_tables,
    tables_for,
    with_tables,
)
from nri.model.posterior.mean_field import DAMPED, MeanField, ascend
from nri.model.posterior.result import Posterior
from nri.model.precision import exact_products
from nri.model.rollout import window_starts

__all__ = ["EM"]


STEPS = MeanField(steps=8)  # of an E-step by that method
NEGLIGIBLE = 1e-8  # probability of a type: below the rounding of the others, and no message is sent


class EM(ELBO):
    """The objective of a training by the posterior; `ELBO` has its protocol."""

    def __init__(
        self,
        model: NRI,
        settings: TrainingSettings,
        true_type_count: int,
    ):
        super().__init__(model, settings, true_type_count)
        self.method = chosen_by(settings)
        self.trains_encoder = model.infers_graph and settings.freeze != "encoder"

    def training(
        self,
        x: Tensor,
        edges: Tensor | None,
        generator: torch.Generator,
        progress: float,
        graphs: Tensor | None = None,
    ) -> BatchLoss:
        """The negative log-likelihood of a batch under its posterior, and the cross-entropy."""
        logits = self.model.inferred_graph.logits(x) if self.trains_encoder else None
        guess = None if logits is None else logits.detach()
        probabilities = self._expectation(x, guess, generator)
        nll, mse = self._reconstruction(x, probabilities, generator)
        cross_entropy = nll.new_zeros(())
        if logits is not None:
            cross_entropy = self._cross_entropy(probabilities, logits)
        confusion = count_types(probabilities, edges, self.true_type_count)
        return BatchLoss(nll + cross_entropy, nll.detach(), cross_entropy.detach(), mse, confusion)

    def validation(
        self, x: Tensor, edges: Tensor | None, graphs: Tensor | None = None
    ) -> BatchLoss:
        """The negative log evidence from all transitions, per sample and node."""
        posterior = self.posterior(x)
        nll, mse = self._reconstruction(x, one_hot(posterior.probabilities), None)
        loss = -posterior.evidence.mean() / x.shape[1]
        if self.trains_encoder:
            logits = self.model.inferred_graph.logits(x)
            loss = loss + self._cross_entropy(posterior.probabilities, logits)
        confusion = count_types(posterior.probabilities, edges, self.true_type_count)
        return BatchLoss(loss, nll, loss - nll, mse, confusion)

    def posterior(self, x: Tensor) -> Posterior:
        """The graphs of x (B, N, T, D) from all its transitions."""
        start = self.model.inferred_graph.logits(x) if self.trains_encoder else None
        return infer(
            decoder=self.model.required_decoder,
            likelihood=self.likelihood,
            x=x,
            prior=self.prior,
            undirected=self.settings.undirected,
            method=self.method,
            start=start,
        )

    def _cross_entropy(self, probabilities: Tensor, logits: Tensor) -> Tensor:
        """-Σ_z q(z) log q_φ(z | x) per sample and node, of (B, E, K) and (B, E, K)."""
        batch, nodes = len(logits), node_count(logits.shape[1])
        return -(probabilities * logits.log_softmax(-1)).sum() / (batch * nodes)

    @torch.no_grad()
    def _expectation(self, x: Tensor, guess: Tensor | None, generator: torch.Generator) -> Tensor:
        """Marginals (B, E, K) from some of the transitions."""
        decoder, undirected = self.model.required_decoder, self.settings.undirected
        nodes, types = x.shape[1], len(self.prior)
        method = self.method or choose_method(decoder, nodes, types, undirected)
        if method == "mean_field":
            start = x.new_zeros(len(x), nodes * (nodes - 1), types) if guess is None else guess
            return ascend(
                decoder=decoder,
                likelihood=self.likelihood,
                x=x,
                prior=self.prior,
                undirected=undirected,
                start=DAMPED * start,
                settings=STEPS,
                generator=generator,
            ).probabilities
        tabulated = with_tables(decoder, method, undirected)
        every = window_starts(x.shape[2], 1, decoder.order, x.device)
        count, wanted = len(every), min(len(every), self.settings.transitions)
        order = torch.rand(len(x), count, generator=generator, device=x.device).argsort(1)
        starts = every[order[:, :wanted]]
        log_prior = self.prior.log()
        with exact_products(x):
            tables = tables_for(method, tabulated, self.likelihood, x, log_prior, starts)
        found = marginals_from_tables(tables * (count / wanted), log_prior, undirected, method)
        return torch.where(found < NEGLIGIBLE, 0.0, found)
