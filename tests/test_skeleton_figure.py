import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from nri.figures.skeleton import plot_edges_on_skeleton, project

POSITIONS = np.array([[0.0, 1.0, 5.0], [0.2, 1.5, 5.0], [0.0, 0.1, 5.4]])
BONES = np.array([[0, 1], [0, 2]])


def test_projection_keeps_heights_and_walks_to_the_right():
    points = project(POSITIONS)
    np.testing.assert_array_equal(points[:, 1], POSITIONS[:, 1])
    assert project(np.array([0, 0, 1.0]))[0] > 0
    assert np.linalg.norm(project(np.array([0, 0, 1.0]))) < 1


def test_arrows_lead_from_sender_to_receiver():
    edges = np.full((2, 3, 3), 0.4)
    edges[0, 2, 1] = 0.9  # receiver 2, sender 1
    edges[1] = 1.0
    figure = Figure()
    plot_edges_on_skeleton(figure, POSITIONS, BONES, edges, ["a", "b"])
    one, all_of_them = (
        [patch for patch in panel.patches if isinstance(patch, FancyArrowPatch)]
        for panel in figure.axes
    )
    assert len(one) == 1
    assert len(all_of_them) == 6  # no self-loops
    start, end = one[0]._posA_posB
    assert start[1] == pytest.approx(1.5)
    assert end[1] == pytest.approx(0.1)
    assert figure.axes[0].get_title(loc="left") == "a: 1 of 6 edges"
    figure.canvas.draw()
