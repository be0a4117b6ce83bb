"""Motion of coupled oscillators (`kuramoto`), many simulations side by side.

Integrated by the fifth-order method of Dormand and Prince in steps of 0.01 s. Arrays are
(..., simulation), as in `particle_motion`.
"""

import numba
import numpy as np

from nri.data.simulated.system import FRAME_INTERVAL

__all__ = ["simulate_oscillators"]

STEPS_PER_FRAME = 10
TIME_STEP = FRAME_INTERVAL / STEPS_PER_FRAME  # seconds

# The Dormand-Prince tableau without its step-size control (Hairer, Norsett and Wanner,
# Solving Ordinary Differential Equations I, table II.5.2): row m holds the weights of the
# slopes from which stage m starts, the last row those of the whole step.
TABLEAU = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [1 / 5, 0, 0, 0, 0, 0],
        [3 / 40, 9 / 40, 0, 0, 0, 0],
        [44 / 45, -56 / 15, 32 / 9, 0, 0, 0],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0, 0],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0],
        [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ]
)
STAGES = len(TABLEAU) - 1

LANES = 64  # simulations side by side; their state stays in the fastest caches


@numba.njit(error_model="numpy", cache=True)
def _sine_and_cosine(angle):
    """Taylor series about the nearest multiple of π/2, exact to the rounding of `angle`.

    Calls into the C library would keep the loop over simulations from being vectorised
    and make up most of the time.
    """
    quarters = np.rint(angle * (2.0 / np.pi))
    rest = angle - quarters * (np.pi / 2.0)
    q = rest * rest
    s = 1 - q * (1 / 72) * (1 - q * (1 / 110) * (1 - q * (1 / 156) * (1 - q * (1 / 210))))
    s = rest * (1 - q * (1 / 6) * (1 - q * (1 / 20) * (1 - q * (1 / 42) * s)))
    c = 1 - q * (1 / 56) * (
        1 - q * (1 / 90) * (1 - q * (1 / 132) * (1 - q * (1 / 182) * (1 - q * (1 / 240))))
    )
    c = 1 - q * (1 / 2) * (1 - q * (1 / 12) * (1 - q * (1 / 30) * c))
    quadrant = quarters - 4.0 * np.floor(quarters / 4.0)
    odd = (quadrant == 1.0) or (quadrant == 3.0)
    sine, cosine = (c, s) if odd else (s, c)
    sine = -sine if quadrant >= 2.0 else sine
    cosine = -cosine if (quadrant == 1.0) or (quadrant == 2.0) else cosine
    return sine, cosine


@numba.njit(error_model="numpy", cache=True)
def _slopes(phase, omega, coupling, sine, cosine, slope):
    """Fill `slope` (objects, lanes) with dφ/dt; `coupling` (pairs, lanes), pairs i > j by rows."""
    objects, lanes = phase.shape
    # The sine of a difference by the addition theorem: 2N sines rather than N(N-1)/2,
    # and sines are what costs.
    for i in range(objects):
        for lane in range(lanes):
            sine[i, lane], cosine[i, lane] = _sine_and_cosine(phase[i, lane])
            slope[i, lane] = omega[i, lane]
    pair = 0
    for i in range(objects):
        for j in range(i):
            for lane in range(lanes):
                pull = coupling[pair, lane] * (
                    sine[j, lane] * cosine[i, lane] - cosine[j, lane] * sine[i, lane]
                )
                slope[i, lane] += pull
                slope[j, lane] -= pull
            pair += 1


@numba.njit(error_model="numpy", cache=True)
def _advance(phase, weights, slopes, advanced):
    """Fill `advanced` (objects, lanes) with phase + step · Σ_m weights[m] slopes[m]."""
    stages, objects, lanes = slopes.shape
    advanced[:] = phase
    for m in range(stages):
        scale = TIME_STEP * weights[m]
        for i in range(objects):
            for lane in range(lanes):
                advanced[i, lane] += scale * slopes[m, i, lane]


@numba.njit(error_model="numpy", cache=True)
def _simulate_block(initial, couplings, trajectories):
    """Fill `trajectories` (lanes, objects, frames, 3) of one block of simulations."""
    _, _, frames, _ = trajectories.shape
    state = initial.T.copy()  # (2, objects, lanes)
    phase, omega = state[0], state[1]
    coupling = couplings.T.copy()  # (pairs, lanes)
    sine, cosine, point = np.empty_like(phase), np.empty_like(phase), np.empty_like(phase)
    slopes = np.empty((STAGES, *phase.shape))
    for frame in range(frames):
        _slopes(phase, omega, coupling, sine, cosine, slopes[0])
        trajectories[:, :, frame, 0] = slopes[0].T
        trajectories[:, :, frame, 1] = sine.T
        trajectories[:, :, frame, 2] = omega.T
        for _ in range(STEPS_PER_FRAME):
            for stage in range(STAGES):
                _advance(phase, TABLEAU[stage], slopes[:stage], point)
                _slopes(point, omega, coupling, sine, cosine, slopes[stage])
            _advance(phase, TABLEAU[STAGES], slopes, phase)


@numba.njit(error_model="numpy", cache=True, parallel=True)
def simulate_oscillators(initial: np.ndarray, couplings: np.ndarray, frames: int) -> np.ndarray:
    """(S, N, T, 3) from φ(0) and ω (S, N, 2) and k_ij (S, pairs i > j by rows), on all threads."""
    samples, objects, _ = initial.shape
    trajectories = np.empty((samples, objects, frames, 3))
    for block in numba.prange((samples + LANES - 1) // LANES):
        start, stop = block * LANES, min((block + 1) * LANES, samples)
        _simulate_block(initial[start:stop], couplings[start:stop], trajectories[start:stop])
    return trajectories
