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
from nri.model.decoders.layers import Messages, OutputMLP
from nri.model.fused_messages import all_edges, shares_of
from nri.model.loops import compiled_loop
from nri.model.posterior.assignments import assignment_count

__all__ = ["fused_assignment_changes"]

BLOCK_BYTES = 2**19  # of one layer of a block of edges or assignments; they stay in the cache


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
    layers = np.empty((2, _block_size(len(second.bias)), len(second.bias)), np.float32)
    with one_thread():
        _move(own.numpy(), terms, wanted, _turned(second), second.bias.numpy(),
              third.weight.numpy(), third.bias.numpy(), layers, found)  # fmt: skip
    return torch.from_numpy(found).view(-1, rows, nodes, count).movedim(0, -1)


def _block_size(width: int) -> int:
    """How many edges or assignments a block has."""
    return rows_at_once(max(1, BLOCK_BYTES // (4 * width)), width)


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
    block = np.empty((2, _block_size(shares.shape[-1]), shares.shape[-1]), np.float32)
    with one_thread():
        _send(shares.numpy(), senders, receivers, W, b, weight.t().contiguous().numpy(), block,
              found[messages.active.start :])  # fmt: skip
    return found


@compiled_loop
def _send(shares, senders, receivers, W, b, weight, layers, terms):
    """Set the terms (K, E, H') of messages, block by block of edges."""
    for k in range(len(W)):
        for start in range(0, len(senders), layers.shape[1]):
            stop = min(start + layers.shape[1], len(senders))
            h, m = layers[0, : stop - start], layers[1, : stop - start]
            for row in range(len(h)):
                sender, receiver = senders[start + row], receivers[start + row]
                for c in range(h.shape[1]):
                    h[row, c] = _positive(shares[sender, k, 0, c] + shares[receiver, k, 1, c])
            np.dot(h, W[k], m)
            _activate(m, b[k])
            np.dot(m, weight, terms[k, start:stop])


@compiled_loop
def _move(own, terms, chosen, C, bias_c, D, bias_d, layers, found):
    """Set the output (D, rows·A) for the chosen assignments (rows, A) of every receiver, or for all
    of them where none is chosen.
    """
    places, types, width = terms.shape[1] // len(own), len(terms), own.shape[1]
    left = np.empty((types ** (places // 2), width), np.float32)
    right = np.empty((types ** (places - places // 2), width), np.float32)
    count = chosen.shape[1] if chosen.shape[1] else len(left) * len(right)
    first, second = layers[0], layers[1]
    last = np.empty((len(D), len(first)), np.float32)
    filled = done = 0
    for row in range(len(own)):
        _fill_halves(own, terms, row, left, right)
        for place in range(count):
            assignment = chosen[row, place] if chosen.shape[1] else place
            i, j = assignment // len(right), assignment % len(right)
            for c in range(width):
                first[filled, c] = _positive(left[i, c] + right[j, c])
            filled += 1
            if filled == len(first) or done + filled == found.shape[1]:
                np.dot(first[:filled], C, second[:filled])
                _activate(second[:filled], bias_c)
                np.dot(D, second.T, last)
                for d in range(len(D)):
                    for n in range(filled):
                        found[d, done + n] = last[d, n] + bias_d[d]
                done, filled = done + filled, 0


@compiled_loop
def _activate(total, bias):
    """Add the bias to a layer (rows, H) and take the positive part."""
    for row in range(len(total)):
        for c in range(total.shape[1]):
            total[row, c] = _positive(total[row, c] + bias[c])


@compiled_loop
def _positive(value):
    """A number if it is positive, else 0; not a number stays so."""
    return np.float32(0) if value < 0 else value


@compiled_loop
def _fill_halves(own, terms, row, left, right):
    """The sums of both halves of a receiver's places; its own share is in the left ones."""
    places = terms.shape[1] // len(own)
    first, half = row * places, places // 2
    left[0] = own[row]
    _double(terms, first, first + half, left)
    right[0] = np.float32(0)
    _double(terms, first + half, first + places, right)


@compiled_loop
def _double(terms, first, last, sums):
    """Sums[a] = sums[0] + Σ_m terms[a_m, m] of every assignment a of the places first … last."""
    count = 1
    for place in range(first, last):
        for a in range(count - 1, -1, -1):  # from the back: nothing is read after it is replaced
            for k in range(len(terms) - 1, -1, -1):
                for c in range(sums.shape[1]):
                    sums[a * len(terms) + k, c] = sums[a, c] + terms[k, place, c]
        count *= len(terms)
