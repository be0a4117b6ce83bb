"""Unrolling a decoder in time: windows started from truth, burn-in, free running."""

from typing import Any

import torch
from torch import Tensor, nn

from nri.model.decoders.decoder import Decoder
from nri.model.frames import frames_at
from nri.model.nri import NRI

__all__ = [
    "burn_in",
    "free_run",
    "free_run_dynamic",
    "teacher_forced_windows",
    "unroll",
    "window_starts",
]


def window_starts(frames: int, steps: int, order: int, device: torch.device) -> Tensor:
    """Frames at which teacher forcing hands the decoder the truth: (W,).

    Every `steps` frames from the first that a decoder of this order can start from: 0, M, 2M, …
    """
    return torch.arange(order - 1, frames - 1, steps, device=device)


def teacher_forced_windows(
    decoder: Decoder, x: Tensor, edges: Tensor, steps: int, starts: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Predict `steps` frames from each true frame in `starts`, all windows at once.

    For decoders without memory. x (B, N, T, D), edges (B, E, K), starts (B, W) or None for all
    `window_starts`. Returns the predictions (B, W, steps, N, D) and the frames that they predict
    (B, W, steps). Windows may run past the last frame T - 1: with `starts` such frames are
    predicted and the caller must mask them, without `starts` they are 0.
    """
    frames, every = x.shape[2], starts is None
    if starts is None:
        starts = window_starts(frames, steps, decoder.order, x.device).expand(len(x), -1)
    times = starts.unsqueeze(-1) + torch.arange(1, steps + 1, device=x.device)
    current, state = frames_at(x, starts), decoder.state_before(x, starts)
    edges, windows = edges.unsqueeze(1), starts.shape[1]
    # Of all windows, the last one may leave the trajectory; it ends there.
    last = decoder.order - 1 + (windows - 1) * steps
    inside = min(steps, frames - 1 - last) if every else steps
    predictions = decoder.unroll(current, edges, inside, state)
    if inside < steps:
        if state is not None:
            state = predictions[:, :-1, -2] if inside > 1 else current[:, :-1]
        rest = decoder.unroll(predictions[:, :-1, -1], edges, steps - inside, state)
        rest = nn.functional.pad(rest, (0, 0, 0, 0, 0, 0, 0, 1))
        predictions = torch.cat([predictions, rest], dim=2)
    return predictions, times


def free_run(decoder: Decoder, x: Tensor, edges: Tensor, steps: int, state: Any = None) -> Tensor:
    """Feed the decoder its own predictions: frame (..., N, D) → (..., steps, N, D).

    edges (..., E, K); `state` is the decoder's after all frames before x.
    """
    return decoder.unroll(x, edges, steps, state)


def unroll(decoder: Decoder, x: Tensor, edges: Tensor, true_frames: int) -> Tensor:
    """Feed the first `true_frames` frames of x, then the predictions, up to its last frame.

    For decoders with memory. x (B, N, T, D), edges (B, E, K) → predictions of frames
    1 … T-1, (B, T-1, N, D).
    """
    observed, state = decoder.observe(x[:, :, :true_frames], edges)
    steps = x.shape[2] - 1 - true_frames
    if steps == 0:
        return observed
    return torch.cat([observed, free_run(decoder, observed[:, -1], edges, steps, state)], dim=1)


def burn_in(decoder: Decoder, x: Tensor, edges: Tensor) -> Any:
    """The decoder's state after it has been fed all frames of x (B, N, T, D)."""
    if decoder.recurrent:
        return decoder.observe(x, edges)[1]
    return decoder.state_before(x, torch.full(x.shape[:1], x.shape[2], device=x.device))


def free_run_dynamic(
    model: NRI,
    x: Tensor,
    frames: int,
    steps: int,
    state: Any,
    truth: Tensor | None = None,
) -> Tensor:
    """`free_run` with the graph re-estimated before every step from the last `frames` frames.

    x (B, N, frames + 1, D) are the true frames so far; the decoder starts from the last one, and
    each prediction is appended. The encoder's window slides over these frames or, if `truth`
    (B, N, T, D) is given, over the truth. Returns (B, steps, N, D).
    """
    decoder, predictions, history = model.required_decoder, [], x
    for step in range(steps):
        source = history if truth is None else truth
        end = frames + 1 + step
        edges = model.best_graph(source[:, :, end - frames : end])
        current, state = decoder(history[:, :, -1], edges, state)
        history = torch.cat([history, current.unsqueeze(2)], dim=2)
        predictions.append(current)
    return torch.stack(predictions, dim=1)
