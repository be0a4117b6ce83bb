"""Springs and charged particles: the official numbers, and the laws they have to obey."""

import numpy as np
import pytest
from datasets import parse

from nri.data.simulated.charged import Charged
from nri.data.simulated.particle_motion import simulate_particles
from nri.data.simulated.particles import BOX, INITIAL_SPEED, TIME_STEP
from nri.data.simulated.randomness import generators
from nri.data.simulated.springs import Springs

FRAMES = 49


def settings(source, **changes):
    counts = {"objects": 5, "samples": {"train": 1, "valid": 1, "test": 1}}
    return parse({"source": source, **counts, **changes})[1]


SPRINGS, CHARGED = settings("springs"), settings("charged")
THREE = {"strengths": [0.0, 0.05, 0.1], "probabilities": [0.3, 0.3, 0.4]}


def simulated(system, settings, samples=300, frames=FRAMES):
    initial, edges = system.draw(settings, generators(7, "test", 0, samples))
    return system.simulate(settings, initial, edges, frames), edges


def official(reference_dir, name):
    """Initial states, edges as stored and trajectories (samples, objects, frames, 4)."""
    with np.load(reference_dir / "simulations.npz") as file:
        run = {key: file[f"{name}/{key}"] for key in ("position", "velocity", "edges")}
        initial = [file[f"{name}/initial_{key}"] for key in ("position", "velocity")]
    trajectories = np.concatenate([run["position"], run["velocity"]], -1).swapaxes(1, 2)
    return np.concatenate(initial, -1), (run["edges"] > 0).astype(np.int8), trajectories


def differences(trajectories):
    """r_i - r_j: (samples, frames, objects, objects, 2)."""
    position = trajectories[..., :2].swapaxes(1, 2)
    return position[:, :, :, None] - position[:, :, None, :]


@pytest.mark.parametrize("name", ["springs5", "springs10"])
def test_springs_agree_with_the_official_simulator(reference_dir, name):
    initial, edges, expected = official(reference_dir, name)
    trajectories = Springs.simulate(SPRINGS, initial, edges, FRAMES)
    np.testing.assert_allclose(trajectories, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["charged5", "charged10"])
def test_charged_particles_agree_until_rounding_has_grown(reference_dir, name):
    initial, edges, expected = official(reference_dir, name)
    trajectories = Charged.simulate(CHARGED, initial, edges, FRAMES)
    error = np.maximum.accumulate(np.abs(trajectories - expected).max((1, 3)), axis=1)
    assert error[:, :3].max() < 1e-10
    # Close encounters multiply errors without bound; half of all frames come before.
    assert np.mean(error < 1e-6) > 0.5


def test_a_free_particle_goes_straight_between_the_walls():
    initial = np.array([[[4.0, -1.0, 3.0, 7.0]]])
    frame = simulate_particles(initial, np.zeros((1, 1, 1)), False, 99)[0, 0]
    time = 0.1 * np.arange(1, 100)[:, None]
    unfolded = initial[0, 0, :2] + time * initial[0, 0, 2:]
    folded = np.abs((unfolded - BOX) % (4 * BOX) - 2 * BOX) - BOX
    np.testing.assert_allclose(frame[:, :2], folded, atol=1e-9)
    np.testing.assert_allclose(np.abs(frame[:, 2:]), [[3.0, 7.0]] * 99)


@pytest.mark.parametrize(
    ("system", "changes"), [(Springs, {"strengths": [0.0, 5.0]}), (Charged, {})]
)
def test_nothing_leaves_the_box(system, changes):
    source = system.__name__.lower()
    trajectories, _ = simulated(system, settings(source, objects=6, **changes))
    assert np.abs(trajectories[..., :2]).max() <= BOX


def test_springs_conserve_momentum_away_from_walls():
    trajectories, _ = simulated(Springs, settings("springs", **THREE), frames=99)
    trajectories = trajectories[np.abs(trajectories[..., :2]).max((1, 2, 3)) < 3.0]
    assert len(trajectories) > 100
    momentum = trajectories[..., 2:].sum(1)
    np.testing.assert_allclose(momentum - momentum[:, :1], 0.0, atol=1e-12)


def test_the_energy_of_springs_stays_within_bounds_between_walls():
    trajectories, edges = simulated(Springs, SPRINGS, frames=99)
    difference = differences(trajectories)
    constant = np.asarray(SPRINGS.strengths)[edges][:, None, :, :, None]
    force = -(constant * difference).sum(3).swapaxes(1, 2)
    potential = (constant * difference**2).sum((2, 3, 4)) / 4

    def drift(lag):
        velocity = trajectories[..., 2:] + lag * force
        energy = (velocity**2).sum((1, 3)) / 2 + potential
        return np.abs(energy / energy[:, :1] - 1).max(1)

    # Velocities lag half a step behind: with the other half of the kick the error is of
    # second order, and only a bounce in the middle of a step is seen.
    assert np.median(drift(TIME_STEP / 2)) < 1e-7
    assert drift(TIME_STEP / 2).max() < 1e-3
    assert np.median(drift(0.0)) > 1e-5


@pytest.mark.parametrize("same_sign", [True, False])
def test_two_charges_conserve_the_energy_of_an_inverse_square_force(same_sign):
    initial = np.array([[[-1.0, 0.0, 0.0, 0.4], [1.0, 0.0, 0.0, -0.4]]])
    edges = np.array([[[0, same_sign], [same_sign, 0]]], dtype=np.int8)
    trajectories = Charged.simulate(CHARGED, initial, edges, 20)
    difference = trajectories[:, 0, :, :2] - trajectories[:, 1, :, :2]
    distance = np.linalg.norm(difference, axis=-1, keepdims=True)
    sign = 1.0 if same_sign else -1.0
    kick = TIME_STEP / 2 * sign * difference / distance**3
    velocity = trajectories[..., 2:] + np.stack([kick, -kick], axis=1)
    energy = (velocity**2).sum((1, 3)) / 2 + sign / distance[..., 0]
    assert (distance[0, -1, 0] > distance[0, 0, 0]) == same_sign
    np.testing.assert_allclose(energy, 0.16 + sign / 2, atol=1e-4)


def test_forces_are_clipped():
    initial = np.array([[[0.0, 0.0, 0.0, 0.0], [0.001, 0.0, 0.0, 0.0]]])
    edges = np.array([[[0, 1], [1, 0]]], dtype=np.int8)
    # Unclipped, the first kick alone would be 1,000; 100 steps of at most 0.1 remain.
    speed = np.abs(Charged.simulate(CHARGED, initial, edges, 1)[..., 2]).max()
    assert 0.1 < speed <= 10.0


def test_charges_that_coincide_are_not_hidden_by_the_clipping():
    assert not np.isfinite(
        simulate_particles(np.zeros((1, 2, 4)), np.ones((1, 2, 2)), True, 1)
    ).all()


def test_the_first_states_and_graphs_follow_their_distributions():
    three = settings("springs", **{**THREE, "probabilities": [0.2, 0.3, 0.5]})
    initial, edges = Springs.draw(three, generators(3, "train", 0, 4000))
    np.testing.assert_allclose(initial[..., :2].std(), 0.5, rtol=0.02)
    np.testing.assert_allclose(np.linalg.norm(initial[..., 2:], axis=-1), INITIAL_SPEED)
    np.testing.assert_array_equal(edges, edges.swapaxes(1, 2))
    assert not edges[:, np.arange(5), np.arange(5)].any()
    lower = edges[:, *np.tril_indices(5, -1)]
    np.testing.assert_allclose(np.bincount(lower.ravel()) / lower.size, [0.2, 0.3, 0.5], atol=0.01)

    initial, edges = Charged.draw(CHARGED, generators(3, "train", 0, 4000))
    np.testing.assert_allclose(initial[..., :2].std(), 1.0, rtol=0.02)
    signs = 2 * edges + np.eye(5) * 2 - 1
    assert (np.linalg.matrix_rank(signs) == 1).all()
    assert abs(edges[:, 0, 1].mean() - 0.5) < 0.03


def test_strengths_name_the_edge_types():
    for changes, names in (
        ({}, ("none", "spring")),
        (THREE, ("none", "weak", "strong")),
        ({"strengths": [0.1, 0.2]}, ("k = 0.1", "k = 0.2")),
    ):
        assert Springs.edge_types(settings("springs", **changes)) == names
