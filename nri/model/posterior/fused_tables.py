"""Where every assignment of every receiver moves it, on a CPU core: `tables` in blocks that fit
the cache.

The sums of messages of a receiver's assignments are made by doubling: those of either half of its
places first, so that an assignment is one addition of two vectors, which goes with its ReLU
straight to where the product with the second layer reads it.
`nri.model.posterior.tables.assignment_changes` is the same in plain torch.
"""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from nri.model.decoder_loops import add_shares
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
    terms = _terms(decoder.messages, inputs, edge_types, first.weight[:, features:].t())
    count = assignment_count(nodes, edge_types) if chosen is None else chosen.shape[-1]
    wanted = None if chosen is None else chosen.reshape(-1, count).numpy()
    # Features first, as they are next to each other in no product and in no pass that follows.
    found = own.new_empty(third.out_features, rows * nodes * count)
    step = max(1, _rows(own.shape[1]) // count)
    own_array, terms_array = own.numpy(), terms.numpy()
    hidden = own.new_empty(2, step * count, own.shape[1])
    left, right = _halves(nodes - 1, edge_types, own.shape[1])
    for start in range(0, rows * nodes, step):
        stop = min(start + step, rows * nodes)
        a, b = hidden[:, : (stop - start) * count]
        if wanted is None:
            _sums(own_array, terms_array, start, stop, left, right, a.numpy())
        else:
            _chosen_sums(own_array, terms_array, start, stop, left, right, wanted, a.numpy())
        torch.addmm(second.bias, a, second.weight.t(), out=b).relu_()
        torch.mm(third.weight, b.t(), out=found[:, start * count : stop * count])
    return found.add_(third.bias.unsqueeze(-1)).view(-1, rows, nodes, count).movedim(0, -1)


def _rows(width: int) -> int:
    """How many rows of so many float32 values a block has."""
    return max(1, BLOCK_BYTES // (4 * width))


def _terms(messages: Messages, inputs: Tensor, edge_types: int, weight: Tensor) -> Tensor:
    """The message of every edge under every type, times weight (H, H'): (R, N, F) → (K, E, H'),
    the edges of all rows together.
    """
    layers = messages.active_layers()
    shares = shares_of(layers, inputs)
    senders, receivers = all_edges(*inputs.shape[:2])
    found = inputs.new_zeros(edge_types, len(senders), weight.shape[1])
    size = min(_rows(shares.shape[-1]), len(senders))
    hidden, sent = inputs.new_empty(2, size, shares.shape[-1])
    for place, (k, (_, second)) in enumerate(zip(messages.active, layers, strict=True)):
        for start in range(0, len(senders), size):
            block = slice(start, start + size)
            count = len(senders[block])
            h, m = hidden[:count], sent[:count]
            add_shares(shares.numpy(), place, senders[block], receivers[block], True, h.numpy())
            torch.addmm(second.bias, h, second.weight.t(), out=m).relu_()
            torch.mm(m, weight, out=found[k, block])
    return found


def _halves(places: int, edge_types: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for the sums of either half of the places."""
    half = places // 2
    left, right = edge_types**half, edge_types ** (places - half)
    return np.empty((left, width), np.float32), np.empty((right, width), np.float32)


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
def _add_halves(one, other, h):
    """H = the positive part of the sum; not a number stays so."""
    for c in range(len(h)):
        total = one[c] + other[c]
        h[c] = np.float32(0) if total < 0 else total


@compiled_loop
def _sums(own, terms, start, stop, left, right, h):
    """The first layer of all assignments of receivers start … stop."""
    place = 0
    for row in range(start, stop):
        _fill_halves(own, terms, row, left, right)
        for i in range(len(left)):
            for j in range(len(right)):
                _add_halves(left[i], right[j], h[place])
                place += 1


@compiled_loop
def _chosen_sums(own, terms, start, stop, left, right, chosen, h):
    """The first layer of the chosen assignments of receivers start … stop."""
    place = 0
    for row in range(start, stop):
        _fill_halves(own, terms, row, left, right)
        for a in chosen[row]:
            _add_halves(left[a // len(right)], right[a % len(right)], h[place])
            place += 1
