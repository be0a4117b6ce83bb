import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from example_results import COLUMNS, write_results
from hypothesis import given
from hypothesis import strategies as st

from nri.comparison import compare, describe_scale, every_seed, read_paper_numbers
from nri.results import RUN_COLUMNS, ResultsError, collect_metrics, collect_runs
from nri.tables import TABLES, render

LEARNED = ("springs5", "nri_learned", "mlp", "mlp", 2, "")


@pytest.fixture(scope="module")
def paper(repository):
    return read_paper_numbers(repository / "config" / "paper_numbers.csv")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = write_results(tmp_path_factory.mktemp("results"))
    return collect_metrics(root.rglob("metrics.csv")), collect_runs(root.rglob("config.json"))


def made_up(values, row=LEARNED, metric="edge_accuracy", step=None, **scale):
    """Metrics and runs of one row, a value for each seed."""
    scale = {"simulations": 50_000, "updates": 195_500, "epochs": 500, **scale}
    runs = [dict(zip(COLUMNS, (*row, seed), strict=False)) for seed in range(len(values))]
    metrics = [
        {**run, "metric": metric, "step": step, "value": value}
        for run, value in zip(runs, values, strict=True)
    ]
    whole = {"edge_types": "Int64", "seed": "Int64"}
    return (
        pd.DataFrame(metrics, columns=COLUMNS).astype({**whole, "step": "Int64"}),
        pd.DataFrame([{**run, **scale} for run in runs])
        .reindex(columns=RUN_COLUMNS)
        .astype({**whole, "simulations": "Int64", "updates": "Int64", "epochs": "Int64"}),
    )


def cells(markdown):
    """{(heading, row, column): cell} of all tables in a Markdown text."""
    found = {}
    for part in markdown.split("### ")[1:]:
        heading, *lines = part.splitlines()
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in lines
            if line.startswith("|")
        ]
        for row in rows[2:]:
            for column, cell in zip(rows[0][1:], row[1:], strict=True):
                found[heading.split(":")[0], row[0], column] = cell
    return found


def number(cell):
    """The first number of a cell, its superscripts and daggers aside; None for a dash."""
    cell = re.sub(r"<sup>.*?</sup>|†", "", cell)
    match = re.match(r"\(?(-?[\d.]+)(?: ± [\d.]+\))?(e-?\d+)?", cell)
    return float(match[1] + (match[2] or "")) if match else None


def test_all_cells_of_the_paper_are_there_and_tagged(paper):
    accuracy, mse = (paper[paper["metric"] == name] for name in ("edge_accuracy", "mse"))
    assert len(accuracy) == 6 * 5 - 2  # no differentiable Kuramoto simulator
    assert len(mse) == 3 * 6 * 3
    assert accuracy["value"].between(50, 100).all()
    assert mse["value"].between(1e-12, 1).all()
    quoted = paper[paper["value_provenance"] == "quoted"]
    assert not quoted["source"].str.contains("recalled").any()
    recalled = paper[paper["value_provenance"] == "recalled"]
    assert recalled["source"].str.contains("recalled").all()


def test_an_untagged_number_of_the_paper_is_refused(paper, tmp_path):
    path = tmp_path / "paper.csv"
    paper.assign(value_provenance="").to_csv(path, index=False)
    with pytest.raises(ResultsError, match="line 2: value needs a provenance"):
        read_paper_numbers(path)
    pd.concat([paper, paper.tail(1)]).to_csv(path, index=False)
    with pytest.raises(ResultsError, match=f"line {len(paper) + 2}: this cell was there before"):
        read_paper_numbers(path)


def test_each_paper_number_stands_in_its_own_cell(results, paper):
    """Read the rendered tables back as a reader would, against the raw data file."""
    shown = {}
    for table, what in TABLES.items():
        shown |= cells(render(compare(*results, paper, what.metric), table, "md"))
    accuracy = "The paper's Table 1, 5 objects"
    assert number(shown[accuracy, "NRI (learned)", "Springs paper"]) == 99.9
    assert number(shown[accuracy, "NRI (learned)", "Kuramoto paper"]) == 96.0
    assert number(shown[accuracy, "Corr. (LSTM)", "Springs paper"]) == 52.7
    assert shown[accuracy, "NRI (sim.)", "Kuramoto paper"] == "–"
    springs, kuramoto = (
        f"The paper's Table 2, {name}, 5 objects" for name in ("Springs", "Kuramoto")
    )
    assert number(shown[springs, "NRI (learned)", "step 20 paper"]) == 2.13e-5
    assert number(shown[springs, "NRI (true graph)", "step 1 paper"]) == 1.69e-11
    assert number(shown[kuramoto, "Static", "step 10 paper"]) == 3.79e-1
    shown_numbers = sorted(
        number(cell)
        for (_, row, column), cell in shown.items()
        if column.endswith("paper") and "fast" not in row and number(cell) is not None
    )
    wanted = paper[paper["dataset"].isin(["springs5", "kuramoto5"])]["value"]
    assert shown_numbers == sorted(wanted)


def test_our_numbers_are_the_means_of_the_seeds(results, paper):
    metrics, _ = results
    shown = cells(render(compare(*results, paper, "mse"), "future_mse", "md"))
    fast = metrics.query("dataset == 'springs5' and variant == 'fast' and metric == 'mse'")
    place = "The paper's Table 2, Springs, 5 objects", "NRI (learned) (fast recipe)"
    for step in (1, 10, 20):
        mean = fast[fast["step"] == step]["value"].mean()
        assert number(shown[*place, f"step {step} ours"]) == pytest.approx(mean, rel=0.005)


def test_recipes_are_separate_rows_and_data_without_truth_has_no_accuracy(results, paper):
    text = render(compare(*results, paper, "edge_accuracy"), "edge_accuracy", "md")
    assert "| NRI (learned) " in text
    assert "| NRI (learned) (fast recipe) " in text
    assert "Motion capture" not in text
    text = render(compare(*results, paper, "mse"), "future_mse", "md")
    assert "### Motion capture (not in a table of the paper)" in text


def test_daggers_mark_recalled_numbers_and_no_others(results, paper):
    shown = cells(render(compare(*results, paper, "edge_accuracy"), "edge_accuracy", "md"))
    panel = "The paper's Table 1, 5 objects"
    assert shown[panel, "NRI (learned)", "Springs paper"] == "99.9 ± 0.0"
    assert shown[panel, "Supervised", "Springs paper"] == "99.9 ± 0.0†"
    assert shown[panel, "Corr. (path)", "Springs paper"] == "52.4† ± 0.0†"


def test_two_configurations_of_one_row_are_told_apart(paper):
    mlp, cnn = LEARNED, ("springs5", "nri_learned", "cnn", "mlp", 2, "")
    both = [
        pd.concat(frames) for frames in zip(made_up([0.91]), made_up([0.82], row=cnn), strict=True)
    ]
    assert mlp != cnn
    shown = cells(render(compare(*both, paper, "edge_accuracy"), "edge_accuracy", "md"))
    panel = "The paper's Table 1, 5 objects"
    assert number(shown[panel, "NRI (learned), mlp-mlp-k2", "Springs ours"]) == 91.0
    assert number(shown[panel, "NRI (learned), cnn-mlp-k2", "Springs ours"]) == 82.0


@pytest.mark.parametrize(
    ("scale", "variant", "verdict"),
    [
        ({}, "", "paper's scale: +0.0 points, within two combined standard errors"),
        ({"epochs": 499}, "", "reduced: 50,000 train, 195,500 updates"),
        ({"simulations": 1000}, "", "reduced: 1,000 train, 195,500 updates"),
        ({}, "fast", "fast recipe: 50,000 train, 195,500 updates"),
    ],
)
def test_only_the_paper_s_recipe_at_its_scale_is_compared(paper, scale, variant, verdict):
    data = made_up([0.998, 1.0], row=(*LEARNED[:-1], variant), **scale)
    row = compare(*data, paper, "edge_accuracy").query("n == 2").iloc[0]
    assert row["verdict"] == verdict
    assert pd.isna(row["difference"]) == ("points" not in verdict)


@pytest.mark.parametrize(("shift", "within"), [(0.0, True), (0.0025, True), (0.0035, False)])
def test_within_two_combined_standard_errors(paper, shift, within):
    """Kuramoto: 96.0 ± 0.1, seeds with a standard error of 0.1; half a digit is 0.05."""
    centre = 0.96 - shift
    data = made_up([centre - 0.001, centre + 0.001], ("kuramoto5", *LEARNED[1:]))
    row = compare(*data, paper, "edge_accuracy").query("n == 2").iloc[0]
    assert row["standard_error"] == pytest.approx(0.1)
    assert row["difference"] == pytest.approx(-100 * shift, abs=1e-9)
    assert bool(row["within_two"]) is within


def test_one_seed_is_never_called_within(paper):
    row = compare(*made_up([0.999]), paper, "edge_accuracy").query("n == 1").iloc[0]
    assert pd.isna(row["within_two"])
    assert "no two standard errors" in row["verdict"]


def test_what_is_not_trained_needs_the_paper_s_data_and_no_epochs(paper):
    static = ("springs5", "static", "", "", pd.NA, "")
    metrics, _ = made_up([8e-5], static, "mse", 1)
    other = made_up([1e-8], metric="mse", step=1)
    row = compare(pd.concat([metrics, other[0]]), other[1], paper, "mse")
    row = row.query("model == 'static' and n == 1").iloc[0]
    assert row["simulations"] == 50_000
    assert row["verdict"].startswith("paper's scale: 1 times the paper's")


def test_every_seed_is_listed_in_the_paper_s_units(results):
    metrics, runs = results
    seeds = every_seed(metrics, runs, "edge_accuracy")
    assert len(seeds) == (metrics["metric"] == "edge_accuracy").sum()
    assert seeds["value"].between(50, 100).all()
    assert set(every_seed(metrics, runs, "mse")["step"]) == {1, 10, 20}


def test_scale_in_words():
    _, runs = made_up([0.9])
    assert describe_scale(runs).startswith("Paper scale: 50,000 training simulations")
    _, small = made_up([0.9], simulations=600, updates=2400, epochs=40)
    assert describe_scale(small) == (
        "Reduced scale: 600 training simulations and 2,400 updates a run "
        "(the paper: 50,000 and 500 epochs)."
    )
    both = describe_scale(pd.concat([runs, small], ignore_index=True))
    assert both.startswith("Reduced scale for 1 of 2 runs: 600 to 50,000 training simulations")


@given(st.floats(1e-12, 1e6), st.floats(0, 1))
def test_numbers_in_scientific_cells_survive(mean, share):
    cell = TABLES["future_mse"].format(mean, share * mean)
    match = re.fullmatch(r"\((\d\.\d\d) ± (\d+\.\d\d)\)(e-?\d+)", cell)
    assert float(match[1] + match[3]) == pytest.approx(mean, rel=0.006)
    step = float("0.01" + match[3])
    assert float(match[2] + match[3]) == pytest.approx(share * mean, abs=0.51 * step)
    assert number(TABLES["future_mse"].format(mean, np.nan)) == pytest.approx(mean, rel=0.006)


@pytest.mark.parametrize(
    ("markup", "name"), [("tex", r"50\% of a\_b \& c"), ("html", "50% of a_b &amp; c")]
)
def test_names_of_users_are_escaped(paper, markup, name):
    data = made_up([0.9], ("50% of a_b & c", *LEARNED[1:]))
    text = render(compare(*data, paper, "edge_accuracy"), "edge_accuracy", markup)
    assert name in text


def test_a_table_without_runs_says_so(results, paper):
    metrics, runs = results
    only_mocap = metrics[metrics["dataset"] == "mocap"]
    comparison = compare(only_mocap, runs, paper, "edge_accuracy")
    for markup in ("md", "tex", "html"):
        assert "No run measures" in render(comparison, "edge_accuracy", markup)


@pytest.mark.slow
def test_latex_compiles(results, paper, tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    tables = [
        render(compare(*results, paper, what.metric), table, "tex")
        for table, what in TABLES.items()
    ]
    document = "\n".join(
        [r"\documentclass{article}", r"\usepackage{booktabs}", r"\begin{document}", *tables]
    )
    (tmp_path / "tables.tex").write_text(document + "\n\\end{document}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
