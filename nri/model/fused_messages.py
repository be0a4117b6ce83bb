"""Σ_j Σ_k z_ij,k f_k(x_j, x_i) on a CPU core: the sum of `Messages`, block by block of edges.

What it earns (`python -m benchmarks step`): plain torch, which computes layer by layer
(`Messages.layer_by_layer`), takes so many times as long, by CPU time of one thread:

    update, paper's recipe, 5 and 10 objects    1.3 and 2.7
    update, RNN decoder                         1.1
    update, fast recipe                         1.0
    update, refit of the decoder alone          1.1 to 1.2
    evaluation, teacher-forced or free running  1.6 to 1.9

An update of the paper's recipe with 5 objects needs 360 MiB instead of 910. On small batches, as in
the fast recipe, tensors of all edges stay in the caches and there is little to gain.

Layer by layer, a core spends much of its time on moving tensors of all edges to and from memory.
Here a block of edges goes through both layers while it is in the cache. For the backward pass only
the places are kept where the ReLU of a message was open (of tanh, its value); hidden layers are
computed again from their nodes. Matrix products are torch's, and one loop over the edges of a block
does the rest. Edges of weight zero send nothing. Where no gradient with respect to the weights is
needed, they are left out, so that under a hard graph each edge is computed for its own type alone.

The layers of one type are h = σ(s_j + r_i), where s and r are the first layer's shares of sender
and receiver, and m = σ(W h + b). With g, the gradient with respect to the sum at the receiver,
d = g σ' and u = Wᵀ d, the backward pass is

    ∂W = Σ d (z h)ᵀ,   ∂b = Σ z d,   ∂s_j = ∂r_i = Σ z u σ',   ∂z = gᵀ m,

the last one for a ReLU dᵀ (W h + b) = uᵀ h + dᵀ b, for which m need not be kept.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

__all__ = ["fused_messages"]

BLOCK_BYTES = 2**19  # of one layer of a block: a few of them fit the cache of a core
ZERO, ONE = np.float32(0.0), np.float32(1.0)

_compiled = numba.njit(error_model="numpy", cache=True, fastmath={"reassoc", "contract"})


def fused_messages(
    nodes: Tensor,
    edges: Tensor,
    layers: Sequence[tuple[nn.Linear, nn.Linear]],
    activation: Callable[[Tensor], Tensor],
) -> Tensor:
    """The sum over types and senders: (..., N, F), weights of edges (..., E, K) → (..., N, H).

    `layers` are the two layers of each of the K types, of which the first reads [sender, receiver];
    `activation` is relu or tanh.
    """
    first, second = zip(*layers, strict=True)
    leading, count = nodes.shape[:-2], nodes.shape[-2]
    # The first layer's shares of both ends of an edge, per node: (rows, K, 2, H).
    weight = torch.cat([half for layer in first for half in layer.weight.t().chunk(2)], dim=1)
    bias = torch.cat([b for layer in first for b in (torch.zeros_like(layer.bias), layer.bias)])
    shares = torch.addmm(bias, nodes.flatten(0, -2), weight).unflatten(-1, (len(first), 2, -1))
    received = _Messages.apply(
        shares,
        edges.expand(*leading, -1, -1).flatten(0, -2).t().contiguous(),
        torch.stack([layer.weight for layer in second]),
        torch.stack([layer.bias for layer in second]),
        count,
        activation is nn.functional.relu,
        torch.is_grad_enabled(),
    )
    return received.view(*leading, count, -1)


class _Messages(torch.autograd.Function):
    """Shares (rows, K, 2, H), z (K, rows (N - 1)), W (K, H, H), b (K, H) → sums (rows, H)."""

    @staticmethod
    def forward(
        ctx: Any,
        shares: Tensor,
        z: Tensor,
        W: Tensor,
        b: Tensor,
        nodes: int,
        relu: bool,
        keep: bool,
    ) -> Tensor:
        every = keep and z.requires_grad
        shares, z, received = shares.detach(), z.detach(), shares.new_zeros(len(shares), len(W[0]))
        visited = [np.arange(len(row)) if every else np.flatnonzero(row) for row in z.numpy()]
        kept = [
            torch.empty(len(v) if keep else 0, len(b[0]), dtype=torch.uint8 if relu else b.dtype)
            for v in visited
        ]
        buffers = _buffers(2, visited, b)
        for k, rows, edges, (h, m) in _blocks(visited, buffers):
            _add_shares(shares.numpy(), k, edges, nodes, relu, h.numpy())
            torch.addmm(b[k], h if relu else _tanh(h), W[k].t(), out=m)
            if not relu:
                _tanh(m)
            _add_messages(m.numpy(), z.numpy(), k, edges, nodes, relu, received.numpy())
            if keep and relu:
                _keep_open(m.numpy(), kept[k][rows].numpy())
            elif keep:
                kept[k][rows] = m
        ctx.save_for_backward(shares, z, W, b, *kept)
        ctx.visited, ctx.nodes, ctx.relu = visited, nodes, relu
        return received

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        shares, z, W, b, *kept = ctx.saved_tensors
        nodes, relu, g = ctx.nodes, ctx.relu, gradient.contiguous().numpy()
        W, b = W.detach(), b.detach()
        of_shares, of_z, of_W, of_b = (torch.zeros_like(tensor) for tensor in (shares, z, W, b))
        buffers = _buffers(3, ctx.visited, b)
        for k, rows, edges, (h, d, u) in _blocks(ctx.visited, buffers):
            _add_shares(shares.numpy(), k, edges, nodes, relu, h.numpy())
            if not relu:
                _tanh(h)
            _back_to_messages(
                g, kept[k][rows].numpy(), k, edges, nodes, relu, d.numpy(), of_z.numpy()
            )
            torch.mm(d, W[k], out=u)
            _back_to_shares(
                u.numpy(),
                h.numpy(),
                d.numpy(),
                b.numpy(),
                z.numpy(),
                k,
                edges,
                nodes,
                relu,
                of_shares.numpy(),
                of_z.numpy(),
                of_b.numpy(),
            )
            of_W[k].addmm_(d.t(), h)
        return of_shares, of_z, of_W, of_b, None, None, None


def _tanh(x: Tensor) -> Tensor:
    """In place, to 2e-7; three times as fast as torch's own, which is exact to the last bit."""
    return x.mul_(2).sigmoid_().mul_(2).sub_(1)


def _buffers(count: int, visited: list[np.ndarray], like: Tensor) -> Tensor:
    """Room for `count` layers of a block: (count, edges, H)."""
    edges = min(BLOCK_BYTES // (4 * like.shape[-1]), max(1, *map(len, visited)))
    return like.new_empty(count, edges, like.shape[-1])


def _blocks(
    visited: list[np.ndarray], buffers: Tensor
) -> Iterator[tuple[int, slice, np.ndarray, Tensor]]:
    """Each block: its type, its place among the type's visited edges, these edges, buffers."""
    for k, edges in enumerate(visited):
        for start in range(0, len(edges), buffers.shape[1]):
            block = edges[start : start + buffers.shape[1]]
            yield k, slice(start, start + len(block)), block, buffers[:, : len(block)]


@_compiled
def _ends(edge, nodes):
    """The rows of an edge's sender and receiver; edges and rows count through all frames."""
    receiver = edge // (nodes - 1)
    sender = edge % (nodes - 1)
    sender += sender >= receiver % nodes  # nobody sends to itself
    return receiver // nodes * nodes + sender, receiver


@_compiled
def _add_shares(shares, k, edges, nodes, relu, h):
    """The hidden layer h = s_j + r_i, and with `relu` its positive part."""
    for row in range(len(edges)):
        sender, receiver = _ends(edges[row], nodes)
        for c in range(h.shape[1]):
            total = shares[sender, k, 0, c] + shares[receiver, k, 1, c]
            h[row, c] = ZERO if relu and total < 0 else total  # not a number stays so


@_compiled
def _add_messages(m, z, k, edges, nodes, relu, received):
    """Add z m at the receivers, with `relu` of the positive part of m."""
    for row in range(len(edges)):
        weight, receiver = z[k, edges[row]], edges[row] // (nodes - 1)
        for c in range(m.shape[1]):
            value = ZERO if relu and m[row, c] < 0 else m[row, c]
            received[receiver, c] += weight * value


@_compiled
def _keep_open(m, kept):
    """Where the ReLU of a message is open."""
    for row in range(m.shape[0]):
        for c in range(m.shape[1]):
            kept[row, c] = m[row, c] > 0


@_compiled
def _back_to_messages(g, kept, k, edges, nodes, relu, d, of_z):
    """Set d = g σ', and of tanh ∂z; `kept` is where the ReLU was open, or tanh itself."""
    for row in range(len(edges)):
        receiver = edges[row] // (nodes - 1)
        if relu:
            for c in range(d.shape[1]):
                d[row, c] = g[receiver, c] if kept[row, c] else ZERO
        else:
            product = ZERO
            for c in range(d.shape[1]):
                d[row, c] = g[receiver, c] * (ONE - kept[row, c] * kept[row, c])
                product += g[receiver, c] * kept[row, c]
            of_z[k, edges[row]] = product


@_compiled
def _back_to_shares(u, h, d, b, z, k, edges, nodes, relu, of_shares, of_z, of_b):
    """Add to ∂s, ∂r and ∂b, of a ReLU set ∂z; leaves z h, for ∂W, in the place of h.

    One short loop after the other, each of which the compiler can turn into vectors.
    """
    for row in range(len(edges)):
        sender, receiver = _ends(edges[row], nodes)
        weight = z[k, edges[row]]
        if relu:
            product = ZERO
            for c in range(h.shape[1]):
                product += u[row, c] * h[row, c] + d[row, c] * b[k, c]
            of_z[k, edges[row]] = product
        for c in range(h.shape[1]):
            slope = (ONE if h[row, c] > 0 else ZERO) if relu else ONE - h[row, c] * h[row, c]
            u[row, c] *= weight * slope
        for c in range(h.shape[1]):
            of_shares[sender, k, 0, c] += u[row, c]
        for c in range(h.shape[1]):
            of_shares[receiver, k, 1, c] += u[row, c]
        for c in range(h.shape[1]):
            of_b[k, c] += weight * d[row, c]
        for c in range(h.shape[1]):
            h[row, c] *= weight
