"""The posterior of the graph that a trained decoder knows: the refined graph.

An encoder is an amortised guess at p(z | x) ∝ p(z) Π_t p(x_{t+1} | x_t, z); the likelihood is in
the decoder that was trained with it (docs/posterior.md). Refined graphs come from the frames that
the encoder sees, no others, and need no training.
"""

from functools import partial

import torch
from torch import Tensor

from nri.config.training import TrainingSettings
from nri.data.samples import Samples
from nri.evaluation.protocol import BATCH
from nri.model.make_objective import decoder_posterior, decoder_temperature, joint_stage
from nri.model.nri import NRI
from nri.model.posterior.result import Marginals

__all__ = ["posterior_temperature", "refined_posterior", "refines"]

JUDGES = 200  # validation samples that the temperature is chosen by


def refines(model: NRI) -> bool:
    """Whether a model infers graphs that its decoder can refine.

    The true equations could, too: by a mean field through all their steps, which takes minutes, to
    tell what has not been learned.
    """
    learned = model.decoder is not None and any(True for _ in model.decoder.parameters())
    return model.infers_graph and learned


def refined_posterior(
    model: NRI,
    settings: TrainingSettings,
    samples: Samples,
    frames: int,
    inferred: Tensor,
    temperature: float | None = None,
) -> tuple[Tensor, Tensor | None]:
    """p(z | first `frames` frames) of every sample by the decoder: (S, E, K), on the CPU.

    settings: those of the whole training, whose joint stage (`joint_stage`) has the likelihood.
    inferred (S, E, K): the encoder's posterior, from which mean field starts. temperature
    (`posterior_temperature`): the same posterior comes again with its log-likelihood divided by it.
    """
    model.eval()
    joint = joint_stage(model, settings.resolved_stages())
    first_frames, found = samples.first_frames(frames), []
    starts = inferred.clamp_min(torch.finfo(inferred.dtype).tiny).log().split(BATCH)
    for batch, start in zip(first_frames.batches(BATCH), starts, strict=True):
        guess = partial(start.to, batch.x)
        found.append(decoder_posterior(model, joint, batch.x, guess, temperature))
    posterior = Marginals.concatenate(found)
    tempered = None if posterior.tempered is None else posterior.tempered.cpu()
    return posterior.probabilities.cpu(), tempered


def posterior_temperature(
    model: NRI, settings: TrainingSettings, validation: Samples, frames: int
) -> float | None:
    """The temperature at which refined graphs are as sure as they should be; None where unknown.

    Chosen from the first `frames` frames of validation samples, without their edges.
    """
    model.eval()
    joint = joint_stage(model, settings.resolved_stages())
    return decoder_temperature(model, joint, validation.x[:JUDGES, :, :frames])
