"""What inference returns."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Marginals", "Posterior"]


@dataclass(frozen=True)
class Posterior:
    """The graphs of B samples.

    probabilities (B, E, K): each edge's marginal. graph (B, E): the types of the most probable
    graph that was found. evidence (B,): log p(x) up to the likelihood's constant, or a lower bound
    to it where it cannot be summed.
    """

    probabilities: Tensor
    graph: Tensor
    evidence: Tensor

    @staticmethod
    def concatenate(parts: "Sequence[Posterior]") -> "Posterior":
        """The posterior of all samples from those of batches."""
        return Posterior(
            probabilities=torch.cat([part.probabilities for part in parts]),
            graph=torch.cat([part.graph for part in parts]),
            evidence=torch.cat([part.evidence for part in parts]),
        )

    @staticmethod
    def best(candidates: "Sequence[Posterior]") -> "Posterior":
        """For each sample the candidate with the most evidence."""
        chosen = torch.stack([one.evidence for one in candidates]).argmax(0)
        rows = torch.arange(len(chosen), device=chosen.device)
        return Posterior(
            probabilities=torch.stack([one.probabilities for one in candidates])[chosen, rows],
            graph=torch.stack([one.graph for one in candidates])[chosen, rows],
            evidence=torch.stack([one.evidence for one in candidates])[chosen, rows],
        )


@dataclass(frozen=True)
class Marginals:
    """What is known of each edge alone.

    probabilities (B, E, K). tempered (B, E, K): less confident ones, where they were asked for
    (`nri.model.posterior.temperature`).
    """

    probabilities: Tensor
    tempered: Tensor | None = None

    @staticmethod
    def concatenate(parts: "Sequence[Marginals]") -> "Marginals":
        """The marginals of all samples from those of batches."""
        tempered = [part.tempered for part in parts if part.tempered is not None]
        return Marginals(
            probabilities=torch.cat([part.probabilities for part in parts]),
            tempered=torch.cat(tempered) if tempered else None,
        )
