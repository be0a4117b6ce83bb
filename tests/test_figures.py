import re
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import matplotlib
import numpy as np
import pandas as pd
import pytest
from example_results import examples, run_directory, write_results
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from nri.evaluation.examples import Examples
from nri.figures.calibration import plot_calibration, reliability
from nri.figures.colours import COLOURS
from nri.figures.curves import plot_curves, read_curves
from nri.figures.edges import plot_edges
from nri.figures.graphs import draw_graph
from nri.figures.horizon import plot_horizon
from nri.figures.style import ERROR, save, styled
from nri.figures.trajectories import plot_trajectories
from nri.files import ResultsError
from nri.graph import matrix_to_edges
from nri.results.rows import collect_metrics, collect_runs


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return write_results(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def metrics(results):
    return collect_metrics(results.rglob("metrics.csv"))


@pytest.fixture(scope="module")
def runs(results):
    return collect_runs(results.rglob("config.json"))


def panels(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def patches(types, nodes=4, **options):
    axes = Figure().subplots()
    draw_graph(axes, types, nodes, **options)
    return axes.patches


def curves_of(paths):
    return read_curves(paths, [path.with_name("config.json") for path in paths], {})


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_same_figure_gives_the_same_bytes(metrics, runs, tmp_path, suffix):
    files = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for file in files:
        save(plot_horizon(metrics, runs), [file], "A title", "A caption")
    assert files[0].read_bytes() == files[1].read_bytes()


def test_drawing_does_not_depend_on_the_settings_of_the_process(metrics, runs, tmp_path):
    save(plot_horizon(metrics, runs), [tmp_path / "a.svg"], "", "")
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.grid": False}):
        before = dict(matplotlib.rcParams)
        save(plot_horizon(metrics, runs), [tmp_path / "b.svg"], "", "")
        assert dict(matplotlib.rcParams) == before
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_horizon_shows_means_and_standard_errors_of_each_model(metrics, runs):
    shown = panels(plot_horizon(metrics, runs))
    assert list(shown) == ["Springs, 5 objects", "Kuramoto, 5 objects", "Motion capture"]
    axes = shown["Springs, 5 objects"]
    assert axes.get_yscale() == "log"
    values = metrics.query("dataset == 'springs5' and metric == 'mse'")
    for recipe, dashed in (("paper", False), ("fast", True)):
        runs = values.query(f"model == 'nri_learned' and recipe == '{recipe}'")
        by_step = runs.groupby("step")["value"]
        (line,) = (
            line
            for line in axes.lines
            if same_color(line.get_color(), COLOURS["nri_learned"]) and line.is_dashed() == dashed
        )
        np.testing.assert_array_equal(line.get_xdata(), range(1, 21))
        np.testing.assert_allclose(line.get_ydata(), by_step.mean())
        upper = max(
            band.get_paths()[0].vertices[:, 1].max()
            for band in axes.collections
            if np.isclose(band.get_paths()[0].vertices[:, 1], by_step.mean()[20], rtol=0.5).any()
        )
        assert upper >= (by_step.mean() + by_step.sem()).max() * (1 - 1e-9)
    assert len(axes.lines) == len(values.drop_duplicates(["model", "recipe"]))


def test_horizon_needs_an_error(metrics, runs):
    with pytest.raises(ValueError, match="no run has the metric mse"):
        plot_horizon(metrics[metrics["metric"] == "edge_accuracy"], runs)


def test_curves_are_the_files_own_over_updates_and_their_own_seconds(results):
    paths = sorted((results / "runs" / "springs5").rglob("curve.csv"))
    figure = plot_curves(curves_of(paths))
    accuracy, over_time = figure.axes[:2]
    wanted = [pd.read_csv(path) for path in paths]
    wanted = [curve for curve in wanted if curve["valid_edge_accuracy"].notna().any()]
    for axes, along in ((accuracy, "step"), (over_time, "process_seconds")):
        drawn = {
            (tuple(line.get_xdata()), tuple(line.get_ydata()))
            for line in axes.lines
            if np.isfinite(line.get_ydata()).all() and len(line.get_xdata()) > 2
        }
        assert drawn == {(tuple(c[along]), tuple(c["valid_edge_accuracy"])) for c in wanted}
    assert "chance (0.5)" in [text.get_text() for text in accuracy.texts]


def test_the_loss_of_a_supervised_encoder_is_not_among_the_likelihoods(results):
    run = run_directory(results, "springs5", "mlp", "none", "paper") / "seed1" / "curve.csv"
    curves = curves_of([run])
    assert curves["valid_nll"].isna().all()
    assert curves["valid_edge_accuracy"].notna().all()
    assert [bool(axes.get_ylabel()) for axes in plot_curves(curves).axes] == [True, False]


def test_graphs_of_the_decoder_stand_beside_those_of_its_encoder(results, tmp_path):
    """In the stage that samples graphs; in one that teaches the encoder there is no likelihood."""
    seed = run_directory(results, "springs5", "mlp", "mlp", "paper") / "seed1"
    shutil.copytree(seed, tmp_path / "seed1")
    path = tmp_path / "seed1" / "curve.csv"
    curve = pd.read_csv(path)
    refined = pd.Series([0.75] * 10).reindex(curve.index)
    taught = curve["valid_nll"].where(curve.index < 20, 0.0)
    curve.assign(valid_refined_accuracy=refined, valid_nll=taught).to_csv(path, index=False)
    curves = curves_of([path])
    figure = plot_curves(curves)
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["NRI (learned)", "NRI (learned, refined graph)"]
    own, of_decoder = figure.axes[0].lines[:2]
    assert len(own.get_xdata()) == len(curve)
    assert set(of_decoder.get_ydata()) == {0.75}
    assert len(of_decoder.get_xdata()) == 10
    likelihood = figure.axes[2].lines[0].get_ydata()
    assert np.isfinite(likelihood).sum() == 20


def test_curves_without_truth_have_no_accuracy(results):
    paths = (results / "runs" / "mocap35").rglob("curve.csv")
    figure = plot_curves(curves_of(list(paths)))
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "negative log-likelihood (validation)",
        "",
    ]


def test_a_training_of_one_epoch_is_a_point(results):
    path = run_directory(results, "springs5", "mlp", "mlp", "paper") / "seed1" / "curve.csv"
    curves = curves_of([path])
    markers = [
        {line.get_marker() for line in plot_curves(part).axes[2].lines}
        for part in (curves, curves.iloc[:1])
    ]
    assert markers == [{""}, {"o"}]


def test_likelihoods_of_different_stages_are_not_joined(results):
    path = run_directory(results, "springs5", "mlp", "mlp", "paper") / "seed1" / "curve.csv"
    curves = curves_of([path])
    curves["stage"] = [0] * 30 + [1] * 10
    likelihood = plot_curves(curves).axes[2]
    assert sorted(len(line.get_xdata()) for line in likelihood.lines) == [10, 30]


def test_a_likelihood_of_the_first_updates_alone_is_drawn(results):
    """As of a decoder that is found in a few updates, while its encoder is taught for many."""
    path = run_directory(results, "springs5", "mlp", "mlp", "paper") / "seed1" / "curve.csv"
    curves = curves_of([path])
    curves.loc[curves.index[1:], "valid_nll"] = float("nan")
    curves.loc[curves.index[0], ["step", "valid_nll"]] = 1, 7.0
    assert plot_curves(curves).axes[2].get_ylim()[1] > 7.0


def test_curves_of_two_datasets_are_refused(results):
    with pytest.raises(ValueError, match="springs5, kuramoto5"):
        plot_curves(curves_of(sorted(results.rglob("curve.csv"))[:-3]))


def test_a_file_that_is_not_a_curve_is_named(results, tmp_path):
    run = run_directory(results, "springs5", "mlp", "mlp", "paper") / "seed1"
    (tmp_path / "curve.csv").write_text("step,loss\n1,2\n")
    with pytest.raises(ResultsError, match=r"curve\.csv: .*missing columns: .*valid_nll"):
        read_curves([tmp_path / "curve.csv"], [run / "config.json"], {})


def test_a_mutual_edge_is_one_line_and_type_zero_none():
    path = np.zeros((4, 4), dtype=int)
    path[0, 1] = path[1, 0] = path[2, 3] = path[3, 2] = 1
    lines = patches(matrix_to_edges(path))
    assert len(lines) == 2
    assert not any(same_color(line.get_edgecolor(), ERROR) for line in lines)


def test_an_edge_one_way_is_an_arrow_from_sender_to_receiver():
    matrix = np.zeros((4, 4), dtype=int)
    matrix[2, 0] = 1  # receiver 2, sender 0, which is on top of the circle
    (arrow,) = patches(matrix_to_edges(matrix))
    start, end = arrow._posA_posB
    np.testing.assert_allclose(start, [0, 1], atol=1e-12)
    np.testing.assert_allclose(end, [0, -1], atol=1e-12)


def test_each_wrong_edge_is_coloured():
    rng = np.random.default_rng(3)
    truth, types = rng.integers(0, 3, (2, 6 * 5))
    lines = patches(types, 6, truth=truth)
    coloured = [line for line in lines if same_color(line.get_edgecolor()[:3], ERROR)]
    arrows = [line for line in coloured if type(line.get_arrowstyle()).__name__ != "Curve"]
    straight = len(coloured) - len(arrows)
    assert len(arrows) + 2 * straight == (truth != types).sum()


@pytest.mark.parametrize(
    ("system", "objects", "samples"),
    [("springs", 5, 3), ("springs", 10, 2), ("kuramoto", 5, 3), ("kuramoto", 10, 1)],
)
def test_trajectories_of_each_kind_can_be_drawn(tmp_path, system, objects, samples):
    rng = np.random.default_rng(0)
    figure = plot_trajectories(examples(system, 0.9, samples, objects, rng))
    assert len(figure.axes) == 3 * samples
    save(figure, [tmp_path / "figure.png"], "", "")


def test_predicted_motion_is_drawn_in_the_system_s_units():
    shown = examples("springs", 0.9, 1, 5, np.random.default_rng(0))
    motion = plot_trajectories(shown).axes[0]
    path = np.concatenate([shown.observed[0, 2, -1:, :2], shown.predicted[0, 2, :, :2]])
    assert any(
        len(line.get_xdata()) == len(path)
        and np.allclose(np.array(line.get_data()).T, path, atol=1e-5)
        for line in motion.lines
    )


def test_examples_without_truth_show_the_inferred_graph_alone():
    shown = examples("springs", 0.9, 2, 5, np.random.default_rng(0))
    figure = plot_trajectories(replace(shown, edges=None))
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == 2 * ["inferred"]


def test_a_refined_graph_stands_beside_the_others_with_its_own_count():
    worse, better = (examples("springs", share, 2, 5, np.random.default_rng(0)) for share in (0, 1))
    figure = plot_trajectories(replace(worse, refined=better.posterior))
    assert len(figure.axes) == 4 * 2
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    right = (worse.posterior.argmax(-1) == worse.edges).sum(-1)
    assert titles[:3] == ["true\n", f"inferred\n{right[0]} of 20", "refined\n20 of 20"]


def test_examples_that_lack_something_are_refused_by_name(tmp_path):
    made = examples("springs", 0.9, 2, 5, np.random.default_rng(0))
    replace(made, posterior=None).save(tmp_path / "examples.npz")
    with pytest.raises(ResultsError, match=r"examples\.npz.*posterior"):
        Examples.load(tmp_path / "examples.npz", "predicted", "posterior")


def test_refined_edges_have_a_row_of_their_own():
    rows = {"sample": 0, "receiver": ["$a^$", "b"], "sender": ["b", "$a^$"], "type": [1, 0]}
    rows |= {"probability": [0.9, 0.8], "agreement": 1.0}
    edges = pd.DataFrame(rows)
    refined = {"refined_type": 1, "refined_probability": [0.7, 0.6], "refined_agreement": [1, 0.5]}

    def cells(figure):
        return [[text.get_text() for text in axes.texts] for axes in figure.axes if axes.images]

    assert cells(plot_edges(edges, 2)) == [["90", "80"]]
    both = plot_edges(edges.assign(**refined), 2)
    assert cells(both) == [["90", "80"], ["70", "(60)"]]
    both.draw_without_rendering()  # a name is no formula
    assert "test sample 0, refined" in [axes.get_title("left") for axes in both.axes]


def test_style_can_be_applied_to_any_plot():
    @styled
    def plot():
        return matplotlib.rcParams["axes.spines.top"]

    assert plot() is False
    assert matplotlib.rcParams["axes.spines.top"] is True


def test_the_programs_write_svg_and_png_with_a_caption(results, tmp_path, monkeypatch):
    run = run_directory(results, "springs5", "node-cnn", "mlp", "fast") / "seed2"
    curves = sorted((results / "runs/springs5").rglob("curve.csv"))
    configs = [path.with_name("config.json") for path in curves]
    programs = {
        "trajectories": ["--examples", run / "examples.npz", "--config", run / "config.json"],
        "curves": ["--curves", *curves, "--configs", *configs],
    }
    numbers = {"trajectories": "As the paper's Figure 5.", "curves": "Not in the paper."}
    for program, inputs in programs.items():
        outputs = [tmp_path / f"{program}.{suffix}" for suffix in ("svg", "png")]
        monkeypatch.setattr(sys, "argv", list(map(str, [program, *inputs, "--output", *outputs])))
        import_module(f"nri.figures.{program}").main()
        assert outputs[1].read_bytes().startswith(b"\x89PNG")
        text = outputs[0].read_text()
        assert "Springs, 5 objects" in text
        assert numbers[program] in text
        assert "Reduced scale: 1,000 training simulations and 2,400 updates a run" in text
        assert "<dc:date>" not in text
    assert "NRI (learned) (fast recipe), seed 2" in (tmp_path / "trajectories.svg").read_text()


def figure_modules(repository):
    """The modules of nri/figures that are programs."""
    return sorted(
        path.stem
        for path in (repository / "nri" / "figures").glob("*.py")
        if "def main()" in path.read_text()
    )


def test_every_figure_is_in_the_table_of_the_workflow(repository):
    """A module that is not in FIGURES would never be drawn."""
    rules = (repository / "workflow" / "rules" / "figure_table.smk").read_text()
    listed = re.findall(r'\*\*figures\(\s*"(\w+)"', rules)
    assert sorted(listed) == figure_modules(repository)


def test_no_figure_loads_a_model(repository):
    """Figures are drawn from files, without torch: dozens of them start in half a second each."""
    modules = [f"nri.figures.{name}" for name in figure_modules(repository)]
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=repository, check=True)


def test_reliability_counts_errors_by_what_was_stated():
    """Of ten edges at 0.9 three are wrong; of two that are surer one is, in a bin of its own."""
    stated = np.array([[0.9, 0.1]] * 10 + [[1.0, 1e-9], [0.999, 1e-3]], dtype=np.float32)
    edges = np.array([[1] * 3 + [0] * 7 + [0, 1]])
    found = reliability(stated[None], np.array([0, 1]), edges)
    used = found.count > 0
    assert found.count[used].tolist() == [1, 1, 10]
    assert found.wrong[used].tolist() == [0, 1, 3]
    assert found.doubt[used][-1] == pytest.approx(0.1, rel=1e-5)
    swapped = reliability(stated[None, :, ::-1], np.array([1, 0]), edges)
    np.testing.assert_array_equal(swapped.wrong, found.wrong)


def test_calibration_draws_points_where_edges_are_wrong_and_bounds_where_none_is():
    rng = np.random.default_rng(0)
    right = rng.uniform(0.5, 1.0, (400, 20))
    edges = (rng.uniform(size=right.shape) > right).astype(int)  # type 0 is right as often as said
    posterior = np.stack([right, 1 - right], axis=-1)
    runs = {
        name: {graph: reliability(posterior, np.array([0, 1]), truth) for graph in graphs}
        for name, graphs, truth in (
            ("learned", ("inferred", "refined", "tempered"), edges),
            ("no error", ("inferred",), np.zeros_like(edges)),
        )
    }
    figure = plot_calibration(runs, {"learned": 2.0, "no error": None})
    learned, perfect = figure.axes[:2]
    assert [text.get_text() for text in learned.texts] == ["T = 2"]
    assert not perfect.texts
    points = learned.lines[1].get_xydata()
    np.testing.assert_allclose(points[-2:, 1], points[-2:, 0], rtol=0.15)
    assert np.isnan(perfect.lines[1].get_ydata()).all()
    bounds = perfect.lines[2].get_ydata()
    assert len(bounds) == len(perfect.lines[1].get_ydata())
    assert (bounds > 0).all()
