"""Σ_j Σ_k z_ij,k f_k(x_j, x_i) on a CPU core: the sum of `Messages`, block by block of edges.

What it earns (`python -m benchmarks step`): plain torch, which computes layer by layer
(`Messages.layer_by_layer`), takes so many times as long, by CPU time of one thread:

    update, paper's recipe, 5 and 10 objects    1.3 and 2.1
    update, RNN decoder                         1.1
    update, fast recipe: graphs are found       1.2 to 1.3
    update, fast recipe: a decoder is refitted  3.1
    evaluation, teacher-forced or free running  2.0 to 2.2

An update of the paper's recipe with 5 objects needs 220 MiB instead of 1,040. On small batches, as
in the fast recipe, tensors of all edges stay in the caches; what is gained there is mostly the time
between operations, which `nri.model.fused_unroll` saves.

Layer by layer, a core spends much of its time on moving tensors of all edges to and from memory.
Here a block of edges goes through both layers while it is in the cache. For the backward pass only
the places are kept where the ReLU of a message was open (of tanh, its value); hidden layers are
computed again from their nodes. Matrix products are torch's, and one loop over the edges of a block
does the rest. Edges of weight zero send nothing. Where no gradient with respect to the weights is
needed, they are left out, so that under a hard graph each edge is computed for its own type alone.

The layers of one type are h = σ(s_j + r_i), where s and r are the first layer's shares of sender
and receiver, and m = σ(W h + b). With g, the gradient with respect to the sum at the receiver,
d = z g σ' and u = Wᵀ d, the backward pass is

    ∂W = Σ d hᵀ,   ∂b = Σ d,   ∂s_j = ∂r_i = Σ u σ',   ∂z = gᵀ m,

the last one for a ReLU (uᵀ h + dᵀ b) / z, for which m need not be kept; where ∂z is wanted, d and u
are made without z, and multiplied with it after.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable

from nri import graph
from nri.model.decoder_loops import (
    add_messages,
    add_shares,
    back_to_messages,
    back_to_shares,
    weigh,
)
from nri.model.loops import as_array, block_rows
from nri.model.message_passing import PairLinear
from nri.model.precision import exact_products, product_type

__all__ = [
    "all_edges",
    "first_layer",
    "fused_messages",
    "is_fused",
    "shares_of",
    "visited_edges",
]


def is_fused(x: Tensor) -> bool:
    """Whether what is computed from x goes through the loops of this module."""
    return x.device.type == "cpu" and x.dtype == torch.float32


def fused_messages(
    nodes: Tensor,
    edges: Tensor,
    layers: Sequence[tuple[PairLinear, nn.Linear]],
    activation: Callable[[Tensor], Tensor],
) -> Tensor:
    """The sum over types and senders: (..., N, F), weights of edges (..., E, K) → (..., N, H).

    `layers` are the two layers of each of the K types, of which the first reads [sender, receiver];
    `activation` is relu or tanh.
    """
    leading, count = nodes.shape[:-2], nodes.shape[-2]
    received = _Messages.apply(
        shares_of(layers, nodes),
        edges.expand(*leading, -1, -1).flatten(0, -2).t().contiguous(),
        torch.stack([second.weight for _, second in layers]),
        torch.stack([second.bias for _, second in layers]),
        count,
        activation is nn.functional.relu,
        torch.is_grad_enabled(),
        product_type(),
    )
    return received.view(*leading, count, -1)


def first_layer(layers: Sequence[tuple[PairLinear, nn.Linear]]) -> tuple[Tensor, Tensor]:
    """Weight (F, K·2·H) and bias of the first layer's shares of both ends of an edge."""
    first = [layer for layer, _ in layers]
    weight = torch.cat([half for layer in first for half in layer.weight.t().chunk(2)], dim=1)
    bias = torch.cat([b for layer in first for b in (torch.zeros_like(layer.bias), layer.bias)])
    return weight, bias


def shares_of(layers: Sequence[tuple[PairLinear, nn.Linear]], nodes: Tensor) -> Tensor:
    """The first layer's shares of every node as sender and as receiver: (..., N, F) →
    (rows, K, 2, H).
    """
    weight, bias = first_layer(layers)
    with exact_products(nodes) if layers[0][0].reads_data else nullcontext():
        shares = torch.addmm(bias, nodes.flatten(0, -2), weight)
    return shares.float().unflatten(-1, (len(layers), 2, -1))


@dataclass(frozen=True)
class _Block:
    """Some edges of one type that send, and room for their layers.

    `rows` is their place among all that send; `edges` their numbers, (V,), `senders` and
    `receivers` the rows of their ends, `weights` their z. `layers` (3, V, H), in the type of the
    products, and `arrays` are the same memory, which all blocks share; so do they `wide` (V, H),
    float32.
    """

    type: int
    rows: slice
    edges: np.ndarray
    senders: np.ndarray
    receivers: np.ndarray
    weights: np.ndarray
    layers: Sequence[Tensor]
    arrays: Sequence[np.ndarray]
    wide: Tensor


def _blocks_of(
    z: Tensor, nodes: int, hidden: int, every: bool, products: torch.dtype
) -> list[_Block]:
    """All edges of weights z (K, rows·(N - 1)), or those of a weight but zero, type by type."""
    senders, receivers = all_edges(z.shape[1] // (nodes * (nodes - 1)), nodes)
    visited = visited_edges(z.numpy(), every)
    size = min(block_rows(hidden, products.itemsize), max(1, *map(len, visited)))
    buffers, wide = z.new_empty(3, size, hidden, dtype=products), z.new_empty(size, hidden)
    blocks, first = [], 0
    for k, edges in enumerate(visited):
        for start in range(0, len(edges), size):
            block = edges[start : start + size]
            layers = buffers[:, : len(block)].unbind()
            blocks.append(
                _Block(
                    type=k,
                    rows=slice(first + start, first + start + len(block)),
                    edges=block,
                    senders=senders[block],
                    receivers=receivers[block],
                    weights=z.numpy()[k, block],
                    layers=layers,
                    arrays=[as_array(layer) for layer in layers],
                    wide=wide[: len(block)],
                )
            )
        first += len(edges)
    return blocks


def visited_edges(z: np.ndarray, every: bool) -> list[np.ndarray]:
    """The numbers of all edges, or of those of a weight but zero, of each type of z (K, edges)."""
    return [np.arange(len(row)) if every else np.flatnonzero(row) for row in z]


@lru_cache(maxsize=16)
def all_edges(frames: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the sender and the receiver of every edge of so many frames, both int32."""
    first = nodes * np.arange(frames, dtype=np.int32)[:, None]
    ends = graph.senders(nodes), graph.receivers(nodes)
    senders, receivers = ((first + end.astype(np.int32)).ravel() for end in ends)
    return senders, receivers


def _send(
    shares: Tensor, W: Tensor, b: Tensor, blocks: list[_Block], relu: bool,
    keep: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The sums of messages (rows, H) and, with `keep`, what `_send_back` needs of each message.

    W and b have the type of the products.
    """
    received = shares.new_zeros(len(shares), len(b[0]))
    count = blocks[-1].rows.stop if keep and blocks else 0
    kept = torch.empty(count, len(b[0]), dtype=torch.uint8 if relu else shares.dtype)
    all_shares, all_received, all_kept = shares.numpy(), received.numpy(), kept.numpy()
    for block in blocks:
        k, (_, m, _) = block.type, block.layers
        torch.addmm(b[k], _hidden(block, all_shares, relu), W[k].t(), out=m)
        sent = block.arrays[1] if relu else _tanh(block.wide.copy_(m)).numpy()
        add_messages(sent, block.weights, block.receivers, relu, all_received, all_kept[block.rows])
    return received, kept


def _hidden(block: _Block, shares: np.ndarray, relu: bool) -> Tensor:
    """The hidden layer (V, H) of a block, in its first layer."""
    h = block.layers[0]
    if relu:
        add_shares(shares, block.type, block.senders, block.receivers, True, block.arrays[0])
        return h
    add_shares(shares, block.type, block.senders, block.receivers, False, block.wide.numpy())
    return h.copy_(_tanh(block.wide))


@dataclass(frozen=True)
class _MessageGradients:
    """Gradients with respect to W (K, H, H), b (K, H) and, if it is wanted, z (K, edges).

    `_send_back` adds to them.
    """

    W: Tensor
    b: Tensor
    z: Tensor | None

    @staticmethod
    def zeros(W: Tensor, b: Tensor, z: Tensor | None) -> "_MessageGradients":
        """None yet."""
        return _MessageGradients(
            torch.zeros_like(W), torch.zeros_like(b), None if z is None else torch.zeros_like(z)
        )


def _add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """Add a b to a float32 total, whatever the type of both factors."""
    if a.dtype == total.dtype:
        total.addmm_(a, b)
    else:
        total.add_(a @ b)


def _send_back(
    g: Tensor,
    shares: Tensor,
    W: Tensor,
    b: Tensor,
    blocks: list[_Block],
    kept: Tensor,
    relu: bool,
    gradients: _MessageGradients,
) -> Tensor:
    """Of the gradient g (rows, H) with respect to the sums: that with respect to the shares."""
    of_shares, of_z, early = torch.zeros_like(shares), gradients.z, gradients.z is None
    arrays = g.numpy(), shares.numpy(), kept.numpy(), gradients.b.numpy(), of_shares.numpy()
    all_g, all_shares, all_kept, of_b, all_of_shares = arrays
    for block in blocks:
        k, (_, d, u), (hs, ds, us) = block.type, block.layers, block.arrays
        h = _hidden(block, all_shares, relu)
        # Where z gets no gradient, it goes into d, and so into all that follows from it.
        of_weights = np.empty(0 if early else len(block.edges), np.float32)
        back_to_messages(
            all_g, all_kept[block.rows], block.receivers, block.weights, relu, early, ds,
            of_weights, of_b[k],
        )  # fmt: skip
        torch.mm(d, W[k], out=u)
        if of_z is not None:
            weigh(us, hs, ds, as_array(b[k]), block.weights, relu, of_weights, of_b[k])
            of_z.numpy()[k, block.edges] += of_weights
        back_to_shares(us, hs, k, block.senders, block.receivers, relu, all_of_shares)
        _add_product(gradients.W[k], d.t(), h)
    return of_shares


class _Messages(torch.autograd.Function):
    """Shares (rows, K, 2, H), z (K, rows (N - 1)), W (K, H, H), b (K, H) → sums (rows, H)."""

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(
        ctx: Any,
        shares: Tensor,
        z: Tensor,
        W: Tensor,
        b: Tensor,
        nodes: int,
        relu: bool,
        keep: bool,
        products: torch.dtype,
    ) -> Tensor:
        every = keep and z.requires_grad
        ctx.blocks = _blocks_of(z.detach(), nodes, W.shape[1], every, products)
        received, kept = _send(
            shares.detach(), W.to(products), b.to(products), ctx.blocks, relu, keep
        )
        ctx.save_for_backward(shares, z, W, b, kept)
        ctx.relu, ctx.products = relu, products
        return received

    @staticmethod
    @custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        shares, z, W, b, kept = (tensor.detach() for tensor in ctx.saved_tensors)
        found = _MessageGradients.zeros(W, b, z if ctx.needs_input_grad[1] else None)
        W, b = W.to(ctx.products), b.to(ctx.products)
        of_shares = _send_back(
            gradient.contiguous(), shares, W, b, ctx.blocks, kept, ctx.relu, found
        )
        return of_shares, found.z, found.W, found.b, None, None, None, None


def _tanh(x: Tensor) -> Tensor:
    """In place, to 2e-7; three times as fast as torch's own, which is exact to the last bit."""
    return x.mul_(2).sigmoid_().mul_(2).sub_(1)
