"""Where every assignment of every receiver moves it, on a CPU core: `tables` in blocks that fit
the cache.

The sums of messages of a receiver's assignments are made by doubling: those of either half of its
places first, so that an assignment is one addition of two vectors, which goes with its ReLU
straight to where the product with the second layer reads it. Products are BLAS's
(`nri.model.blas`). `nri.model.posterior.tables.assignment_changes` is the same in plain torch.
"""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from nri.model.blas import one_thread, rows_at_once
from nri.model.decoder_loops import move, send_terms
from nri.model.decoders.layers import Messages, OutputMLP
from nri.model.fused_messages import all_edges, shares_of
from nri.model.posterior.assignments import assignment_count

__all__ = ["fused_assignment_changes"]


class _Networks(Protocol):
    """What a decoder is made of here."""

    messages: Messages
    output: OutputMLP


def fused_assignment_changes(
    decoder: _Networks, inputs: Tensor, edge_types: int, chosen: Tensor | None
) -> Tensor:
    """The decoder's output for all assignments: (R, N, F) → (R, N, A, D).

    chosen (R, N, C): of these assignments, (R, N, C, D). Without gradients.
    """
    network, (rows, nodes, features) = decoder.output, inputs.shape
    first, second, third = network.out_fc1, network.out_fc2, network.out_fc3
    own = torch.addmm(first.bias, inputs.flatten(0, 1), first.weight[:, :features].t())
    terms = _terms(decoder.messages, inputs, edge_types, first.weight[:, features:])
    count = assignment_count(nodes, edge_types)
    wanted = np.empty((rows * nodes, 0), np.int64)
    if chosen is not None:
        count = chosen.shape[-1]
        wanted = chosen.reshape(-1, count).numpy()
    # Features first, as they are next to each other in no pass that follows.
    found = np.empty((third.out_features, rows * nodes * count), np.float32)
    layers = _block(len(second.bias))
    with one_thread():
        move(own.numpy(), terms, wanted, _turned(second), second.bias.numpy(),
             third.weight.numpy(), third.bias.numpy(), layers, found)  # fmt: skip
    return torch.from_numpy(found).view(-1, rows, nodes, count).movedim(0, -1)


def _block(width: int) -> np.ndarray:
    """Room for two layers of a block of edges or assignments."""
    return np.empty((2, rows_at_once(width), width), np.float32)


def _turned(layer: nn.Linear) -> np.ndarray:
    """The weight of a layer as (in, out)."""
    return layer.weight.t().contiguous().numpy()


def _terms(messages: Messages, inputs: Tensor, edge_types: int, weight: Tensor) -> np.ndarray:
    """The message of every edge under every type, times weight (H', H): (R, N, F) → (K, E, H'),
    the edges of all rows together.
    """
    layers = messages.active_layers()
    shares = shares_of(layers, inputs)
    senders, receivers = all_edges(*inputs.shape[:2])
    found = np.zeros((edge_types, len(senders), len(weight)), np.float32)
    W = np.stack([_turned(second) for _, second in layers])
    b = np.stack([second.bias.numpy() for _, second in layers])
    block = _block(shares.shape[-1])
    with one_thread():
        send_terms(shares.numpy(), senders, receivers, W, b, weight.t().contiguous().numpy(), block,
              found[messages.active.start :])  # fmt: skip
    return found
