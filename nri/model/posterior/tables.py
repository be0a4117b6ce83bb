"""The likelihood of every assignment of every receiver, for decoders without memory.

Such a decoder moves a node by the messages that it receives, and by nothing else of the graph.
The likelihood is thus a sum over receivers, log p(x | z) = Σ_i L_i(z_·i), and each L_i a table
of the A = K^(N-1) assignments of the edges into i.

The messages of a transition are computed once for every edge and type, and taken through the
node network's first layer, which is linear in their sum. What an assignment costs is then one
addition of vectors, the second layer and the third.
"""

from typing import Protocol, TypeGuard

import torch
from torch import Tensor, nn

from nri.model.decoders.decoder import Decoder
from nri.model.decoders.layers import Messages, OutputMLP, Scaling
from nri.model.posterior.assignments import assignment_count
from nri.model.rollout import frames_at

__all__ = ["Tabulated", "has_tables", "receiver_tables", "samples_at_once"]

TABLE_ENTRIES = 2**24  # of single transitions in memory at a time
BLOCK_BYTES = 2**20  # of one layer of all assignments in a block: two of them fit the cache


class Tabulated(Protocol):
    """What tables need of a decoder: units, messages whose sum a node receives, and its network."""

    scaling: Scaling
    messages: Messages
    output: OutputMLP


def has_tables(decoder: nn.Module) -> TypeGuard[Tabulated]:
    """Whether each receiver's motion depends on the sum of its messages, and on no other edge."""
    return isinstance(decoder, Decoder) and decoder.tabulated


def samples_at_once(nodes: int, edge_types: int, transitions: int) -> int:
    """Of how many samples `receiver_tables` keeps the tables of single transitions in memory."""
    return max(1, TABLE_ENTRIES // (transitions * nodes * assignment_count(nodes, edge_types)))


def receiver_tables(
    decoder: Tabulated, likelihood: nn.Module, x: Tensor, edge_types: int, starts: Tensor
) -> Tensor:
    """L_i(a) = Σ_t log p(x_{t+1,i} | x_t, a) of every receiver i and assignment a: (B, N, A).

    x (B, N, T, D); `starts` (B, W) are the frames t; log p is up to the likelihood's constant.
    Differentiable; only a block of transitions is in memory at a time where no gradient is kept.
    """
    batch, nodes = x.shape[:2]
    frames = frames_at(x, starts).flatten(0, 1)  # (B·W, N, D)
    following = frames_at(x, starts + 1).flatten(0, 1)
    hidden = decoder.output.out_fc2.in_features
    count = assignment_count(nodes, edge_types)
    rows = max(1, BLOCK_BYTES // (4 * hidden * count * nodes))
    blocks = [
        _costs(decoder, likelihood, now, then)
        for now, then in zip(frames.split(rows), following.split(rows), strict=True)
    ]
    return -torch.cat(blocks).view(batch, -1, nodes, count).sum(1)


def _costs(decoder: Tabulated, likelihood: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """-log p(target_i | x, a) of single transitions: (R, N, D), (R, N, D) → (R, N, A)."""
    network, features = decoder.output, x.shape[-1]
    inputs = decoder.scaling.inputs(x)
    weight = network.out_fc1.weight
    own = nn.functional.linear(inputs, weight[:, :features], network.out_fc1.bias)
    received = _type_messages(decoder.messages, inputs) @ weight[:, features:].t()
    hidden = _sums(own.flatten(0, 1), received.flatten(0, 1)).relu_()
    hidden = network.out_fc2(hidden).relu_()
    change = network.out_fc3(hidden).unflatten(0, x.shape[:2])
    predicted = decoder.scaling.advance(x.unsqueeze(-2), change)
    return likelihood(predicted - target.unsqueeze(-2)).sum(-1)


def _type_messages(messages: Messages, nodes: Tensor) -> Tensor:
    """The message of every edge under every type: (R, N, F) → (R, N, N-1, K, H)."""
    found = []
    for k, (first, second) in enumerate(zip(messages.msg_fc1, messages.msg_fc2, strict=True)):
        message = second(first(nodes).relu()).relu()
        found.append(message if k in messages.active else torch.zeros_like(message))
    stacked = torch.stack(found, dim=-2)
    return stacked.unflatten(1, (nodes.shape[1], nodes.shape[1] - 1))


def _sums(own: Tensor, terms: Tensor) -> Tensor:
    """Own + Σ_m terms[m, a_m] for every assignment a: (R, H), (R, M, K, H) → (R, A, H).

    Assignments of either half of the places are summed first, so that the last addition is
    the only one of full size.
    """
    half = terms.shape[1] // 2
    left, right = _outer(terms[:, :half]), _outer(terms[:, half:])
    left = own.unsqueeze(1) + left
    return (left.unsqueeze(2) + right.unsqueeze(1)).flatten(1, 2)


def _outer(terms: Tensor) -> Tensor:
    """Σ_m terms[m, a_m] for every assignment: (R, M, K, H) → (R, K^M, H)."""
    total = terms.new_zeros(len(terms), 1, terms.shape[-1])
    for place in terms.unbind(1):
        total = (total.unsqueeze(2) + place.unsqueeze(1)).flatten(1, 2)
    return total
