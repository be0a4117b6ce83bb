"""NRI: a graph, inferred or given, and a decoder that moves under it (paper §3)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nri.model.decoders.decoder import Decoder
from nri.model.decoders.layers import median_change
from nri.model.encoders.encoder import Encoder
from nri.model.frames import asinh
from nri.model.latent import (
    gumbel_noise,
    kl_categorical,
    one_hot,
    relaxed_sample,
    share_noise,
    symmetrise,
)

__all__ = ["NRI", "EncoderInputs", "GivenGraph", "InferredGraph"]


class EncoderInputs(nn.Module):
    """The encoder's inputs: the features alone, as in the paper, or standardised features and
    their changes.

    Forces show in the changes Δ. They enter as asinh(Δ / m) / 2, where m is the median |Δ|, so
    that close encounters do not drown the rest.
    """

    mean: Tensor
    scale: Tensor
    median_change: Tensor

    def __init__(self, features: int, changes: bool):
        super().__init__()
        self.changes = changes
        if changes:
            self.register_buffer("mean", torch.zeros(features))
            self.register_buffer("scale", torch.ones(features))
            self.register_buffer("median_change", torch.ones(features))

    def fit(self, x: Tensor) -> None:
        """Take the units from trajectories (S, N, T, D)."""
        if self.changes:
            deviation = x.std((0, 1, 2))
            median = median_change(x)
            self.mean.copy_(x.mean((0, 1, 2)))
            self.scale.copy_(torch.where(deviation > 0, deviation, 1.0))
            self.median_change.copy_(torch.where(median > 0, median, 1.0))

    def convert(self, ratio: Tensor, shift: Tensor) -> None:
        """Keep the units where features are normalised anew: x was ratio · x + shift, each (D,)."""
        if self.changes:
            self.mean.sub_(shift).div_(ratio)
            self.scale.div_(ratio)
            self.median_change.div_(ratio)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → (B, N, T, D) or, with changes, (B, N, T, 2D)."""
        if not self.changes:
            return x
        change = nn.functional.pad(x.diff(dim=2), (0, 0, 1, 0))
        change = asinh(change / self.median_change) / 2
        return torch.cat([(x - self.mean) / self.scale, change], dim=-1)


class InferredGraph(nn.Module):
    """The posterior q(z | x) of an encoder, and samples of it.

    With `undirected` interactions are mutual: both directions of a pair get the mean of their
    logits and share their noise. The paper's model is directed.
    """

    def __init__(self, encoder: Encoder, inputs: EncoderInputs, undirected: bool):
        super().__init__()
        self.encoder = encoder
        self.inputs = inputs
        self.undirected = undirected
        self.edge_types = encoder.edge_types

    def logits(self, x: Tensor) -> Tensor:
        """Logits of each edge's type: (B, N, T, D) → (B, E, K)."""
        logits = self.encoder(self.inputs(x))
        return symmetrise(logits) if self.undirected else logits

    def sample(
        self,
        logits: Tensor,
        generator: torch.Generator,
        temperature: float,
        hard: bool,
        noise: float = 1.0,
    ) -> Tensor:
        """A relaxed or straight-through sample: (B, E, K) → (B, E, K).

        `noise` in [0, 1] goes from the deterministic softmax(logits) to a Gumbel-softmax
        sample at the given temperature.
        """
        gumbel = gumbel_noise(logits.shape, generator)
        if self.undirected:
            gumbel = share_noise(gumbel)
        return relaxed_sample(logits, noise * gumbel, 1 + noise * (temperature - 1), hard)

    def kl(self, logits: Tensor, prior: Tensor) -> Tensor:
        """KL divergence from the prior per sample and node, each undirected pair counted once."""
        divergence = kl_categorical(logits, prior)
        return divergence / 2 if self.undirected else divergence


class GivenGraph(nn.Module):
    """A known graph: "true" (that of each sample), "full" (all edges of type 1), "empty" (all of
    type 0, which is to send no messages) or "skeleton".
    """

    skeleton: Tensor | None

    def __init__(self, kind: str, edge_types: int, skeleton: Tensor | None = None):
        super().__init__()
        self.kind = kind
        self.edge_types = edge_types
        self.register_buffer("skeleton", skeleton)  # (E,) types

    def edges(self, x: Tensor, true_edges: Tensor | None = None) -> Tensor:
        """One-hot types of each edge: (B, N, T, D), (B, E) for the true graph → (B, E, K)."""
        batch, nodes = x.shape[:2]
        if self.kind == "true":
            if true_edges is None:
                raise ValueError("the true graph needs data with known edges")
            types = true_edges
        elif self.skeleton is not None:
            types = self.skeleton.expand(batch, -1)
        else:
            shape = batch, nodes * (nodes - 1)
            types = torch.full(shape, int(self.kind == "full"), device=x.device)
        return nn.functional.one_hot(types, self.edge_types).to(x.dtype)


class NRI(nn.Module):
    """A graph and a decoder.

    Without a decoder (None) it is the supervised encoder; with a `GivenGraph` it is a model of
    motion under a known graph. `features` are the names of the D features of a frame.

    `joint_decoder` is the decoder as it was when it last learned while graphs were being found;
    None if no later stage of the training changed it. Its likelihood defines the posterior of
    graphs, whatever `decoder` was refitted for since.
    """

    median_change: Tensor

    def __init__(
        self, graph: InferredGraph | GivenGraph, decoder: Decoder | None, features: Sequence[str]
    ):
        super().__init__()
        self.graph = graph
        self.decoder = decoder
        self.joint_decoder: Decoder | None = None
        self.features = tuple(features)
        self.register_buffer("median_change", torch.ones(len(features)))

    @property
    def infers_graph(self) -> bool:
        """Whether the graph comes from an encoder."""
        return isinstance(self.graph, InferredGraph)

    @property
    def inferred_graph(self) -> InferredGraph:
        """`graph` of a model that infers it; raises ValueError for a given graph."""
        if not isinstance(self.graph, InferredGraph):
            raise ValueError(f"the graph is given ({self.graph.kind}), not inferred by an encoder")
        return self.graph

    @property
    def required_decoder(self) -> Decoder:
        """`decoder` of a model that has one; raises ValueError for the supervised encoder."""
        if self.decoder is None:
            raise ValueError("the model is an encoder alone and has no decoder to predict with")
        return self.decoder

    @property
    def posterior_decoder(self) -> Decoder:
        """The decoder whose likelihood defines the posterior of graphs."""
        return self.joint_decoder or self.required_decoder

    def fit_scales(self, x: Tensor, standardise: bool) -> None:
        """Take the units of the encoder's inputs, the likelihood and, with `standardise`, the
        decoder from training trajectories (S, N, T, D), normalised.
        """
        self.median_change.copy_(median_change(x))
        if isinstance(self.graph, InferredGraph):
            self.graph.inputs.fit(x)
        scaling = None if self.decoder is None else self.decoder.scaling
        if standardise and scaling is not None:
            scaling.fit(x)

    def best_graph(self, x: Tensor, true_edges: Tensor | None = None) -> Tensor:
        """The graph to predict with: argmax of the posterior, or the given one, (B, E, K)."""
        if isinstance(self.graph, InferredGraph):
            return one_hot(self.graph.logits(x))
        return self.graph.edges(x, true_edges)
