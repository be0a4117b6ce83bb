"""How much of the graphs the decoder knows while an encoder is still learning them."""

from functools import partial

import torch

from nri.config.training import TrainingSettings
from nri.data.samples import AnySamples
from nri.matching import best_accuracy, count_types
from nri.model.make_objective import decoder_posterior, finds_graphs
from nri.model.nri import NRI
from nri.model.posterior.infer import choose_method

__all__ = ["refined_accuracy"]

JUDGES = 200
"""Validation samples that are refined: enough for a curve, in seconds."""


@torch.no_grad()
def refined_accuracy(
    model: NRI, settings: TrainingSettings, samples: AnySamples, true_type_count: int
) -> float | None:
    """Edge accuracy of the decoder's posterior (docs/posterior.md) on the first samples.

    None but in stages whose graphs are sampled from an encoder that learns, where edges are known
    and the posterior is exact: anywhere else the decoder's graphs are trained on anyway, or take
    long to find.
    """
    learns = finds_graphs(model, settings) and settings.graph == "sampled"
    if not learns:
        return None
    judges = samples.take(slice(JUDGES))
    x, edges = judges.x, judges.edges
    if edges is None:
        return None
    types = model.inferred_graph.edge_types
    if choose_method(model.required_decoder, x.shape[1], types, settings.undirected) != "exact":
        return None
    model.eval()
    found = decoder_posterior(model, settings, x, partial(model.inferred_graph.logits, x))
    return best_accuracy(count_types(found.probabilities, edges, true_type_count).cpu().numpy())
