"""Kuramoto oscillators against an adaptive integrator, and the laws they have to obey."""

import numpy as np
import pytest
from datasets import parse
from scipy.integrate import solve_ivp

from nri.data.simulated.kuramoto import Kuramoto
from nri.data.simulated.oscillator_motion import _sine_and_cosine
from nri.data.simulated.randomness import generators

FRAMES = 99


def settings(**changes):
    counts = {"objects": 5, "samples": {"train": 1, "valid": 1, "test": 1}}
    return parse({"source": "kuramoto", **counts, **changes})[1]


@pytest.fixture(scope="module")
def simulated():
    initial, edges = Kuramoto.draw(settings(), generators(7, "test", 0, 70))
    return initial, edges, Kuramoto.simulate(settings(), initial, edges, FRAMES)


@pytest.mark.parametrize("sample", [0, 1, 63, 64, 69])
def test_trajectories_agree_with_an_adaptive_integrator(simulated, sample):
    initial, edges, trajectories = (array[sample] for array in simulated)
    phase, omega = initial.T

    def right_hand_side(_, phase):
        return omega + (edges * np.sin(phase[None, :] - phase[:, None])).sum(1)

    time = 0.1 * np.arange(FRAMES)
    solution = solve_ivp(
        right_hand_side, (0.0, time[-1]), phase, "DOP853", time, rtol=1e-10, atol=1e-10
    ).y
    slope = np.stack([right_hand_side(0.0, column) for column in solution.T], axis=1)
    expected = np.stack([slope, np.sin(solution), np.tile(omega[:, None], FRAMES)], axis=-1)
    np.testing.assert_allclose(trajectories, expected, rtol=0, atol=1e-6)


def test_coupling_is_mutual(simulated):
    initial, _, trajectories = simulated
    mean = trajectories[..., 0].mean(1)
    np.testing.assert_allclose(mean, np.tile(initial[:, :, 1].mean(1)[:, None], FRAMES))


def test_an_oscillator_without_coupling_keeps_its_frequency():
    initial = np.array([[[1.0, 3.0], [2.0, 5.0]]])
    edges = np.zeros((1, 2, 2), dtype=np.int8)
    trajectories = Kuramoto.simulate(settings(), initial, edges, FRAMES)
    phase = initial[0, :, :1] + initial[0, :, 1:] * 0.1 * np.arange(FRAMES)
    np.testing.assert_allclose(trajectories[0, ..., 0], np.tile(initial[0, :, 1:], FRAMES))
    np.testing.assert_allclose(trajectories[0, ..., 1], np.sin(phase), atol=1e-12)


def test_sine_and_cosine_are_exact_to_rounding():
    for angle in np.linspace(-300.0, 300.0, 20011):
        sine, cosine = _sine_and_cosine(angle)
        tolerance = 2e-16 + np.spacing(abs(angle))
        assert abs(sine - np.sin(angle)) < tolerance
        assert abs(cosine - np.cos(angle)) < tolerance


def test_the_first_states_and_graphs_follow_their_distributions():
    initial, edges = Kuramoto.draw(
        settings(probabilities=[0.25, 0.75]), generators(3, "train", 0, 4000)
    )
    for values, low, high in ((initial[..., 0], 0.0, 2 * np.pi), (initial[..., 1], 1.0, 10.0)):
        assert values.min() >= low
        assert values.max() < high
        np.testing.assert_allclose(values.mean(), (low + high) / 2, rtol=0.02)
    assert set(np.unique(edges)) == {0, 1}
    np.testing.assert_array_equal(edges, edges.swapaxes(1, 2))
    assert abs(edges[:, *np.tril_indices(5, -1)].mean() - 0.75) < 0.01
