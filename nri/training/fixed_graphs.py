"""Graphs that are found before a stage of a training begins and stay as they are in it."""

from functools import partial

import torch
from torch import Tensor

from nri.config.training import TrainingSettings
from nri.data.samples import AnySamples
from nri.model.make_objective import decoder_posterior, has_fixed_graphs, joint_stage
from nri.model.nri import NRI

__all__ = ["find_graphs"]

BATCH = 128


@torch.no_grad()
def find_graphs(
    model: NRI, stages: list[TrainingSettings], stage: int, samples: AnySamples
) -> Tensor | None:
    """The types (S, E), int8, that a stage takes for each sample's graph; None if it fixes none.

    They are the encoder's most probable graphs or, `refined`, those of the decoder's likelihood:
    the likelihood and the prior of the last stage before it that had to find its graphs.
    """
    settings = stages[stage]
    if not has_fixed_graphs(model, settings):
        return None
    model.eval()
    graph = model.inferred_graph
    if settings.graph == "sampled":
        logits = (graph.logits(batch.x) for batch in samples.batches(BATCH))
        return torch.cat([each.argmax(-1).to(torch.int8) for each in logits])
    joint = joint_stage(model, stages[:stage])
    found = [
        decoder_posterior(model, joint, batch.x, partial(graph.logits, batch.x))
        for batch in samples.batches(BATCH)
    ]
    return torch.cat([posterior.probabilities.argmax(-1).to(torch.int8) for posterior in found])
