"""Several seeds of one run in one process: their weights stacked, each update one for all of them.

A small model leaves most of a GPU idle. R seeds of it are R models of the same shape: with their
weights stacked, torch.vmap computes the updates of all with kernels R times as large, and no more
of them than for one. Each seed sees its own batches and draws its own noise, so that it learns what
the training of it alone learns, up to the rounding of sums (tests/test_seeds_at_once.py).

It is a benchmark and no way to train in the pipeline. A job for each seed has a checkpoint of its
own, stops and continues bit by bit, and runs again alone; its graphs are found and its best weights
are kept by code that a stack would need a second version of.
"""

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from benchmarks.plain import torch_copy
from nri.config.training import TrainingSettings
from nri.model.latent import gumbel_noise, relaxed_sample, share_noise
from nri.model.nri import NRI, InferredGraph
from nri.model.objectives import ELBO
from nri.model.rollout import teacher_forced_windows

__all__ = ["SeedsAtOnce"]


class NoiseFromOutside(InferredGraph):
    """An inferred graph that is handed its noise (B, E, K) in the place of a generator.

    A generator is one for all seeds inside of vmap; each seed has its own outside of it.
    """

    def sample(
        self,
        logits: Tensor,
        generator: torch.Generator | Tensor,
        temperature: float,
        hard: bool,
        noise: float = 1.0,
    ) -> Tensor:
        """A sample as `InferredGraph.sample` makes it: (B, E, K) → (B, E, K)."""
        if not isinstance(generator, Tensor):
            raise TypeError("the noise itself is wanted, not a generator")
        gumbel = share_noise(generator) if self.undirected else generator
        return relaxed_sample(logits, noise * gumbel, 1 + noise * (temperature - 1), hard)


class Loss(nn.Module):
    """The loss of a batch as the forward pass of a module, whose weights vmap can replace."""

    def __init__(self, model: NRI, settings: TrainingSettings):
        super().__init__()
        graph = model.inferred_graph
        model.graph = NoiseFromOutside(graph.encoder, graph.inputs, graph.undirected)
        self.model = model
        self.objective = ELBO(model, settings, true_type_count=0)
        self.objective.predict_windows = teacher_forced_windows

    def forward(self, x: Tensor, noise: Tensor, progress: float) -> Tensor:
        """(B, N, T, D), (B, E, K) → the loss of one seed, a scalar."""
        return self.objective.training(x, None, noise, progress).loss  # type: ignore[arg-type]


class SeedsAtOnce:
    """R models of one run, and their trainings by Adam: an update of all of them at a time.

    For what the paper's recipe does: graphs sampled from the encoder, all windows. Raises
    ValueError of settings that draw windows or clip gradients, which is done seed by seed.
    """

    def __init__(
        self,
        models: Sequence[NRI],
        settings: TrainingSettings,
        generators: Sequence[torch.Generator],
    ):
        if settings.loss_windows != "all" or settings.gradient_clip is not None:
            raise ValueError("seeds at once: only with loss_windows: all and gradient_clip: null")
        self.settings, self.generators = settings, generators
        losses = [Loss(_plain(model), settings).train() for model in models]
        self.weights, self.buffers = stack_module_state(losses)
        self.loss = losses[0]
        trained = [weight for weight in self.weights.values() if weight.requires_grad]
        self.optimiser = torch.optim.Adam(trained, settings.learning_rate, fused=True)
        self.losses = torch.vmap(self._of_one, in_dims=(0, 0, 0, 0, None))

    def update(self, x: Tensor, progress: float = 1.0) -> Tensor:
        """Batches (R, B, N, T, D), one for each seed → their losses (R,) before this update."""
        edges = x.shape[2] * (x.shape[2] - 1)
        shape = (x.shape[1], edges, self.loss.model.graph.edge_types)
        noise = torch.stack([gumbel_noise(shape, each) for each in self.generators]).to(x)
        self.optimiser.zero_grad(set_to_none=True)
        losses = self.losses(self.weights, self.buffers, x, noise, progress)
        losses.sum().backward()  # no weight is in two losses
        self.optimiser.step()
        return losses.detach()

    def state_dict(self, place: int) -> dict[str, Tensor]:
        """Weights and buffers of the model in this place, by the names that they have there."""
        stacked = {**self.weights, **self.buffers}
        start = "model."
        return {name.removeprefix(start): each[place].detach() for name, each in stacked.items()}

    def _of_one(
        self,
        weights: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        x: Tensor,
        noise: Tensor,
        progress: float,
    ) -> Tensor:
        """The loss of one seed, as vmap sees it."""
        return functional_call(self.loss, {**weights, **buffers}, (x, noise, progress))


def _plain(model: NRI) -> NRI:
    """A copy in plain torch, which vmap can look into where a CPU's loops are closed to it."""
    return torch_copy(copy.deepcopy(model))
