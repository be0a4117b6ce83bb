"""Figures of the simulated systems and of predicted phases: what is drawn, and where."""

import json
import sys
from dataclasses import replace
from importlib import import_module
from xml.etree import ElementTree

import numpy as np
import pytest
from example_results import config, examples, kuramoto
from matplotlib.collections import LineCollection
from matplotlib.colors import same_color

from nri.config.runs import Identity
from nri.data.format import Metadata, Split, read_metadata, read_split
from nri.figures.colours import COLOURS
from nri.figures.phases import UNRELATED, ModelExamples, plot_phases
from nri.figures.simulation import plot_simulation
from nri.figures.style import line_style, object_colours
from nri.figures.systems import plot_systems
from nri.files import ResultsError

LSTM, NRI = "LSTM (joint)", "NRI (learned)"


@pytest.fixture(scope="module")
def springs(small_springs):
    return read_split(small_springs, "test", slice(0, 1)), read_metadata(small_springs)


@pytest.fixture(scope="module")
def oscillators():
    """One sample of three oscillators, the first two coupled."""
    graph = np.zeros((3, 3))
    graph[0, 1] = graph[1, 0] = 1
    motion = kuramoto(graph, 30, np.random.default_rng(0))[None]
    features, units = ("dphi", "sin_phi", "omega"), ("rad/s", "1", "rad/s")
    metadata = Metadata(features, units, 0.1, edge_types=("none", "coupled"))
    return Split(motion, graph[None].astype(np.int8)), metadata


@pytest.fixture
def stored():
    return examples("kuramoto", 0.9, 4, 5, np.random.default_rng(0))


@pytest.fixture
def models(stored):
    """Two models of the same oscillators: one right, one half a turn off."""
    right, wrong = replace(stored, predicted=stored.truth), replace(stored, predicted=-stored.truth)
    return {
        LSTM: ModelExamples(wrong, line_style("lstm_joint", "", "paper")),
        NRI: ModelExamples(right, line_style("nri_learned", "inferred", "paper")),
    }


def paths(axes):
    """The fading paths of a panel: (points (T, 2), colours of the pieces (T - 1, 4))."""
    for lines in axes.collections:
        if isinstance(lines, LineCollection):
            pieces = np.array(lines.get_segments())
            yield np.concatenate([pieces[:, 0], pieces[-1:, 1]]), lines.get_colors()


def test_a_simulation_is_its_motion_and_its_true_graph(springs):
    split, metadata = springs
    motion, graph = plot_simulation(split, metadata).axes
    drawn = list(paths(motion))
    assert len(drawn) == 5
    for (points, colours), true, colour in zip(
        drawn, split.trajectories[0], object_colours(5), strict=True
    ):
        np.testing.assert_allclose(points, true[:, :2], rtol=1e-5)
        assert same_color(colours[0, :3], colour)
        assert (np.diff(colours[:, 3]) > 0).all()  # it fades in
    assert motion.get_xlabel() == f"x ({metadata.units[0]})"
    assert len(graph.patches) == np.triu(split.edges[0]).sum()
    nodes = graph.collections[0].get_facecolors()
    assert all(map(same_color, nodes[:, :3], object_colours(5)))


def test_every_system_has_a_panel_and_oscillators_run_over_seconds(springs, oscillators):
    plane, lanes = plot_systems({"springs5": springs, "kuramoto5": oscillators}).axes
    assert plane.get_title(loc="left") == "Springs, 5 objects"
    assert plane.get_aspect() == 1
    assert lanes.get_title(loc="left") == "Kuramoto, 5 objects"
    assert (lanes.get_xlabel(), lanes.get_ylabel()) == ("time (s)", "sin φ of each oscillator")
    assert len(lanes.lines) == 3
    for line, true in zip(lanes.lines, oscillators[0].trajectories[0], strict=True):
        np.testing.assert_allclose(line.get_xdata(), 0.1 * np.arange(30))
        moved = line.get_ydata() - true[:, 1]
        np.testing.assert_allclose(moved, moved[0])  # by its lane alone
    heights = [line.get_ydata().mean() for line in lanes.lines]
    assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize(
    ("features", "units", "drawn", "label"),
    [
        (("theta", "sin_theta"), ("rad", "1"), 1, "sin θ of each oscillator"),
        (("temperature", "flow"), ("K", "W"), 0, "temperature (K) of each object"),
        (("load",), ("",), 0, "load of each object"),
        (("$x^$",), ("$",), 0, r"\$x^\$ (\$) of each object"),
    ],
)
def test_a_system_with_any_features_is_drawn(features, units, drawn, label):
    """A new system needs no edit of the figures."""
    motion = np.random.default_rng(0).normal(size=(1, 2, 12, len(features)))
    split = Split(motion, np.ones((1, 2, 2), dtype=np.int8))
    metadata = Metadata(features, units, 0.5, edge_types=("none", "some"))
    (panel,) = plot_systems({"new": (split, metadata)}).axes
    assert panel.get_ylabel() == label
    for line, true in zip(panel.lines, motion[0, ..., drawn], strict=True):
        np.testing.assert_allclose(np.ptp(line.get_ydata()), np.ptp(true))
    simulation = plot_simulation(split, metadata)
    assert len(simulation.axes) == 2
    simulation.draw_without_rendering()  # a name is no formula


def test_each_model_has_its_panel_and_its_error(models):
    lstm, nri, errors = plot_phases(models).axes
    assert [axes.get_title(loc="left") for axes in (lstm, nri)] == [LSTM, NRI]
    for axes, model in ((lstm, models[LSTM]), (nri, models[NRI])):
        lines = [line for line in axes.lines if len(line.get_xdata()) == 51]
        broad, thin = lines[::2], lines[1::2]
        assert len(broad) == len(thin) == 5
        for n, (true, predicted) in enumerate(zip(broad, thin, strict=True)):
            np.testing.assert_array_equal(true.get_xdata(), np.arange(51))
            base = true.get_ydata()[1:] - model.examples.truth[0, n, :, 1]
            np.testing.assert_allclose(base, base[0], atol=1e-5)
            shown = predicted.get_ydata()[1:] - base[0]
            np.testing.assert_allclose(shown, model.examples.predicted[0, n, :, 1], atol=1e-5)
    truth = models[NRI].examples.truth[..., 1]
    wrong, right = (
        next(line for line in errors.lines if same_color(line.get_color(), COLOURS[name]))
        for name in ("lstm_joint", "nri_learned")
    )
    np.testing.assert_array_equal(right.get_ydata(), 0)
    np.testing.assert_allclose(wrong.get_ydata(), 2 * np.abs(truth).mean((0, 1)), rtol=1e-5)


def test_the_reference_is_the_error_of_unrelated_phases():
    one, other = np.random.default_rng(0).uniform(0, 2 * np.pi, (2, 400_000))
    assert np.abs(np.sin(one) - np.sin(other)).mean() == pytest.approx(UNRELATED, abs=3e-3)


def test_models_that_saw_different_samples_are_refused(models):
    other = replace(models[NRI].examples, truth=models[NRI].examples.truth + 1)
    with pytest.raises(ResultsError, match="other data"):
        plot_phases({**models, NRI: ModelExamples(other, models[NRI].style)})


def test_programs_name_the_figure_of_the_paper(stored, small_springs, tmp_path, monkeypatch):
    recorded = config("kuramoto5", "cnn", "mlp", "", 2)
    lstm = Identity(dataset="kuramoto5", baseline="lstm-joint")
    baseline = {**recorded, "run": {**lstm.columns(), "seed": 2}}
    for name, record in (("nri", recorded), ("lstm", baseline)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(record))
        stored.save(tmp_path / name / "examples.npz")
    models = tmp_path / "nri", tmp_path / "lstm"
    inputs = {
        "phases": [
            *("--examples", *(path / "examples.npz" for path in models)),
            *("--configs", *(path / "config.json" for path in models)),
        ],
        "simulation": ["--data", small_springs],
        "systems": ["--data", small_springs],
    }
    said = {}
    for name, arguments in inputs.items():
        output = tmp_path / f"{name}.svg"
        command = [name, *arguments, "--output", output]
        monkeypatch.setattr(sys, "argv", list(map(str, command)))
        import_module(f"nri.figures.{name}").main()
        tags = ElementTree.parse(output).iter("{http://purl.org/dc/elements/1.1/}description")
        said[name] = next(tags).text
    assert said["simulation"].startswith("As the paper's Figure 1. Springs, 5 objects")
    assert "edges of type “spring”" in said["simulation"]
    assert said["systems"].startswith("As the paper's Figure 4.")
    assert said["phases"].startswith("As the paper's Figure 9. Kuramoto, 5 objects")
    assert "all 4 examples" in said["phases"]
    assert "Seed 2. Reduced scale: 1,000 training simulations" in said["phases"]
