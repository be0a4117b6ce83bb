"""The latent graph: samples of the edge types, and their divergence from the prior (§3.2, §3.4)."""

import torch
from torch import Tensor

from nri.model.message_passing import node_count, reverse_index

__all__ = [
    "gumbel_noise",
    "kl_categorical",
    "one_hot",
    "relaxed_sample",
    "share_noise",
    "symmetrise",
]


def gumbel_noise(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Samples of Gumbel(0, 1) on the generator's device."""
    uniform = torch.rand(shape, generator=generator, device=generator.device)
    tiny = torch.finfo(uniform.dtype).tiny
    return -(-(uniform.clamp_min(tiny)).log()).clamp_min(tiny).log()


def relaxed_sample(logits: Tensor, noise: Tensor | float, temperature: float, hard: bool) -> Tensor:
    """softmax((logits + g) / τ) over the last axis (Eq. 10).

    `hard` returns one-hot samples whose gradient is that of the relaxed ones (straight-through).
    """
    soft = ((logits + noise) / temperature).softmax(-1)
    if not hard:
        return soft
    return one_hot(soft) - soft.detach() + soft


def one_hot(scores: Tensor) -> Tensor:
    """The most probable type of each edge as a one-hot vector, same shape and dtype."""
    return torch.zeros_like(scores).scatter_(-1, scores.argmax(-1, keepdim=True), 1.0)


def kl_categorical(logits: Tensor, prior: Tensor) -> Tensor:
    """KL(q(z|x) ‖ p(z)) summed over edges, divided by batch and nodes: (B, E, K) → scalar.

    Non-negative: the entropy of the prior is kept, which the official code leaves out
    for a uniform prior (a constant, so the gradients agree).
    """
    batch, edges, _ = logits.shape
    log_q = logits.log_softmax(-1)
    return (log_q.exp() * (log_q - prior.log())).sum() / (batch * node_count(edges))


def symmetrise(logits: Tensor) -> Tensor:
    """Mean over both directions of every pair: (B, E, K) → (B, E, K)."""
    return (logits + logits[:, reverse_index(logits.shape[1], logits.device)]) / 2


def share_noise(noise: Tensor) -> Tensor:
    """Both directions of every pair get the noise of one of them: (B, E, K) → (B, E, K)."""
    edges = torch.arange(noise.shape[1], device=noise.device)
    return noise[:, torch.minimum(edges, reverse_index(edges.numel(), noise.device))]
