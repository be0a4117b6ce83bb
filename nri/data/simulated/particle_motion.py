"""Motion of particles in a box (`particles`), many simulations side by side.

What is called leapfrog in the official simulators kicks by a whole step before the first
drift, so that the stored velocity is half a step behind the position; whoever wants the
paper's data has to do the same.

Arrays are (..., simulation), and every innermost loop goes over simulations, where the
compiler finds its vectors. No operation mixes simulations and none may be contracted or
reordered (no `fastmath`), hence each trajectory comes out the same to the last bit whatever
runs beside it.
"""

import numba
import numpy as np

from nri.data.simulated.particles import BOX, FORCE_LIMIT, STEPS_PER_FRAME, TIME_STEP

__all__ = ["simulate_particles"]

LANES = 96  # simulations side by side: long loops, and a state that stays in the near caches


@numba.njit(error_model="numpy", cache=True)
def _forces(position, coefficient, inverse_square, force):
    """Fill `force` (2, objects, lanes); `coefficient` (pairs, lanes), pairs i > j row by row."""
    _, objects, lanes = position.shape
    force[:] = 0.0
    pair = 0
    for i in range(objects):
        for j in range(i):
            for lane in range(lanes):
                dx = position[0, i, lane] - position[0, j, lane]
                dy = position[1, i, lane] - position[1, j, lane]
                strength = coefficient[pair, lane]
                if inverse_square:
                    squared = dx * dx + dy * dy
                    strength /= squared * np.sqrt(squared)
                force[0, i, lane] += strength * dx
                force[1, i, lane] += strength * dy
                force[0, j, lane] -= strength * dx
                force[1, j, lane] -= strength * dy
            pair += 1


@numba.njit(error_model="numpy", cache=True)
def _move(position, velocity, force):
    """Kick, drift and reflect at the walls, in place; all (2, objects, lanes)."""
    axes, objects, lanes = position.shape
    for axis in range(axes):
        for i in range(objects):
            for lane in range(lanes):
                # Comparisons rather than min and max, so that NaN stays NaN and is noticed.
                f = force[axis, i, lane]
                f = FORCE_LIMIT if f > FORCE_LIMIT else f
                f = -FORCE_LIMIT if f < -FORCE_LIMIT else f
                v = velocity[axis, i, lane] + TIME_STEP * f
                r = position[axis, i, lane] + TIME_STEP * v
                v = -abs(v) if r > BOX else (abs(v) if r < -BOX else v)
                r = 2.0 * BOX - r if r > BOX else (-2.0 * BOX - r if r < -BOX else r)
                velocity[axis, i, lane] = v
                position[axis, i, lane] = r


@numba.njit(error_model="numpy", cache=True)
def _simulate_block(initial, coefficients, inverse_square, trajectories):
    """Fill `trajectories` (lanes, objects, frames, 4) of one block of simulations."""
    _, _, frames, _ = trajectories.shape
    state = initial.T.copy()  # (4, objects, lanes)
    position, velocity = state[:2], state[2:]
    force = np.empty_like(position)
    coefficient = coefficients.T.copy()  # (pairs, lanes)
    for frame in range(frames):
        for _ in range(STEPS_PER_FRAME):
            _forces(position, coefficient, inverse_square, force)
            _move(position, velocity, force)
        trajectories[:, :, frame, :] = state.T


@numba.njit(error_model="numpy", cache=True, parallel=True)
def _simulate(initial, coefficients, inverse_square, frames):
    samples, objects, features = initial.shape
    trajectories = np.empty((samples, objects, frames, features))
    for block in numba.prange((samples + LANES - 1) // LANES):
        start, stop = block * LANES, min((block + 1) * LANES, samples)
        _simulate_block(
            initial[start:stop],
            coefficients[start:stop],
            inverse_square,
            trajectories[start:stop],
        )
    return trajectories


def simulate_particles(
    initial: np.ndarray, coefficients: np.ndarray, inverse_square: bool, frames: int
) -> np.ndarray:
    """Trajectories from initial states, on all of numba's threads.

    `initial` (samples, objects, 4) holds x, y, vx, vy; `coefficients` (samples, objects,
    objects) the symmetric c_ij; both float64. `inverse_square` chooses p = 3 over p = 0.
    Returns (samples, objects, frames, 4) float64; frame f is the state at t = 0.1 (f + 1)
    seconds: as in the official data, the initial state itself is not a frame.
    """
    i, j = np.tril_indices(initial.shape[1], -1)
    pairs = np.ascontiguousarray(coefficients[:, i, j])
    return _simulate(initial, pairs, inverse_square, frames)
