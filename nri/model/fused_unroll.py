"""A decoder without memory unrolled in time on a CPU core: all its steps as one operation.

Autograd would record some forty small operations a step; where a batch is small they take longer to
record and to launch than to compute. Here the steps are run, and run back, in plain loops over the
products and the loops of `nri.model.fused_messages`. With x the frames, u = (x - μ) / σ, and r the
sums of messages, a step is

    a = relu(A [u, r]),   c = relu(C a),   x' = x + s D c,

biases left out, and of the gradient g with respect to x' the backward pass makes those with respect
to D c, c, a, r and u one after the other. `MLPDecoder` step by step is the same in plain torch.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable

from nri.model.decoders.layers import Messages, OutputMLP, Scaling
from nri.model.frames import asinh
from nri.model.fused_messages import (
    Block,
    MessageGradients,
    add_product,
    blocks_of,
    first_layer,
    send,
    send_back,
)
from nri.model.precision import product_type

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

    before: the frames before (..., N, D), without gradient, of a decoder that sees changes.
    """
    leading, nodes = x.shape[:-2], x.shape[-2]
    layers = messages.active_layers()
    weights = edges[..., messages.active.start :].expand(*leading, -1, -1)
    frames = _Unroll.apply(
        x.flatten(0, -2),
        weights.flatten(0, -2).t().contiguous(),
        *first_layer(layers),
        torch.stack([second.weight for _, second in layers]),
        torch.stack([second.bias for _, second in layers]),
        *output.parameters(),
        _Units(scaling.mean, 1 / scaling.scale, scaling.change, 1 / scaling.change_unit),
        None if before is None else before.detach().flatten(0, -2),
        nodes,
        steps,
        torch.is_grad_enabled(),
        product_type(),
    )
    return frames.view(steps, *x.shape).movedim(0, -3)


@dataclass(frozen=True)
class _Units:
    """What `Scaling` knows, as the loops use it: (D,) each."""

    mean: Tensor
    per_scale: Tensor
    change: Tensor
    per_change: Tensor


@dataclass(frozen=True)
class _Networks:
    """The weights that all steps share: S (F, K·2·H) of the messages' first layer, W (K, H, H) of
    their second, and A (H, F + H), C (H, H), D (D, H) of the node network.
    """

    S: Tensor
    bias_s: Tensor
    W: Tensor
    bias_w: Tensor
    A: Tensor
    bias_a: Tensor
    C: Tensor
    bias_c: Tensor
    D: Tensor
    bias_d: Tensor

    def shares(self, u: Tensor) -> Tensor:
        """Inputs (rows, F) → the shares of every node in the messages, (rows, K, 2, H)."""
        return torch.addmm(self.bias_s, u, self.S).unflatten(-1, (len(self.W), 2, -1))


@dataclass(frozen=True)
class _Cast:
    """Weights between hidden layers in the type of the products: W, the share R (H, H) of A that
    reads what was received, and C.
    """

    W: Tensor
    bias_w: Tensor
    R: Tensor
    C: Tensor
    bias_c: Tensor

    @staticmethod
    def of(net: _Networks, products: torch.dtype) -> "_Cast":
        """Cast once for all steps."""
        R = net.A[:, -len(net.C) :]
        return _Cast(*(each.to(products) for each in (net.W, net.bias_w, R, net.C, net.bias_c)))


@dataclass(frozen=True)
class _Step:
    """What the way back needs of a step."""

    u: Tensor
    changed: Tensor | None
    received: Tensor
    a: Tensor
    c: Tensor
    kept: Tensor


class _Unroll(torch.autograd.Function):
    """Frames (rows, D) → the frames of all steps (steps, rows, D)."""

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx: Any, x: Tensor, z: Tensor, *arguments: Any) -> Tensor:
        *weights, units, before, nodes, count, keep, products = arguments
        networks = _Networks(*(each.detach() for each in weights))
        cast = _Cast.of(networks, products)
        every = keep and z.requires_grad
        blocks = blocks_of(z.detach(), nodes, len(networks.C), every, products)
        frames, steps, frame = x.new_empty(count, *x.shape), [], x.detach()
        for number in range(count):
            step = _forward(networks, cast, units, blocks, frame, before, keep, frames[number])
            before, frame = None if before is None else frame, frames[number]
            if keep:
                steps.append(step)
        ctx.save_for_backward(z, *weights)
        ctx.steps, ctx.units, ctx.blocks, ctx.cast = steps, units, blocks, cast
        return frames

    @staticmethod
    @custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor | None, ...]:
        z, *weights = (each.detach() for each in ctx.saved_tensors)
        networks = _Networks(*weights)
        found = _Networks(*(torch.zeros_like(each) for each in weights))
        of_messages = MessageGradients(
            found.W, found.bias_w, torch.zeros_like(z) if ctx.needs_input_grad[1] else None
        )
        g, earlier = torch.zeros_like(gradients[0]), torch.zeros(())
        for number in reversed(range(len(ctx.steps))):
            g = g + gradients[number]
            step = ctx.steps.pop()  # which frees its memory
            g, of_before = _backward(
                networks, ctx.cast, ctx.units, ctx.blocks, step, g, found, of_messages
            )
            g, earlier = g + earlier, of_before
        return g, of_messages.z, *vars(found).values(), *[None] * 6


def _forward(
    net: _Networks,
    cast: _Cast,
    units: _Units,
    blocks: list[Block],
    x: Tensor,
    before: Tensor | None,
    keep: bool,
    out: Tensor,
) -> _Step:
    """One step: the frame (rows, D) after x, and after `before` if changes are seen, to `out`."""
    u, changed = (x - units.mean).mul_(units.per_scale), None
    if before is not None:
        changed = (x - before).mul_(units.per_change)
        u = torch.cat([u, asinh(changed) / 2], dim=1)
    received, kept = send(net.shares(u), cast.W, cast.bias_w, blocks, True, keep)
    features, products = u.shape[1], cast.W.dtype
    received = received.to(products)
    a = torch.addmm(net.bias_a, u, net.A[:, :features].t())
    add_product(a, received, cast.R.t())
    a = a.relu_().to(products)
    c = torch.addmm(cast.bias_c, a, cast.C.t()).relu_()
    change = torch.addmm(net.bias_d, c.to(x.dtype), net.D.t())
    torch.addcmul(x, change, units.change, out=out)
    return _Step(u, changed, received, a, c, kept)


def _backward(
    net: _Networks,
    cast: _Cast,
    units: _Units,
    blocks: list[Block],
    step: _Step,
    g: Tensor,
    found: _Networks,
    of_messages: MessageGradients,
) -> tuple[Tensor, Tensor]:
    """Of the gradient g with respect to a step's frame: those with respect to the frame that it
    came from and, where changes are seen, to the one before that.

    Adds to the gradients of the weights.
    """
    features, exact = step.u.shape[1], g.dtype
    products, of_change = cast.W.dtype, g * units.change
    _add(found.D, found.bias_d, of_change, step.c.to(exact))
    of_c = _closed((of_change @ net.D).to(products), step.c)
    _add(found.C, found.bias_c, of_c, step.a)
    of_a = _closed(of_c @ cast.C, step.a)
    _add(found.A[:, features:], found.bias_a, of_a, step.received)
    of_received, of_a = (of_a @ cast.R).to(exact), of_a.to(exact)
    found.A[:, :features].addmm_(of_a.t(), step.u)
    of_shares = send_back(
        of_received, net.shares(step.u), cast.W, cast.bias_w, blocks, step.kept, True, of_messages
    ).flatten(1)
    _add(found.S.t(), found.bias_s, of_shares, step.u)
    of_u = (of_a @ net.A[:, :features]).addmm_(of_shares, net.S.t())
    if step.changed is None:
        return torch.addcmul(g, of_u, units.per_scale), g.new_zeros(())
    of_now, of_change = of_u.chunk(2, dim=1)
    of_change = of_change / 2 * units.per_change * (1 + step.changed.square()).rsqrt()
    return torch.addcmul(g, of_now, units.per_scale) + of_change, -of_change


def _add(of_weight: Tensor, of_bias: Tensor, g: Tensor, inputs: Tensor) -> None:
    """Add the gradients of a linear layer: (out, in), (out,), (rows, out), (rows, in)."""
    add_product(of_weight, g.t(), inputs)
    if g.dtype == of_bias.dtype:
        of_bias.addmv_(g.t(), g.new_ones(len(g)))
    else:
        of_bias.add_(g.sum(0, dtype=of_bias.dtype))


def _closed(g: Tensor, output: Tensor) -> Tensor:
    """G where a ReLU with this output was open, in place."""
    return torch.ops.aten.threshold_backward(g, output, 0)
