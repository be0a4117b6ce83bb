"""Numbers measured elsewhere: checked, marked in tables and figures, and never among ours."""

import sys

import pandas as pd
import pytest
from example_results import write_results

from nri.figures.horizon import caption, plot_horizon
from nri.files import ResultsError
from nri.results.comparison import cells_of_table
from nri.results.external import EXTERNAL_COLUMNS, read_external
from nri.results.rows import collect_metrics, collect_runs
from nri.results.tables import render
from scripts import external as program

GOOD = [
    ("springs5", "GNN & co", "edge_accuracy", "", "0.953", "0.004", "A. Author, Table 3"),
    ("springs5", "GNN & co", "mse", "10", "2.1e-6", "", "A. Author, Table 4"),
    ("springs5", "Older", "mse", "1", "4e-5", "", "their page"),
]


def write(path, rows):
    pd.DataFrame(rows, columns=EXTERNAL_COLUMNS).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    root = write_results(tmp_path_factory.mktemp("results"))
    return collect_metrics(root.rglob("metrics.csv")), collect_runs(root.rglob("config.json"))


@pytest.fixture
def external(tmp_path):
    return read_external(write(tmp_path / "my.csv", GOOD), ["springs5", "charged5"])


WRONG = [
    ({"dataset": "springs7"}, r"my\.csv: line 2: dataset is none of .*springs5, charged5"),
    ({"label": ""}, "line 2: no label"),
    ({"source": ""}, "line 2: no source"),
    ({"value": "95.3"}, "line 2: edge_accuracy is a fraction between 0 and 1, not per cent"),
    ({"value": "high"}, "line 2: value is 'high', which is not a number"),
    ({"value": ""}, "line 2: value is no finite number"),
    ({"standard_error": "-1"}, "standard_error is below zero"),
    ({"metric": "mse"}, "line 2: mse needs a step"),
    ({"metric": "edge_auroc", "step": "3"}, "edge_auroc has no step"),
    ({"label": "Older", "metric": "mse", "step": "1"}, "line 4: .* were there before"),
]


@pytest.mark.parametrize(("change", "message"), WRONG, ids=lambda value: str(value)[:50])
def test_a_line_that_is_wrong_is_named(change, message, tmp_path):
    first = {**dict(zip(EXTERNAL_COLUMNS, GOOD[0], strict=True)), **change}
    path = write(tmp_path / "my.csv", [tuple(first.values()), *GOOD[1:]])
    with pytest.raises(ResultsError, match=message):
        read_external(path, ["springs5", "charged5"])


def test_the_copy_of_the_results_is_what_was_checked(tmp_path, monkeypatch):
    source, copy = write(tmp_path / "my.csv", GOOD), tmp_path / "results" / "external.csv"
    arguments = ["--file", str(source), "--datasets", "springs5", "--output", str(copy)]
    monkeypatch.setattr(sys, "argv", ["external.py", *arguments])
    program.main()
    pd.testing.assert_frame_equal(read_external(copy), read_external(source))


@pytest.mark.parametrize("language", ["md", "tex", "html"])
def test_tables_give_them_rows_and_a_column_of_their_own(language, ours, paper, external):
    comparison = cells_of_table(*ours, paper, "edge_accuracy")
    without = render(comparison, "edge_accuracy", language)
    text = render(comparison, "edge_accuracy", language, external)
    assert "95.3" in text
    assert "95.3" not in without
    assert "elsewhere" not in without
    escaped = {"md": "GNN &amp; co", "tex": "GNN \\& co", "html": "GNN &amp; co"}[language]
    assert f"{escaped} (measured elsewhere)" in text
    assert "not by this pipeline: A. Author, Table 3" in text
    assert "Older" not in text, "it has no accuracy"


def test_nothing_of_ours_changes(ours, paper, external):
    """Not a cell of the other rows, and no column but that of what was measured elsewhere."""
    comparison = cells_of_table(*ours, paper, "mse")
    before, after = (render(comparison, "mse", "md", each) for each in (None, external))
    rows = [
        {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
        for text in (before, after)
    ]
    added = {"GNN & co (measured elsewhere)", "Older (measured elsewhere)"}
    assert set(rows[1]) - set(rows[0]) == {name.replace("&", "&amp;") for name in added}
    row = rows[1]["Older (measured elsewhere)"].split("|")
    assert sum(bool(cell.strip()) for cell in row[2:]) == 1


def test_the_figure_draws_them_as_crosses(ours, external):
    figure = plot_horizon(*ours, external)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"GNN & co (measured elsewhere)", "Older (measured elsewhere)"} <= set(texts)
    (axes,) = [each for each in figure.axes if "Springs, 5" in each.get_title(loc="left")]
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    assert sorted(float(line.get_ydata()[0]) for line in crosses) == [2.1e-6, 4e-5]
    assert "measured elsewhere" in caption("", ["springs5"], True)
    assert "elsewhere" not in caption("", ["springs5"])
