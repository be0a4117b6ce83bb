"""A decoder without memory unrolled in time on a CPU core: all its steps as one operation.

Autograd would record some forty small operations a step; where a batch is small they take longer to
record and to launch than to compute. Here all steps are one compiled function, and all steps back
another (`nri.model.decoder_loops`), with the loops over edges that `nri.model.fused_messages` has,
and products by BLAS. With x the frames, u = (x - μ) / σ, and r the sums of messages, a step is

    a = relu(A u + R r),   c = relu(C a),   x' = x + s D c,

biases left out, and of the gradient g with respect to x' the backward pass makes those with respect
to D c, c, a, r and u one after the other. `MLPDecoder` step by step is the same in plain torch.

Narrow networks gain time (`nri.model.fused_messages` says how much), wide ones memory, since only
the hidden layers of nodes are kept, and of messages where they are open.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nri.model.blas import one_thread, rows_at_once
from nri.model.decoder_loops import run, run_back
from nri.model.decoders.layers import Messages, OutputMLP, Scaling
from nri.model.fused_messages import all_edges, first_layer, visited_edges

__all__ = ["fused_unroll"]


def fused_unroll(
    scaling: Scaling,
    messages: Messages,
    output: OutputMLP,
    x: Tensor,
    edges: Tensor,
    steps: int,
    before: Tensor | None,
) -> Tensor:
    """Frames (..., N, D) under weights of edges (..., E, K) → the next (..., steps, N, D).

    All in float32. before: the frames before (..., N, D), without gradient, of a decoder that sees
    changes. ValueError: shapes that do not fit.
    """
    leading, nodes = x.shape[:-2], x.shape[-2]
    layers = messages.active_layers()
    weights = edges[..., messages.active.start :].expand(*leading, -1, -1)
    _refuse_misfits(scaling, len(layers), x, weights, before)
    features = x.shape[-1] * (1 if before is None else 2)
    first, *others = output.parameters()
    A, R = first.tensor_split([features], dim=1)
    S, bias_s = first_layer(layers)
    frames = _Unroll.apply(
        x.flatten(0, -2).contiguous(),
        weights.flatten(0, -2).t().contiguous(),
        S.t().contiguous(),
        bias_s,
        torch.stack([second.weight for _, second in layers]),
        torch.stack([second.bias for _, second in layers]),
        A.contiguous(),
        R.contiguous(),
        *others,
        _units(scaling),
        None if before is None else before.detach().flatten(0, -2).contiguous().numpy(),
        nodes,
        steps,
        torch.is_grad_enabled(),
    )
    return frames.view(steps, *x.shape).movedim(0, -3)


def _refuse_misfits(
    scaling: Scaling, types: int, x: Tensor, weights: Tensor, before: Tensor | None
) -> None:
    """Compiled loops would read and write beside the arrays."""
    features, edges = len(scaling.mean), x.shape[-2] * (x.shape[-2] - 1)
    found = x.shape[-1], *weights.shape[-2:], x.shape if before is None else before.shape
    if found != (features, edges, types, x.shape):
        raise ValueError(
            f"frames {tuple(x.shape)} and weights of edges {tuple(weights.shape)} do not fit each "
            f"other or the decoder, which takes (..., N, {features}) and (..., N(N - 1), {types})"
        )


class _Networks(NamedTuple):
    """The weights that all steps share, or their gradients: S (K·2·H, F) of the messages' first
    layer, W (K, H, H) of their second, and A (H, F), R (H, H), C (H, H), D (D, H) of the node
    network.
    """

    S: np.ndarray
    bias_s: np.ndarray
    W: np.ndarray
    bias_w: np.ndarray
    A: np.ndarray
    R: np.ndarray
    bias_a: np.ndarray
    C: np.ndarray
    bias_c: np.ndarray
    D: np.ndarray
    bias_d: np.ndarray

    def turned(self) -> "_Networks":
        """The same with turned weights: (in, out)."""
        matrices = {name: getattr(self, name).swapaxes(-2, -1) for name in "SWARCD"}
        return self._replace(**{name: np.ascontiguousarray(m) for name, m in matrices.items()})


class _Units(NamedTuple):
    """What `Scaling` knows, as the loops use it: (D,) each."""

    mean: np.ndarray
    per_scale: np.ndarray
    change: np.ndarray
    per_change: np.ndarray


def _units(scaling: Scaling) -> _Units:
    units = scaling.mean, 1 / scaling.scale, scaling.change, 1 / scaling.change_unit
    return _Units(*(unit.numpy() for unit in units))


class _Sending(NamedTuple):
    """The edges that send, (V,) each, type by type: type k has those from first[k] to first[k + 1].

    `edges` are their numbers, `senders` and `receivers` the rows of their ends, `weights` their z.
    """

    first: np.ndarray
    edges: np.ndarray
    senders: np.ndarray
    receivers: np.ndarray
    weights: np.ndarray


def _sending(z: np.ndarray, nodes: int, every: bool) -> _Sending:
    """All edges of weights z (K, rows·(N - 1)), or those of a weight but zero."""
    senders, receivers = all_edges(z.shape[1] // (nodes * (nodes - 1)), nodes)
    visited = visited_edges(z, every)
    edges, first = np.concatenate(visited), np.cumsum([0, *map(len, visited)])
    weights = np.concatenate([row[mine] for row, mine in zip(z, visited, strict=True)])
    return _Sending(first, edges, senders[edges], receivers[edges], weights)


class _Record(NamedTuple):
    """What the way back needs of each step: of nodes (steps, rows, ·), and of the messages where
    their ReLU was open, (steps, V, H).
    """

    u: np.ndarray
    changed: np.ndarray
    received: np.ndarray
    a: np.ndarray
    c: np.ndarray
    kept: np.ndarray


def _record(steps: int, x: Tensor, net: _Networks, kept: int) -> _Record:
    """Room for so many steps and messages."""
    (rows, features), (_, seen), hidden = x.shape, net.S.shape, len(net.C)

    def of_nodes(width: int) -> np.ndarray:
        return np.empty((steps, rows, width), np.float32)

    return _Record(
        u=of_nodes(seen),
        changed=of_nodes(seen - features),
        received=of_nodes(hidden),
        a=of_nodes(hidden),
        c=of_nodes(hidden),
        kept=np.empty((steps, kept, hidden), np.uint8),
    )


def _block_size(hidden: int, sending: _Sending) -> int:
    """How many edges a block has at most."""
    return min(rows_at_once(hidden), max(1, *np.diff(sending.first)))


class _Unroll(torch.autograd.Function):
    """Frames (rows, D) → the frames of all steps (steps, rows, D)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, z: Tensor, *arguments: Any) -> Tensor:
        *weights, units, before, nodes, steps, keep = arguments
        net = _Networks(*(each.detach().numpy() for each in weights))
        sending = _sending(z.detach().numpy(), nodes, keep and z.requires_grad)
        size = _block_size(len(net.C), sending)
        record = _record(steps, x, net, len(sending.edges)) if keep else _record(1, x, net, 0)
        frames, first = x.new_empty(steps, *x.shape), x.detach().numpy()
        before = first if before is None else before
        with one_thread():
            run(first, before, net.turned(), units, sending, size, record, frames.numpy())
        ctx.save_for_backward(z, *weights)
        ctx.others = units, sending, size, record
        return frames

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor | None, ...]:
        z, *weights = (each.detach() for each in ctx.saved_tensors)
        wanted = ctx.needs_input_grad[1]
        found = [torch.zeros_like(each) for each in weights]
        of_z, of_x = torch.zeros_like(z if wanted else z[:0]), torch.zeros_like(gradients[0])
        net, of_net = (_Networks(*(each.numpy() for each in part)) for part in (weights, found))
        units, sending, size, record = ctx.others
        arrays = gradients.contiguous().numpy(), of_z.numpy(), of_x.numpy()
        with one_thread():
            run_back(net, net.turned(), units, sending, size, record, of_net, *arrays)
        return of_x, of_z if wanted else None, *found, *[None] * 5
