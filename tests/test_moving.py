"""The picture that moves: what it shows at each moment, and that it tells what the model found."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import nri
from nri.evaluation.examples import Examples
from nri.evaluation.new_data import InferenceError
from nri.evaluation.posterior_file import StoredPosterior
from nri.evaluation.sharpening import sharpening
from nri.figures.moving import FRAME, REST, SLOW, SLOWER, STAGE, Clock, draw_moving
from nri.matching import true_order

SVG = "{http://www.w3.org/2000/svg}"
RUN = "runs/springs5/mlp-mlp-k2-fast/seed1"
FRAMES, AHEAD = 20, 8
EDGES = np.array([True, False, True, False, False, False])  # 1←2, 2←1 of three objects


@pytest.fixture
def drawn():
    """Three objects: the graph is right from the third frame on, the prediction goes astray."""
    turn = np.linspace(0, 3, FRAMES) + 2 * np.arange(3)[:, None]
    true = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    chances = np.full((FRAMES - AHEAD, 6), 0.5)
    chances[2:] = np.where(EDGES, 0.98, 0.03)
    return draw_moving(true, true[:, -AHEAD:] + 0.1, chances, EDGES, "three <objects>")


def states(svg, name):
    """The states that a rule passes through."""
    rule = re.search(rf"@keyframes {name}\{{(.*)\}}\n", svg)[1]
    return re.findall(r"([^{}]+)\{([^{}]*)\}", rule)


def place(state):
    return [float(number) for number in re.findall(r"-?[\d.]+", state.partition("(")[2])]


def test_it_is_an_image_that_stands_alone(drawn):
    root = ElementTree.fromstring(drawn)
    assert root.findtext(f"{SVG}title") == "three <objects>"
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in drawn
    assert "prefers-reduced-motion" in drawn
    names = set(re.findall(r"animation-name:(\w+)", drawn))
    assert names == set(re.findall(r"@keyframes (\w+)", drawn))


def test_discs_leave_the_rings_where_the_prediction_begins(drawn):
    (_, first), *_, (_, last) = states(drawn, "r0")
    discs = [place(state) for _, state in states(drawn, "o0")]
    assert place(first) == discs[FRAMES - AHEAD - 1]
    assert discs[-1] != place(last)
    left, top, side = STAGE
    assert left < place(last)[0] < left + side
    assert top < place(last)[1] < top + side
    # y points up: the first object begins to turn towards larger y.
    assert discs[1][1] < discs[0][1]


def test_the_graph_sharpens_and_says_how_much_is_right(drawn):
    said = re.findall(r">(\d of 6 edges right|nothing seen yet)<", drawn)
    assert said == ["nothing seen yet", "6 of 6 edges right"]
    edge = [float(state.partition(":")[2]) for _, state in states(drawn, "e0")]
    assert (edge[0], edge[-1]) == (0.5, 0.98)
    wrong = [line for line in drawn.splitlines() if 'class="edge wrong"' in line]
    assert len(wrong) == 2
    assert all('opacity="0.03"' in line for line in wrong)


def test_the_first_frames_are_slower_and_the_end_rests():
    clock = Clock(FRAMES)
    assert clock.length == pytest.approx((FRAMES - 1 + SLOW * (SLOWER - 1)) * FRAME + REST)
    times = [float(time.rstrip("%")) * clock.length / 100 for time in clock.percent]
    assert times[SLOW] == pytest.approx(SLOW * SLOWER * FRAME, rel=1e-3)


def test_the_last_graph_is_the_refined_one_and_the_motion_follows_from_it(smoke, tmp_path):
    run = smoke / "run" / "results" / RUN
    found, examples = sharpening(run), Examples.load(run / "examples.npz")
    stored = StoredPosterior.load(run / "posterior.npz")
    present = true_order(stored.refined_matching)[1]
    np.testing.assert_allclose(
        found.chances[-1], stored.refined[found.sample, :, present], atol=1e-4
    )
    np.testing.assert_array_equal(found.chances[0], 0.5)
    steps = examples.truth.shape[2]
    expected = nri.load(run).predict(examples.observed[0], steps, refined=True)
    np.testing.assert_array_equal(found.predicted, expected[0, ..., :2])
    output = tmp_path / "moving.svg"
    program = [sys.executable, "scripts/moving.py", "--run", run, "--output", output]
    subprocess.run(program, check=True)
    assert "springs5" not in ElementTree.parse(output).findtext(f"{SVG}title")
    assert output.stat().st_size < 500_000


def test_oscillators_are_refused(smoke):
    run = next((smoke / "run" / "results" / "runs").glob("kuramoto*/*-mlp-k2*/seed1"))
    with pytest.raises(InferenceError, match="not a run on objects with x and y"):
        sharpening(run)
