"""A metric is one module and one line: it is then measured, checked, and shown."""

import shutil
import sys
from types import ModuleType

import pandas as pd
import pytest
import torch
from example_results import write_results
from workflows import planned

from nri.data.samples import Samples
from nri.evaluation.evaluation import Evaluation, Measurement
from nri.evaluation.measure import measure
from nri.evaluation.metrics.table import METRICS as MEASURED
from nri.model.nri import NRI, GivenGraph
from nri.results.comparison import cells_of_table
from nri.results.metrics import METRICS as SHOWN
from nri.results.metrics import Metric, metric_entry, metric_of_table, tables_of
from nri.results.page.published import read_best_published
from nri.results.page.render import Results, render_page
from nri.results.rows import ResultsError, collect_metrics, collect_runs, read_metrics
from nri.results.studies import compare_studies, render_studies
from nri.results.tables import render

STUDIED = {"springs5/mlp-mlp-k2": {"springs5": "first"}}
TITLES = {"first": {"title": "A study"}}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results with a metric `calibration` that no entry is about: 1.25 and a little, each seed."""
    root = write_results(tmp_path_factory.mktemp("results"))
    for path in root.rglob("mlp-mlp-k2/*/metrics.csv"):
        frame = pd.read_csv(path).astype({"step": "Int64"})
        row = frame.iloc[:1].assign(metric="calibration", value=1.25 + frame["seed"][0] / 1000)
        pd.concat([frame, row.assign(step=pd.NA)]).to_csv(path, index=False)
    metrics = collect_metrics(root.rglob("metrics.csv"))
    return metrics, collect_runs(root.rglob("config.json"), STUDIED)


def test_what_the_line_names_is_measured(monkeypatch):
    module = ModuleType("calibration")
    module.measure = lambda evaluation: iter([Measurement(evaluation.horizon / 8, step=2)])
    monkeypatch.setitem(sys.modules, "nri.evaluation.metrics.calibration", module)
    monkeypatch.setitem(MEASURED, "calibration", "nri.evaluation.metrics.calibration:measure")
    samples = Samples(torch.zeros(2, 3, 9, 1), None)
    model = NRI(GivenGraph("full", 2), None, ("x",))
    evaluation = Evaluation(model, samples, frames=4, horizon=2, true_types=2)
    assert measure(evaluation) == [{"metric": "calibration", "value": 0.25, "step": 2}]


def test_entries_are_about_what_is_measured():
    assert SHOWN.keys() <= MEASURED.keys()
    tables = [metric.table for metric in SHOWN.values() if metric.table]
    assert len(tables) == len(set(tables))


def test_a_metric_without_an_entry_has_a_table_of_its_own(results, paper):
    assert tables_of(["zeta", *MEASURED, "calibration"]) == [
        *("edge_accuracy", "future_mse", "edge_auroc", "edge_calibration_error"),
        *("edge_log_loss", "calibration", "zeta"),
    ]
    assert metric_of_table("future_mse") is SHOWN["mse"]
    assert metric_of_table("calibration") == metric_entry("calibration")
    text = render(cells_of_table(*results, paper, "calibration"), "calibration", "md")
    assert "No run" in text  # of the paper's models, that is: those of a study are left out
    metrics, runs = results
    text = render(
        cells_of_table(metrics, runs.assign(study=""), paper, "calibration"), "calibration", "md"
    )
    assert "### 5 objects (ours, not in the paper): calibration" in text
    assert "1.252 ± 0.00058" in text


def test_a_metric_without_an_entry_is_on_the_page_and_in_studies(results, paper, repository):
    metrics, runs = results
    best = read_best_published(repository / "config" / "best_published.csv")
    page = render_page(Results(metrics, runs, paper, best, TITLES), [], "")
    assert "<summary>Ours: calibration</summary>" in page
    assert (
        page.count("<td>1.251</td>") == 2
    )  # among all seeds, and where the cell of the study is from
    study = render_studies(compare_studies(metrics, runs, TITLES), "md")
    assert "calibration ours" in study
    assert "1.252 ± 0.00058" in study


def test_metrics_in_no_table_say_so():
    assert [name for name in MEASURED if not metric_entry(name).table] == ["nll", "kl", "elbo"]


@pytest.mark.parametrize(
    ("entry", "change", "complaint"),
    [
        ({"steps": True}, {"step": pd.NA}, "of calibration without a step"),
        ({"steps": False}, {"step": 2}, "with a step, which this metric has not"),
        ({"fraction": True}, {"value": 1.25}, "whose value is not a fraction"),
        ({}, {"step": 2, "value": 1.25}, None),
    ],
)
def test_checks_follow_from_the_entry(entry, change, complaint, results, tmp_path, monkeypatch):
    words = {"table": "t", "heading": "h", "caption": "c", "short": "s"}
    monkeypatch.setitem(SHOWN, "calibration", Metric("calibration", **words, **entry))
    row = results[0].query("metric == 'calibration'").head(1).assign(value=0.5, step=1)
    path = tmp_path / "metrics.csv"
    row.assign(**change).astype({"step": "Int64"}).to_csv(path, index=False)
    if complaint is None:
        assert len(read_metrics(path)) == 1
    else:
        with pytest.raises(ResultsError, match=f"line 2: a row {complaint}"):
            read_metrics(path)


def test_one_more_metric_is_evaluated_and_tabled_and_trains_nothing(smoke, tmp_path):
    shutil.copytree(smoke, tmp_path / "copy", symlinks=True)
    checkout, run = tmp_path / "copy" / "checkout", tmp_path / "copy" / "run"
    metrics = checkout / "nri" / "evaluation" / "metrics"
    (metrics / "calibration.py").write_text("def measure(evaluation):\n    yield from ()\n")
    table = metrics / "table.py"
    line = '    "calibration": "nri.evaluation.metrics.calibration:measure",\n'
    before = '    "mse": '
    table.write_text(table.read_text().replace(before, line + before))
    plan = planned(checkout, run, "--configfile", checkout / "config" / "smoke.yaml")
    rules = {name.split()[0] for name in plan}
    assert "table calibration" in plan
    assert "evaluate springs5/mlp-mlp-k2 1" in plan
    assert not rules & {"prepare", "train", "baseline", "correlate_lstm"}
