"""Figures of basketball: the court, segments and predictions on it, edges between roles."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from nri.data.basketball.court import BASKET, FOOT, LENGTH, WIDTH
from nri.data.basketball.pick_and_roll import ROLES
from nri.evaluation.examples import Examples
from nri.figures.court import plot_court_predictions
from nri.figures.roles import plot_role_edges, role_shares
from nri.figures.segments import plot_segments
from nri.figures.style import object_colours
from nri.graph import receivers, senders
from nri.results.court_lines import court_lines

FEATURES, UNITS = ("x", "y", "vx", "vy"), ("m", "m", "m/s", "m/s")
GENERATOR = np.random.default_rng(0)


def walks(samples, frames, start=(8.0, 7.0)):
    steps = GENERATOR.normal(scale=0.2, size=(samples, 5, frames, 2))
    places = np.array(start) + np.cumsum(steps, axis=2)
    return np.concatenate([places, steps], axis=-1).astype(np.float32)


def legend(figure):
    return [text.get_text() for text in figure.legends[0].texts]


def test_the_court_has_the_size_of_the_rule_book():
    lines = court_lines()
    points = np.concatenate(lines)
    np.testing.assert_allclose([points[:, 0].min(), points[:, 0].max()], [0, LENGTH / 2])
    np.testing.assert_allclose([points[:, 1].min(), points[:, 1].max()], [0, WIDTH])
    np.testing.assert_allclose([LENGTH, WIDTH], [28.6512, 15.24])
    for line in lines:  # every line is its own mirror image
        heights = np.unique(line[:, 1].round(9))
        np.testing.assert_allclose(heights, (WIDTH - heights)[::-1], atol=1e-8)
    three = lines[1]
    distance = np.linalg.norm(three[1:-1] - BASKET, axis=1)
    np.testing.assert_allclose(distance, 23.75 * FOOT)
    # From the baseline it runs straight, 3 feet from the sidelines, for some 14 feet.
    np.testing.assert_allclose(three[[0, 1], 1], 3 * FOOT)
    assert three[1, 0] == pytest.approx(14 * FOOT, abs=0.1)


def test_segments_stand_in_rows_of_four_with_rings_at_the_screen():
    motion, titles = walks(6, 25), [f"sample {n}" for n in range(6)]
    figure = plot_segments(motion, FEATURES, UNITS, ROLES, 10, titles)
    drawn = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in drawn] == titles
    for axes, bodies in zip(drawn, motion, strict=True):
        rings = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
        places = [ring.get_xydata()[0] for ring in rings]
        np.testing.assert_allclose(places, bodies[:, 10, :2], rtol=1e-6)
        assert [ring.get_markeredgecolor() for ring in rings] == object_colours(5)
        assert axes.get_aspect() == 1
    assert legend(figure)[:5] == list(ROLES)
    figure.canvas.draw()


def test_predictions_start_where_the_observation_ends():
    observed, truth, predicted = walks(7, 18), walks(7, 7), walks(7, 7)
    examples = Examples(
        sample=np.arange(7),
        observed=observed,
        truth=truth,
        predicted=predicted,
        features=FEATURES,
        units=UNITS,
    )
    figure = plot_court_predictions(examples, ROLES)
    drawn = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in drawn] == [f"test sample {n}" for n in range(6)]
    for n, axes in enumerate(drawn):
        lines = [line.get_xydata() for line in axes.lines]
        wanted = np.concatenate([observed[n, 2, -1:, :2], predicted[n, 2, :, :2]])
        assert any(line.shape == wanted.shape and np.allclose(line, wanted) for line in lines)
    assert legend(figure)[:5] == list(ROLES)
    assert legend(figure)[-1] == "predicted"
    figure.canvas.draw()


def test_panels_have_room_for_play_beyond_the_half():
    motion = walks(1, 25, start=(20.0, 7.0))
    figure = plot_segments(motion, FEATURES, UNITS, ROLES, 10, ["sample 0"])
    (axes,) = figure.axes
    assert axes.get_xlim()[1] > motion[..., 0].max()
    assert axes.get_xlim()[0] < 0
    assert any(isinstance(artist, LineCollection) for artist in axes.collections)


def test_shares_count_samples_by_receiver_and_sender():
    posterior = np.full((4, 20, 2), [0.9, 0.1])
    edge = np.flatnonzero((receivers(5) == 3) & (senders(5) == 1))[0]
    posterior[:3, edge] = 0.2, 0.8
    shares = role_shares(posterior)
    assert shares.shape == (2, 5, 5)
    assert shares[1, 3, 1] == 0.75
    assert shares[0, 3, 1] == 0.25
    assert np.nansum(shares[1]) == 0.75
    assert np.isnan(shares[:, range(5), range(5)]).all()


def test_heat_maps_name_sender_and_receiver():
    posterior = np.full((4, 20, 2), [0.9, 0.1])
    edge = np.flatnonzero((receivers(5) == 3) & (senders(5) == 1))[0]
    posterior[:3, edge] = 0.2, 0.8
    figure = plot_role_edges({"encoder's graphs": posterior}, ROLES, ["none", "some"])
    first, second = figure.axes[:2]
    assert [first.get_title(loc="left"), second.get_title(loc="left")] == ["none", "some"]
    assert [label.get_text() for label in second.get_xticklabels()] == list(ROLES)
    assert [label.get_text() for label in first.get_yticklabels()] == list(ROLES)
    cells = {text.get_position(): text.get_text() for text in second.texts}
    assert len(cells) == 20
    assert cells.pop((1, 3)) == "75"
    assert set(cells.values()) == {"0"}
    figure.canvas.draw()


def test_refined_edges_between_roles_are_below_the_encoders():
    encoder, refined = np.zeros((2, 4, 20, 2))
    encoder[..., 0] = refined[..., 1] = 1
    posteriors = {"encoder's graphs": encoder, "refined graphs": refined}
    figure = plot_role_edges(posteriors, ROLES, ["none", "some"])
    panels = figure.axes[:4]
    assert [{text.get_text() for text in axes.texts} for axes in panels] == [
        {"100"},
        {"0"},
        {"0"},
        {"100"},
    ]
    assert panels[2].get_ylabel() == "refined graphs\nreceiver"
