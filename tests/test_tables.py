import json
import re
import shutil
import subprocess
from base64 import b64decode

import numpy as np
import pandas as pd
import pytest
from example_results import STUDIES, TITLES, write_results, write_studies
from hypothesis import given
from hypothesis import strategies as st
from workflows import snakemake

from nri.evaluation.metrics_file import METRIC_COLUMNS
from nri.results.comparison import (
    all_cells,
    cells_of_table,
    describe_scale,
    every_seed,
    read_paper_numbers,
)
from nri.results.metrics import METRICS
from nri.results.naming import origin
from nri.results.rows import RUN_COLUMNS, ResultsError, collect_metrics, collect_runs
from nri.results.studies import compare_studies, render_studies, study_rows, study_seeds
from nri.results.tables import render

TABLED = [name for name, metric in METRICS.items() if metric.table]
GRAPHS = {"inferred": 0.9, "re-estimated": 0.92, "re-estimated-from-truth": 0.95}


def named(dataset="springs5", model="nri_learned", encoder="mlp", **changes):
    """The columns that name a row: NRI (learned) by the paper's recipe, but for what is given."""
    row = {"dataset": dataset, "trained_on": dataset, "model": model, "encoder": encoder}
    row |= {"decoder": "mlp", "edge_types": 2, "recipe": "paper", "graph": "inferred"}
    return row | changes


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = write_results(tmp_path_factory.mktemp("results"))
    return collect_metrics(root.rglob("metrics.csv")), collect_runs(root.rglob("config.json"))


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """The same with a study's run and a model that is tested on two other data sets."""
    root = write_studies(write_results(tmp_path_factory.mktemp("studied")))
    runs = collect_runs(root.rglob("config.json"), STUDIES)
    return collect_metrics(root.rglob("metrics.csv")), runs


def made_up(values, row=None, metric="edge_accuracy", step=None, **scale):
    """Metrics and runs of one row, a value for each seed."""
    scale = {"simulations": 50_000, "updates": 195_500, "epochs": 500, **scale}
    runs = [{**(row or named()), "seed": seed} for seed in range(len(values))]
    metrics = [
        {**run, "metric": metric, "step": step, "value": value}
        for run, value in zip(runs, values, strict=True)
    ]
    whole = {"edge_types": "Int64", "seed": "Int64"}
    return (
        pd.DataFrame(metrics, columns=METRIC_COLUMNS).astype({**whole, "step": "Int64"}),
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
    unknown = accuracy[accuracy["value"].isna()]
    assert len(accuracy) == 6 * 5 + 2  # Table 1, and two experiments of the appendix
    assert list(unknown["model"] + unknown["dataset"]) == ["nri_simkuramoto5", "nri_simkuramoto10"]
    assert unknown["note"].str.contains("no differentiable simulator").all()
    accuracy = accuracy.dropna(subset="value")
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": np.inf}, "value is negative or too large"),
        ({"value": -1.0}, "value is negative or too large"),
        ({"value": 100.5}, "value is negative or too large"),
        ({"standard_error": np.inf}, "standard_error is negative or too large"),
        ({"value": "many"}, "value is 'many', which is not a number"),
        ({"step": 1.5}, "step is '1.5', which is not a whole number"),
        ({"model": "nri_lerned"}, "model is none of .*nri_learned"),
        ({"dataset": "spring5"}, "dataset is none of springs5"),
        ({"metric": "accuracy"}, "metric is none of .*edge_accuracy"),
    ],
)
def test_a_number_that_cannot_be_the_paper_s_is_refused(change, message, paper, tmp_path):
    path = tmp_path / "paper.csv"
    paper.head(1).astype(object).assign(**change).to_csv(path, index=False)
    with pytest.raises(ResultsError, match=rf"paper\.csv: line 2: {message}"):
        read_paper_numbers(path)
    path.write_bytes(path.read_bytes().replace(b"recalled", b"re\xe7alled"))
    with pytest.raises(ResultsError, match=r"paper\.csv: not a readable CSV in UTF-8"):
        read_paper_numbers(path)


def test_each_paper_number_stands_in_its_own_cell(results, paper):
    """Read the rendered tables back as a reader would, against the raw data file."""
    shown = {}
    for metric in TABLED:
        shown |= cells(render(cells_of_table(*results, paper, metric), metric, "md"))
    accuracy = "The paper's Table 1, 5 objects"
    assert number(shown[accuracy, "NRI (learned)", "Springs paper"]) == 99.9
    assert number(shown[accuracy, "NRI (learned)", "Kuramoto paper"]) == 96.0
    assert number(shown[accuracy, "Corr. (LSTM)", "Springs paper"]) == 52.7
    cell = shown[accuracy, "NRI (sim.)", "Kuramoto paper"]
    assert re.fullmatch("–<sup>.*</sup>", cell)
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
    wanted = paper[paper["dataset"].isin(["springs5", "kuramoto5"])]["value"].dropna()
    assert shown_numbers == sorted(wanted)


def test_our_numbers_are_the_means_of_the_seeds(results, paper):
    metrics, _ = results
    shown = cells(render(cells_of_table(*results, paper, "mse"), "mse", "md"))
    fast = metrics.query("dataset == 'springs5' and recipe == 'fast' and metric == 'mse'")
    place = "The paper's Table 2, Springs, 5 objects", "NRI (learned) (fast recipe)"
    for step in (1, 10, 20):
        mean = fast[fast["step"] == step]["value"].mean()
        assert number(shown[*place, f"step {step} ours"]) == pytest.approx(mean, rel=0.005)


def test_recipes_are_separate_rows_and_data_without_truth_has_no_accuracy(results, paper):
    text = render(cells_of_table(*results, paper, "edge_accuracy"), "edge_accuracy", "md")
    assert "| NRI (learned) " in text
    assert "| NRI (learned) (fast recipe) " in text
    assert "Motion capture" not in text
    text = render(cells_of_table(*results, paper, "mse"), "mse", "md")
    assert "### Motion capture (ours, not in the paper)" in text


def test_studies_change_nothing_in_the_paper_s_tables(results, studied, paper):
    for metric in results[0]["metric"].unique():
        plain, beside = (
            cells(render(cells_of_table(*data, paper, metric), metric, "md"))
            for data in (results, studied)
        )
        added = {key: cell for key, cell in beside.items() if key not in plain}
        assert {key: beside[key] for key in plain} == plain
        assert {row for _, row, _ in added} == {
            "NRI (learned) (fast recipe, trained on Springs, 5 objects)"
        }
        assert not any("10 objects" in heading for heading, _, _ in added)


def test_tempered_posteriors_are_shown_where_confidence_is(paper):
    graphs = ("inferred", "refined", "tempered")
    metrics, runs = zip(
        *(
            made_up([0.9, 0.95], named(graph=graph), metric)
            for graph in graphs
            for metric in ("edge_accuracy", "edge_log_loss")
        ),
        strict=True,
    )
    data = pd.concat(metrics), pd.concat(runs).drop_duplicates()
    accuracy, loss = (
        cells_of_table(*data, paper, metric).query("n > 0")
        for metric in ("edge_accuracy", "edge_log_loss")
    )
    assert list(accuracy["graph"]) == ["inferred", "refined"]
    assert list(accuracy["paper"].notna()) == [True, False]
    assert list(loss["graph"]) == list(graphs)
    assert "NRI (learned, tempered posterior)" in render(loss, "edge_log_loss", "md")


def test_a_model_tested_where_nothing_interacts_stands_beside_the_appendix(studied, paper):
    shown = cells(render(cells_of_table(*studied, paper, "edge_accuracy"), "edge_accuracy", "md"))
    place = "The paper's appendix", "NRI (learned) (fast recipe, trained on Springs, 5 objects)"
    column = "Springs, 5 objects, none interacting"
    mean = studied[0].query("dataset == 'springs5_empty' and metric == 'edge_accuracy'").value
    assert number(shown[*place, f"{column} ours"]) == pytest.approx(100 * mean.mean(), abs=0.06)
    assert number(shown[*place, f"{column} paper"]) == 98.4


def test_a_model_trained_elsewhere_is_not_compared_with_one_trained_there(paper):
    there = made_up([0.9, 0.95], named("springs10", trained_on="springs5", recipe="fast"))
    here = made_up([0.9, 0.95], named("springs5_empty"))
    for data in (there, here):
        rows = cells_of_table(*data, paper, "edge_accuracy").query("model == 'nri_learned'")
        assert list(rows["n"]) == [0, 2]
        assert rows["paper"].notna().tolist() == [True, False]
    elsewhere = made_up([0.9, 0.95], named("springs5_empty", trained_on="springs5"))
    (row,) = cells_of_table(*elsewhere, paper, "edge_accuracy").to_dict("records")
    assert row["difference"] == pytest.approx(92.5 - 98.4)
    assert row["verdict"].startswith("the paper's data and epochs: -5.9 points")


def test_no_dashes_beside_a_run_with_another_recipe(paper):
    fast = made_up([0.99, 0.98], named(recipe="fast"))
    table = cells_of_table(*fast, paper, "edge_accuracy")
    assert list(table.query("model == 'nri_learned'")["recipe"]) == ["fast"]
    assert list(table.query("n == 0")["model"]) == [
        *("corr_path", "corr_lstm", "nri_sim", "supervised")
    ]
    assert set(table["dataset"]) == {"springs5"}


def test_a_row_of_dashes_gives_way_to_a_row_of_its_model(paper):
    """NRI (sim.) ran with the fast recipe on springs; for Kuramoto the paper has a note alone."""
    simulated = made_up([0.98], named(model="nri_sim", decoder="sim", recipe="fast"))
    learned = made_up([0.95], named("kuramoto5"))
    metrics, runs = (pd.concat(parts) for parts in zip(simulated, learned, strict=True))
    text = render(cells_of_table(metrics, runs, paper, "edge_accuracy"), "edge_accuracy", "md")
    rows = {row for _, row, _ in cells(text)}
    assert {"NRI (sim.) (fast recipe)", "Supervised"} <= rows
    assert "NRI (sim.)" not in rows
    assert "no differentiable simulator" in text


def test_every_cell_of_the_paper_is_listed_run_or_not(studied, paper):
    for metric in ("edge_accuracy", "mse"):
        listed = all_cells(*studied, paper, metric)
        listed = listed[listed["table"] != ""]
        cell = ["dataset", "model", "metric", "step"]
        wanted = paper[paper["metric"] == metric][cell].astype(str)
        assert set(map(tuple, listed[cell].astype(str).to_numpy())) == set(
            map(tuple, wanted.to_numpy())
        )
    row = all_cells(*studied, paper, "edge_accuracy").query("model == 'nri_sim'")
    assert row.query("dataset == 'springs10'")["verdict"].item() == "not run"
    assert "no differentiable simulator" in row.query("dataset == 'kuramoto10'")["verdict"].item()


def test_a_study_shows_its_runs_beside_the_main_ones(studied):
    metrics, runs = studied
    comparison = compare_studies(metrics, runs, TITLES)
    shown = cells(render_studies(comparison, "md"))
    narrow = metrics.query("recipe == 'fast_narrow' and metric == 'mse' and step == 20").value
    panel = "Narrower networks"
    study, main = "NRI (learned) (fast narrow)", "NRI (learned) (fast recipe), main run"
    assert number(shown[panel, study, "MSE, step 20 ours"]) == pytest.approx(
        narrow.mean(), rel=0.005
    )
    assert {row for heading, row, _ in shown if heading == panel} == {main, study}
    panel = "More objects"
    moved = "NRI (learned) (fast recipe, trained on Springs, 5 objects)"
    own = "NRI (learned) (fast recipe), tested on Springs, 5 objects"
    assert {row for heading, row, _ in shown if heading == panel} == {moved, own}
    assert (
        shown[panel, own, "AUROC ours"].split("<")[0]
        == (shown["Narrower networks", main, "AUROC ours"].split("<")[0])
    )
    for markup in ("tex", "html"):
        assert "More objects: tested on Springs, 10 objects" in render_studies(comparison, markup)
    seeds = study_seeds(metrics, runs, TITLES)
    assert len(seeds) == 4 * 3 * 5  # rows × seeds × cells
    assert seeds.query("metric == 'edge_accuracy'")["value"].between(50, 100).all()


@pytest.mark.parametrize(
    ("study", "main"),
    [({"compares_with": "fast"}, "fast"), ({}, "paper"), ({"compares_with": "other"}, "other")],
)
def test_the_main_run_is_of_the_recipe_that_the_study_compares_with(study, main):
    rows = [(name, "") for name in ("paper", "fast", "other")]
    rows += [("fast_10", "s"), ("fast_9", "s"), ("wide", "s")]
    runs = pd.DataFrame([{**named(), "recipe": recipe, "study": study} for recipe, study in rows])
    # A run of a study may differ from the main one in what its name tells beside the recipe.
    runs["edge_types"] = [2, 2, 2, 3, 3, 3]
    studies = {"s": {"title": "Study", **study}}
    shown = study_rows(runs.query("study == '' or recipe == 'wide'"), studies)
    assert shown[["role", "recipe"]].iloc[0].to_list() == ["main", main]
    assert list(shown["role"]) == ["main", "study"]
    both = study_rows(runs.iloc[:5], studies)
    assert list(both["recipe"]) == [main, "fast_9", "fast_10"]


def test_recipes_in_words():
    words = "trained on Springs, 5 objects"
    assert origin("fast", "springs5") == f"fast recipe, {words}"
    assert origin("paper", "springs5") == f"paper's recipe, {words}"
    assert origin("fast_no_ramp") == "fast no ramp"


def test_graphs_found_in_another_way_are_rows_of_their_own(paper):
    """Beside the paper's number stands the graph that the paper's row is about, and no other."""
    kinds = [made_up([value], named(graph=graph)) for graph, value in GRAPHS.items()]
    metrics, runs = (pd.concat(parts) for parts in zip(*kinds, strict=True))
    table = cells_of_table(metrics, runs, paper, "edge_accuracy").query("n > 0").set_index("graph")
    assert table["paper"].notna().to_dict() == {graph: graph == "inferred" for graph in GRAPHS}
    shown = cells(render(table.reset_index(), "edge_accuracy", "md"))
    names = {row for _, row, column in shown if column == "Springs ours"}
    assert names == {"NRI (learned)", "NRI (dynamic graph)", "NRI (dynamic graph of true frames)"}


def test_the_paper_s_number_stands_in_every_row_of_its_model(paper):
    """Also where one recipe was run on one data set and the other on another."""
    rows = named(), named("kuramoto5", recipe="fast")
    both = [
        pd.concat(frames) for frames in zip(*(made_up([0.9], row) for row in rows), strict=True)
    ]
    shown = cells(render(cells_of_table(*both, paper, "edge_accuracy"), "edge_accuracy", "md"))
    panel = "The paper's Table 1, 5 objects"
    for name in ("NRI (learned)", "NRI (learned) (fast recipe)"):
        assert shown[panel, name, "Springs paper"] == "99.9 ± 0.0"
        assert shown[panel, name, "Kuramoto paper"] == "96.0 ± 0.1"
    assert shown[panel, "NRI (learned)", "Kuramoto ours"] == "–"


def test_daggers_mark_recalled_numbers_and_no_others(results, paper):
    shown = cells(render(cells_of_table(*results, paper, "edge_accuracy"), "edge_accuracy", "md"))
    panel = "The paper's Table 1, 5 objects"
    assert shown[panel, "NRI (learned)", "Springs paper"] == "99.9 ± 0.0"
    assert shown[panel, "Supervised", "Springs paper"] == "99.9 ± 0.0†"
    assert shown[panel, "Corr. (path)", "Springs paper"] == "52.4† ± 0.0†"


def test_two_configurations_of_one_row_are_told_apart(paper):
    cnn = made_up([0.82], row=named(encoder="cnn"))
    both = [pd.concat(frames) for frames in zip(made_up([0.91]), cnn, strict=True)]
    shown = cells(render(cells_of_table(*both, paper, "edge_accuracy"), "edge_accuracy", "md"))
    panel = "The paper's Table 1, 5 objects"
    assert number(shown[panel, "NRI (learned), mlp-mlp-k2", "Springs ours"]) == 91.0
    assert number(shown[panel, "NRI (learned), cnn-mlp-k2", "Springs ours"]) == 82.0


@pytest.mark.parametrize(
    ("scale", "recipe", "verdict"),
    [
        (
            {},
            "paper",
            "the paper's data and epochs: +0.0 points, within two combined standard errors",
        ),
        ({"epochs": 499}, "paper", "reduced: 50,000 train, 195,500 updates"),
        ({"simulations": 1000}, "paper", "reduced: 1,000 train, 195,500 updates"),
        ({}, "fast", "fast recipe: 50,000 train, 195,500 updates"),
    ],
)
def test_only_the_paper_s_recipe_at_its_scale_is_compared(paper, scale, recipe, verdict):
    data = made_up([0.998, 1.0], row=named(recipe=recipe), **scale)
    row = cells_of_table(*data, paper, "edge_accuracy").query("n == 2").iloc[0]
    assert row["verdict"] == verdict
    assert pd.isna(row["difference"]) == ("points" not in verdict)


@pytest.mark.parametrize(("shift", "within"), [(0.0, True), (0.0025, True), (0.0035, False)])
def test_within_two_combined_standard_errors(paper, shift, within):
    """Kuramoto: 96.0 ± 0.1, seeds with a standard error of 0.1; half a digit is 0.05."""
    centre = 0.96 - shift
    data = made_up([centre - 0.001, centre + 0.001], named("kuramoto5"))
    row = cells_of_table(*data, paper, "edge_accuracy").query("n == 2").iloc[0]
    assert row["standard_error"] == pytest.approx(0.1)
    assert row["difference"] == pytest.approx(-100 * shift, abs=1e-9)
    assert bool(row["within_two"]) is within


def test_one_seed_is_never_called_within(paper):
    row = cells_of_table(*made_up([0.999]), paper, "edge_accuracy").query("n == 1").iloc[0]
    assert pd.isna(row["within_two"])
    assert "no two standard errors" in row["verdict"]


def test_what_is_not_trained_needs_the_paper_s_data_and_no_epochs(paper):
    static = named(model="static", encoder="", decoder="", edge_types=pd.NA, graph="")
    metrics, _ = made_up([8e-5], static, "mse", 1)
    other = made_up([1e-8], metric="mse", step=1)
    row = cells_of_table(pd.concat([metrics, other[0]]), other[1], paper, "mse")
    row = row.query("model == 'static' and n == 1").iloc[0]
    assert row["simulations"] == 50_000
    assert row["verdict"].startswith("the paper's data and epochs: 1 times the paper's")


def test_every_seed_is_listed_in_the_paper_s_units(results):
    metrics, runs = results
    seeds = every_seed(metrics, runs, "edge_accuracy")
    assert len(seeds) == (metrics["metric"] == "edge_accuracy").sum()
    assert seeds["value"].between(50, 100).all()
    assert set(every_seed(metrics, runs, "mse")["step"]) == {1, 10, 20}


def test_scale_in_words():
    _, runs = made_up([0.9])
    assert describe_scale(runs).startswith("The paper's data and epochs: 50,000 training")
    _, small = made_up([0.9], simulations=600, updates=2400, epochs=40)
    assert describe_scale(small) == (
        "Reduced scale: 600 training simulations and 2,400 updates a run "
        "(the paper: 50,000 and 500 epochs)."
    )
    both = describe_scale(pd.concat([runs, small], ignore_index=True))
    assert both.startswith("Reduced scale for 1 of 2 runs: 600 to 50,000 training simulations")


@given(st.floats(1e-12, 1e6), st.floats(0, 1))
def test_numbers_in_scientific_cells_survive(mean, share):
    cell = METRICS["mse"].format(mean, share * mean)
    match = re.fullmatch(r"\((\d\.\d\d) ± (\d+\.\d\d)\)(e-?\d+)", cell)
    assert float(match[1] + match[3]) == pytest.approx(mean, rel=0.006)
    step = float("0.01" + match[3])
    assert float(match[2] + match[3]) == pytest.approx(share * mean, abs=0.51 * step)
    assert number(METRICS["mse"].format(mean, np.nan)) == pytest.approx(mean, rel=0.006)


@pytest.mark.parametrize(
    ("markup", "name"), [("tex", r"50\% of a\_b \& c"), ("html", "50% of a_b &amp; c")]
)
def test_names_of_users_are_escaped(paper, markup, name):
    data = made_up([0.9], named("50% of a_b & c"))
    text = render(cells_of_table(*data, paper, "edge_accuracy"), "edge_accuracy", markup)
    assert name in text


@pytest.mark.parametrize("table", ["edge_accuracy", "edge_auroc"])
def test_a_table_without_runs_says_so(results, paper, table):
    metrics, runs = results
    only_mocap = metrics[metrics["dataset"] == "mocap35"]
    comparison = cells_of_table(only_mocap, runs, paper, table)
    for markup in ("md", "tex", "html"):
        assert "No run measures" in render(comparison, table, markup)


def test_the_report_shows_every_table(smoke, tmp_path):
    config, report = smoke / "checkout" / "config" / "smoke.yaml", tmp_path / "report.html"
    snakemake(smoke / "checkout", smoke / "run", "--report", report, "--configfile", config)
    text = report.read_text(encoding="utf-8")
    shown = json.JSONDecoder().raw_decode(text, text.index('var results = {"') + 14)[0]
    for path in (smoke / "run" / "results" / "tables").glob("*.html"):
        entry = shown[f"results/tables/{path.name}"]
        assert entry["mime_type"] == "text/html"
        assert b64decode(entry["data_uri"].partition(",")[2]) == path.read_bytes()
    labels = {path: entry["labels"] for path, entry in shown.items() if "/tables/" in path}
    assert len(labels) == len(TABLED) + 1
    assert labels["results/tables/studies.html"] == {"table": "studies"}
    accuracy = {"table": "accuracy (%) of the interactions recovered"}
    assert labels["results/tables/edge_accuracy.html"] == accuracy


@pytest.mark.slow
def test_latex_compiles(studied, paper, tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    tables = [render(cells_of_table(*studied, paper, metric), metric, "tex") for metric in TABLED]
    tables.append(render_studies(compare_studies(*studied, TITLES), "tex"))
    document = "\n".join(
        [r"\documentclass{article}", r"\usepackage{booktabs}", r"\begin{document}", *tables]
    )
    (tmp_path / "tables.tex").write_text(document + "\n\\end{document}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
