"""The likelihood of every assignment of every receiver, for decoders without memory.

Such a decoder moves a node by the messages that it receives, and by nothing else of the graph.
The likelihood is thus a sum over receivers, log p(x | z) = Σ_i L_i(z_·i), and each L_i a table
of the A = K^(N-1) assignments of the edges into i.

The messages of a transition are computed once for every edge and type, and taken through the
node network's first layer, which is linear in their sum. What an assignment costs is then one
addition of vectors, the second layer and the third.
"""

import itertools
from collections.abc import Iterable
from typing import Protocol, TypeGuard

import torch
from torch import Tensor, nn

from nri.model.decoders.decoder import Decoder
from nri.model.decoders.layers import Messages, OutputMLP, Scaling
from nri.model.frames import frames_at
from nri.model.fused_messages import is_fused
from nri.model.posterior.assignments import assignment_count
from nri.model.posterior.fused_tables import fused_assignment_changes

__all__ = ["Tabulated", "has_tables", "receiver_tables", "samples_at_once"]

TABLE_ENTRIES = 2**24  # of single transitions in memory at a time
BLOCK_ROWS = 2**16  # assignments of receivers that are taken through the network at a time


class Tabulated(Protocol):
    """What tables need of a decoder: units, messages whose sum a node receives, and its network."""

    order: int
    scaling: Scaling
    messages: Messages
    output: OutputMLP

    def inputs(self, x: Tensor, before: Tensor | None) -> Tensor:
        """What its networks see of frames (R, N, D) and of the ones before, (R, N, F)."""

    def state_before(self, x: Tensor, times: Tensor) -> Tensor | None:
        """The frames before, or None if it sees one alone."""


def has_tables(decoder: nn.Module) -> TypeGuard[Tabulated]:
    """Whether each receiver's motion depends on the sum of its messages, and on no other edge."""
    return isinstance(decoder, Decoder) and decoder.tabulated


def samples_at_once(nodes: int, edge_types: int, transitions: int) -> int:
    """Of how many samples `receiver_tables` keeps the tables of single transitions in memory."""
    return max(1, TABLE_ENTRIES // (transitions * nodes * assignment_count(nodes, edge_types)))


def receiver_tables(
    decoder: Tabulated,
    likelihood: nn.Module,
    x: Tensor,
    edge_types: int,
    starts: Tensor,
    chosen: Tensor | None = None,
) -> Tensor:
    """L_i(a) = Σ_t log p(x_{t+1,i} | x_t, a) of every receiver i and assignment a: (B, N, A).

    x (B, N, T, D); `starts` (B, W) are the frames t, for a decoder that sees changes without the
    first; log p is up to the likelihood's constant.
    chosen (B, N, C): the assignments of each receiver to compute, instead of all: (B, N, C).
    Differentiable; only a block of transitions is in memory at a time where no gradient is kept.
    """
    batch, nodes = x.shape[:2]
    before = decoder.state_before(x, starts)
    seen = decoder.inputs(frames_at(x, starts), before).flatten(0, 1)  # (B·W, N, F)
    frames = frames_at(x, starts).flatten(0, 1)  # (B·W, N, D)
    following = frames_at(x, starts + 1).flatten(0, 1)
    count = assignment_count(nodes, edge_types) if chosen is None else chosen.shape[-1]
    rows = max(1, BLOCK_ROWS // (count * nodes))
    wanted: Iterable[Tensor | None] = itertools.repeat(None)
    if chosen is not None:
        wanted = chosen.repeat_interleave(starts.shape[1], dim=0).split(rows)
    blocks = [
        _costs(decoder, likelihood, edge_types, *part)
        for part in zip(
            seen.split(rows), frames.split(rows), following.split(rows), wanted, strict=False
        )
    ]
    return -torch.cat(blocks).view(batch, -1, nodes, count).sum(1)


def _costs(
    decoder: Tabulated,
    likelihood: nn.Module,
    edge_types: int,
    inputs: Tensor,
    x: Tensor,
    target: Tensor,
    chosen: Tensor | None,
) -> Tensor:
    """-log p(target_i | x, a) of single transitions: (R, N, F), (R, N, D) twice → (R, N, A).

    inputs: what the decoder sees of x. chosen (R, N, C): of these assignments, (R, N, C).
    """
    change = assignment_changes(decoder, inputs, edge_types, chosen)
    # The change is added to x - target, which has A times fewer values than the prediction.
    return likelihood(decoder.scaling.advance((x - target).unsqueeze(-2), change)).sum(-1)


def assignment_changes(
    decoder: Tabulated, inputs: Tensor, edge_types: int, chosen: Tensor | None
) -> Tensor:
    """The decoder's output for every assignment of every receiver: (R, N, F) → (R, N, A, D).

    chosen (R, N, C): of these assignments, (R, N, C, D).
    """
    if is_fused(inputs) and not torch.is_grad_enabled():
        return fused_assignment_changes(decoder, inputs, edge_types, chosen)
    network, features = decoder.output, inputs.shape[-1]
    weight = network.out_fc1.weight
    own = nn.functional.linear(inputs, weight[:, :features], network.out_fc1.bias)
    received = _type_messages(decoder.messages, inputs, weight[:, features:])
    which = None if chosen is None else chosen.flatten(0, 1)
    hidden = _sums(own.flatten(0, 1), received.flatten(0, 1), which).relu_()
    hidden = network.out_fc2(hidden).relu_()
    return network.out_fc3(hidden).unflatten(0, inputs.shape[:2])


def _type_messages(messages: Messages, nodes: Tensor, weight: Tensor) -> Tensor:
    """Weight (H', H) times the message of every edge under every type: (R, N, F) →
    (R, N, N-1, K, H').
    """
    (rows, count), types = nodes.shape[:2], len(messages.msg_fc1)
    found = nodes.new_zeros(rows, count * (count - 1), types, len(weight))
    for k in messages.active:
        message = messages.msg_fc2[k](messages.msg_fc1[k](nodes).relu()).relu()
        found[:, :, k] = message @ weight.t()
    return found.unflatten(1, (count, count - 1))


def _sums(own: Tensor, terms: Tensor, chosen: Tensor | None) -> Tensor:
    """Own + Σ_m terms[m, a_m] for every assignment a: (R, H), (R, M, K, H) → (R, A, H).

    Assignments of either half of the places are summed first, so that the last addition is
    the only one of full size. chosen (R, C): of these assignments, (R, C, H).
    """
    half = terms.shape[1] // 2
    left, right = _outer(terms[:, :half]), _outer(terms[:, half:])
    left = own.unsqueeze(1) + left
    if chosen is None:
        return (left.unsqueeze(2) + right.unsqueeze(1)).flatten(1, 2)
    rows = torch.arange(len(own), device=own.device).unsqueeze(-1)
    first = chosen // right.shape[1] + left.shape[1] * rows
    second = chosen % right.shape[1] + right.shape[1] * rows + len(own) * left.shape[1]
    halves = torch.cat([left.flatten(0, 1), right.flatten(0, 1)])
    pairs = torch.stack([first, second], dim=-1).flatten(0, 1)
    return nn.functional.embedding_bag(pairs, halves, mode="sum").view(*chosen.shape, -1)


def _outer(terms: Tensor) -> Tensor:
    """Σ_m terms[m, a_m] for every assignment: (R, M, K, H) → (R, K^M, H)."""
    total = terms.new_zeros(len(terms), 1, terms.shape[-1])
    for place in terms.unbind(1):
        total = (total.unsqueeze(2) + place.unsqueeze(1)).flatten(1, 2)
    return total
