"""The first layer of `PairCNN` on a CPU core: pairs at every frame, none of them in memory.

The layer is h = relu(s + r), the shares of a pair's two objects. Its batch norm needs the mean and
the variance of h, and is then a line, h ↦ scale h + shift; of every two frames the larger value
goes on. Both passes make h anew from the shares of the objects, of which there are N - 1 times
fewer than pairs, and so does the way back.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nri.model.fused_messages import all_edges
from nri.model.loops import compiled_loop

__all__ = ["pair_statistics", "pooled_pairs"]

ZERO = np.float32(0.0)


def pair_statistics(sent: Tensor, received: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of h over all pairs and frames: shares (B, N, T, H) → (H,) each."""
    mean, variance = _Statistics.apply(sent, received)
    return mean, variance


def pooled_pairs(sent: Tensor, received: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """The larger of scale h + shift in every two frames: (B, N, T, H), (H,) → (B·E, T // 2, H)."""
    return _Pooled.apply(sent, received, scale, shift)


class _Statistics(torch.autograd.Function):
    """Shares (B, N, T, H) → mean and variance (H,)."""

    @staticmethod
    def forward(ctx: Any, sent: Tensor, received: Tensor) -> tuple[Tensor, Tensor]:
        pairs = _Pairs(sent, received)
        sums, squares = np.zeros((2, sent.shape[3]))
        _add_moments(pairs.sent, pairs.received, pairs.senders, pairs.receivers, sums, squares)
        count = len(pairs.senders) * sent.shape[2]
        mean = sums / count
        variance = squares / count - mean**2
        ctx.pairs, ctx.mean, ctx.count = pairs, torch.from_numpy(mean.astype(np.float32)), count
        return ctx.mean.clone(), torch.from_numpy(variance.astype(np.float32))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_mean: Tensor, of_variance: Tensor) -> tuple[Tensor, Tensor]:
        slope = 2 / ctx.count * of_variance
        start = of_mean / ctx.count - slope * ctx.mean
        pairs = ctx.pairs
        of_sent, of_received = np.zeros_like(pairs.sent), np.zeros_like(pairs.received)
        _line_back(
            pairs.sent,
            pairs.received,
            pairs.senders,
            pairs.receivers,
            start.numpy(),
            slope.numpy(),
            of_sent,
            of_received,
        )
        return pairs.as_shares(of_sent), pairs.as_shares(of_received)


class _Pooled(torch.autograd.Function):
    """Shares (B, N, T, H), scale and shift (H,) → (B·E, T // 2, H)."""

    @staticmethod
    def forward(ctx: Any, sent: Tensor, received: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        pairs = _Pairs(sent, received)
        found = sent.new_empty(len(pairs.senders), sent.shape[2] // 2, sent.shape[3])
        ctx.pairs, ctx.scale = pairs, scale.detach().numpy()
        _pool(
            pairs.sent,
            pairs.received,
            pairs.senders,
            pairs.receivers,
            ctx.scale,
            shift.detach().numpy(),
            found.numpy(),
        )
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        pairs, g = ctx.pairs, gradient.contiguous().numpy()
        of_sent, of_received = np.zeros_like(pairs.sent), np.zeros_like(pairs.received)
        of_scale, of_shift = np.zeros_like(ctx.scale), np.zeros_like(ctx.scale)
        _pool_back(
            pairs.sent,
            pairs.received,
            pairs.senders,
            pairs.receivers,
            ctx.scale,
            g,
            of_sent,
            of_received,
            of_scale,
            of_shift,
        )
        lines = torch.from_numpy(of_scale), torch.from_numpy(of_shift)
        return pairs.as_shares(of_sent), pairs.as_shares(of_received), *lines


class _Pairs:
    """The shares of all objects as arrays (B·N, T, H), and the rows of both ends of all pairs."""

    def __init__(self, sent: Tensor, received: Tensor):
        self.shape = sent.shape
        self.sent, self.received = (
            each.detach().flatten(0, 1).contiguous().numpy() for each in (sent, received)
        )
        self.senders, self.receivers = all_edges(*sent.shape[:2])

    def as_shares(self, array: np.ndarray) -> Tensor:
        """An array like those of the shares as a tensor (B, N, T, H)."""
        return torch.from_numpy(array).view(self.shape)


@compiled_loop
def _add_moments(sent, received, senders, receivers, sums, squares):
    """Add the sums of h and of its squares, in double precision from pair to pair."""
    frames, width = sent.shape[1:]
    first, second = np.empty(width, np.float32), np.empty(width, np.float32)
    for pair in range(len(senders)):
        s, r = sent[senders[pair]], received[receivers[pair]]
        first[:] = ZERO
        second[:] = ZERO
        for t in range(frames):
            for c in range(width):
                h = max(s[t, c] + r[t, c], ZERO)
                first[c] += h
                second[c] += h * h
        for c in range(width):
            sums[c] += first[c]
            squares[c] += second[c]


@compiled_loop
def _line_back(sent, received, senders, receivers, start, slope, of_sent, of_received):
    """Of the gradient start + slope h with respect to h: add that with respect to the shares."""
    frames, width = sent.shape[1:]
    u = np.empty(width, np.float32)
    for pair in range(len(senders)):
        sender, receiver = senders[pair], receivers[pair]
        s, r = sent[sender], received[receiver]
        of_s, of_r = of_sent[sender], of_received[receiver]
        for t in range(frames):
            for c in range(width):
                total = s[t, c] + r[t, c]
                u[c] = start[c] + slope[c] * total if total > 0 else ZERO
            for c in range(width):
                of_s[t, c] += u[c]
            for c in range(width):
                of_r[t, c] += u[c]


@compiled_loop
def _pool(sent, received, senders, receivers, scale, shift, found):
    """The larger value of every two frames, on the line."""
    width = sent.shape[2]
    for pair in range(len(senders)):
        s, r = sent[senders[pair]], received[receivers[pair]]
        for t in range(found.shape[1]):
            for c in range(width):
                one, other = s[2 * t, c] + r[2 * t, c], s[2 * t + 1, c] + r[2 * t + 1, c]
                one = ZERO if one < 0 else one  # not a number stays so
                other = ZERO if other < 0 else other
                one, other = scale[c] * one, scale[c] * other
                found[pair, t, c] = (other if other > one else one) + shift[c]


@compiled_loop
def _pool_back(
    sent, received, senders, receivers, scale, g, of_sent, of_received, of_scale, of_shift
):
    """Add to the gradients of shares and of the line; of two equal values the first one gets it."""
    width = sent.shape[2]
    u, v = np.empty(width, np.float32), np.empty(width, np.float32)
    for pair in range(len(senders)):
        sender, receiver = senders[pair], receivers[pair]
        s, r = sent[sender], received[receiver]
        of_s, of_r = of_sent[sender], of_received[receiver]
        for t in range(g.shape[1]):
            for c in range(width):
                one, other = s[2 * t, c] + r[2 * t, c], s[2 * t + 1, c] + r[2 * t + 1, c]
                one, other = max(one, ZERO), max(other, ZERO)
                second = scale[c] * other > scale[c] * one
                h = other if second else one
                through = g[pair, t, c] * scale[c] if h > 0 else ZERO
                u[c] = ZERO if second else through
                v[c] = through if second else ZERO
                of_scale[c] += g[pair, t, c] * h
                of_shift[c] += g[pair, t, c]
            for c in range(width):
                of_s[2 * t, c] += u[c]
            for c in range(width):
                of_s[2 * t + 1, c] += v[c]
            for c in range(width):
                of_r[2 * t, c] += u[c]
            for c in range(width):
                of_r[2 * t + 1, c] += v[c]
