"""Figures of joints and bones: projection, learned edges along a walk, predicted poses."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from nri.data.format import Metadata
from nri.evaluation.examples import Examples
from nri.figures.body import project
from nri.figures.poses import plot_poses
from nri.figures.skeleton import draw_edges, plot_learned_edges
from nri.graph import matrix_to_edges

POSITIONS = np.array([[0.0, 1.0, 5.0], [0.2, 1.5, 5.0], [0.0, 0.1, 5.4]])
BONES = np.array([[0, 1], [0, 2]])
FRAMES, HORIZON, WINDOWS = 4, 25, (0, 10, 26)
UNITS = ("m", "m", "m", "m/s", "m/s", "m/s")


@pytest.fixture
def metadata():
    skeleton = np.zeros((3, 3), dtype=np.int8)
    skeleton[tuple(BONES.T)] = 1
    return Metadata(
        ("x", "y", "z", "vx", "vy", "vz"), UNITS, 1 / 120, skeleton=skeleton.T + skeleton
    )


@pytest.fixture
def walk(metadata):
    """Three joints that rise 1 cm a frame; predicted 5 cm too high. In window w, w edges of type 1
    and the others of type 0.
    """
    motion = np.zeros((1, 3, FRAMES + 1 + HORIZON, 6))
    motion[0, :, :, :3] = POSITIONS[:, None]
    motion[0, :, :, 1] += 0.01 * np.arange(FRAMES + 1 + HORIZON)
    truth = motion[:, :, FRAMES + 1 :]
    posterior = np.zeros((1, len(WINDOWS), 6, 2))
    for w in range(len(WINDOWS)):
        posterior[0, w, :w, 1] = 0.8
    posterior[..., 0] = 1 - posterior[..., 1]
    return Examples(
        sample=np.arange(1),
        observed=motion[:, :, : FRAMES + 1],
        truth=truth,
        predicted=truth + np.array([0, 0.05, 0, 0, 0, 0]),
        features=metadata.features,
        units=metadata.units,
        window_start=np.array(WINDOWS),
        window_posterior=posterior,
    )


def arrows(axes):
    return [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]


def skeletons(axes):
    return [lines for lines in axes.collections if isinstance(lines, LineCollection)]


def test_projection_keeps_heights_and_walks_to_the_right():
    points = project(POSITIONS)
    np.testing.assert_array_equal(points[:, 1], POSITIONS[:, 1])
    assert project(np.array([0, 0, 1.0]))[0] > 0
    assert np.linalg.norm(project(np.array([0, 0, 1.0]))) < 1


def test_arrows_lead_from_sender_to_receiver():
    edges = np.full((3, 3), 0.4)
    edges[2, 1] = 0.9  # receiver 2, sender 1
    one, all_of_them = Figure().subplots(1, 2)
    assert draw_edges(one, POSITIONS, edges, "black") == len(arrows(one)) == 1
    assert draw_edges(all_of_them, POSITIONS, np.ones((3, 3)), "black") == 6  # no self-loops
    start, end = arrows(one)[0]._posA_posB
    assert start[1] == pytest.approx(1.5)
    assert end[1] == pytest.approx(0.1)
    one.figure.canvas.draw()


def test_a_panel_for_each_type_and_window_with_the_window_s_edges(walk, metadata):
    figure = plot_learned_edges(walk, metadata, skip_first=False)
    grid = np.array(figure.axes).reshape(2, len(WINDOWS))
    assert [[len(arrows(axes)) for axes in row] for row in grid] == [[6, 5, 4], [0, 1, 2]]
    assert grid[1, 2].get_title(loc="right") == "2 edges"
    labels = [axes.get_ylabel() for axes in grid[:, 0]]
    assert labels == ["edges of type 0\nheight (m)", "edges of type 1\nheight (m)"]
    without = plot_learned_edges(walk, metadata, skip_first=True)
    assert [len(arrows(axes)) for axes in without.axes] == [0, 1, 2]


def test_the_pose_is_that_of_the_window_s_last_frame(walk, metadata):
    panels = plot_learned_edges(walk, metadata, skip_first=True).axes
    for axes, start in zip(panels, WINDOWS, strict=True):
        last = start + FRAMES - 1
        (bones,) = skeletons(axes)
        root, head = bones.get_segments()[0]
        np.testing.assert_allclose(root, [0, 1.0 + 0.01 * last])
        assert head[1] == pytest.approx(1.5 + 0.01 * last)
        assert axes.get_title(loc="left").strip() == f"{last / 120:.2f} s"


def test_the_refined_graph_of_the_first_window_is_beside_it(walk, metadata):
    refined = np.zeros((1, 6, 2))
    refined[..., 0] = 1
    refined[0, :4] = [0, 1]
    figure = plot_learned_edges(replace(walk, refined=refined), metadata, skip_first=True)
    assert [len(arrows(axes)) for axes in figure.axes] == [0, 4, 1, 2]
    first, beside = (axes.get_title(loc="left") for axes in figure.axes[:2])
    assert beside == f"{first.strip()}\nrefined"


def test_edges_of_a_window_lead_where_the_posterior_says(walk, metadata):
    matrix = np.zeros((3, 3))
    matrix[0, 2] = 0.9  # receiver 0, sender 2
    walk.window_posterior[0, 0, :, 1] = matrix_to_edges(matrix)
    (arrow,) = arrows(plot_learned_edges(walk, metadata, skip_first=True).axes[0])
    start, end = arrow._posA_posB
    assert (start[1], end[1]) == pytest.approx((0.1 + 0.03, 1.0 + 0.03))


def test_poses_are_the_stored_ones_and_titles_say_how_far_apart(walk, metadata):
    figure = plot_poses(walk, metadata, "#D55E00")
    titles = [axes.get_title(loc="left").strip() for axes in figure.axes]
    assert titles == ["step 1", "step 10", "step 20", "step 25"]
    for axes, step in zip(figure.axes, (1, 10, 20, 25), strict=True):
        assert axes.get_title(loc="right") == "5.0 cm"
        true, predicted = skeletons(axes)
        root = walk.truth[0, 0, step - 1, 1]
        np.testing.assert_allclose(true.get_segments()[0][0], [0, root])
        np.testing.assert_allclose(predicted.get_segments()[0][0], [0, root + 0.05])
        assert same_color(predicted.get_colors()[0], "#D55E00")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["truth", "predicted"]
