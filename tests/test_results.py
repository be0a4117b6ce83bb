import json
import random
import re

import numpy as np
import pandas as pd
import pytest
from example_results import STUDIES, config, write_results, write_studies
from hypothesis import given
from hypothesis import strategies as st

from nri.csv_table import typed
from nri.evaluation.examples import Examples
from nri.evaluation.metrics.table import METRICS
from nri.evaluation.metrics_file import METRIC_COLUMNS, ROW
from nri.evaluation.posterior_file import StoredPosterior
from nri.files import ResultsError, write_table
from nri.records import save_record
from nri.results.catalogue import MODELS
from nri.results.rows import (
    RUN_COLUMNS,
    collect_metrics,
    collect_runs,
    read_metrics,
    read_runs,
    summarise,
    without_studies,
    without_transfers,
)

ROW_OF_RUN = {
    "dataset": "springs5",
    "trained_on": "springs5",
    "model": "nri_learned",
    "encoder": "mlp",
    "decoder": "mlp",
    "edge_types": 2,
    "recipe": "paper",
    "graph": "inferred",
    "seed": 1,
    "metric": "mse",
    "step": 1,
    "value": 0.5,
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return write_results(tmp_path_factory.mktemp("results"))


def metrics_file(path, *changes):
    rows = [{**ROW_OF_RUN, **change} for change in changes]
    pd.DataFrame(rows, columns=METRIC_COLUMNS).to_csv(path, index=False)
    return path


def test_collection_does_not_depend_on_the_order_of_the_files(results, tmp_path):
    paths = list(results.rglob("metrics.csv"))
    random.Random(1).shuffle(paths)
    write_table(collect_metrics(paths), tmp_path / "a.csv")
    write_table(collect_metrics(reversed(paths)), tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_nothing_is_lost_or_changed_on_the_way(results, tmp_path):
    paths = sorted(results.rglob("metrics.csv"))
    collected = collect_metrics(paths)
    assert list(collected.columns) == METRIC_COLUMNS
    assert len(collected) == sum(len(path.read_text().splitlines()) - 1 for path in paths)
    raw = pd.concat(pd.read_csv(path) for path in paths)
    assert sorted(collected["value"]) == sorted(raw["value"])
    write_table(collected, tmp_path / "metrics.csv")
    pd.testing.assert_frame_equal(read_metrics(tmp_path / "metrics.csv"), collected)


def test_models_come_in_the_paper_s_order(results):
    frame = collect_metrics(results.rglob("metrics.csv"))
    springs = frame[frame["dataset"] == "springs5"]["model"].unique()
    assert list(springs) == [
        "static",
        "lstm_joint",
        "corr_path",
        "nri_full_graph",
        "nri_learned",
        "nri_true_graph",
        "supervised",
    ]
    assert list(frame["dataset"].unique()) == ["springs5", "kuramoto5", "mocap35"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"value": ""}, "line 3.*not finite"),
        ({"value": "nan"}, "line 3: value is 'nan', which is not a number"),
        ({"value": "inf"}, "line 3.*not finite.*snakemake.*metrics.csv.*lower its `learning_rate`"),
        ({"value": "many"}, "line 3: value is 'many', which is not a number"),
        ({"seed": ""}, "line 3.*without a seed"),
        ({"seed": 1.5}, "line 3: seed is '1.5', which is not a whole number"),
        ({"seed": "inf"}, "line 3: seed is 'inf', which is not a whole number"),
        ({"edge_types": 2**64}, "line 3: edge_types is .* not a whole number"),
        ({"model": ""}, "line 3.*without a name"),
        ({"step": ""}, "line 3.*mse without a step"),
        ({"metric": "nll"}, "line 3.*step, which this metric has not"),
        ({"metric": "edge_accuracy", "step": "", "value": 93.0}, "line 3.*between 0 and 1"),
        ({"step": 1}, "line 3.*was there before.*step 1"),
    ],
)
def test_bad_rows_are_refused_with_file_and_line(tmp_path, change, complaint):
    path = metrics_file(tmp_path / "metrics.csv", {}, {"step": 2, **change})
    with pytest.raises(ResultsError, match=complaint) as error:
        read_metrics(path)
    assert str(path) in str(error.value)


def test_all_bad_files_are_named_at_once(tmp_path):
    """A table without one of the seeds would look complete: nothing is collected."""
    metrics_file(tmp_path / "a.csv", {"seed": 1, "value": "inf"})
    metrics_file(tmp_path / "b.csv", {"seed": 2})
    metrics_file(tmp_path / "c.csv", {"seed": 3, "model": ""})
    with pytest.raises(ResultsError) as error:
        collect_metrics(sorted(tmp_path.glob("*.csv")))
    first, second = str(error.value).splitlines()
    assert "a.csv: line 2: a value that is not finite" in first
    assert "c.csv: line 2: a row without a name" in second


def test_a_table_in_another_encoding_or_with_other_fields_is_refused(tmp_path):
    path = metrics_file(tmp_path / "metrics.csv", {})
    whole = path.read_text()
    path.write_bytes(whole.replace("nri_learned", "nri_gelöst").encode("latin-1"))
    with pytest.raises(ResultsError, match=r"metrics\.csv: not a readable CSV in UTF-8"):
        read_metrics(path)
    path.write_text(whole.replace("0.5", "0.5,0.5"))
    with pytest.raises(ResultsError, match="line 2: more fields than columns"):
        read_metrics(path)
    (tmp_path / "runs.csv").write_bytes(b"dataset\xff\n")
    with pytest.raises(ResultsError, match=r"runs\.csv: not a readable CSV in UTF-8"):
        read_runs(tmp_path / "runs.csv")


def test_numbers_that_are_not_given_may_be_of_either_kind():
    """Runs of baselines alone have an edge type in no row, or NA beside numbers of others."""
    frame = pd.DataFrame({"edge_types": pd.array([2, None], "Int64"), "value": [pd.NA, 1.5]})
    found = typed(frame, str, "remedy")
    assert found["edge_types"].isna().tolist() == [False, True]
    assert found["value"].isna().tolist() == [True, False]
    with pytest.raises(ResultsError, match="'x', which is not a number"):
        typed(frame.assign(value=[pd.NA, "x"]), str, "remedy")


def test_a_record_that_was_changed_or_has_no_number_is_refused(tmp_path):
    metrics_file(tmp_path / "metrics.csv", {})
    path, described = tmp_path / "config.json", config("springs5", "mlp", "mlp", "paper", 1)
    save_record(described, path)
    assert len(collect_runs([path])) == 1
    path.write_text(path.read_text().replace("2400", "2401"))
    with pytest.raises(ResultsError, match=r"config\.json: changed since .*snakemake"):
        collect_runs([path])
    save_record(described | {"updates": "many"}, path)
    with pytest.raises(ResultsError, match=r"config\.json: updates is 'many'"):
        collect_runs([path])


def test_columns_are_exactly_those_of_the_contract(tmp_path):
    path = metrics_file(tmp_path / "metrics.csv", {})
    frame = pd.read_csv(path).rename(columns={"recipe": "flavour"})
    frame.to_csv(path, index=False)
    with pytest.raises(ResultsError, match=r"unknown columns: flavour; missing columns: recipe"):
        read_metrics(path)
    with pytest.raises(ResultsError, match=r"absent\.csv"):
        read_metrics(tmp_path / "absent.csv")


def test_the_same_measurement_in_two_files_names_both(tmp_path):
    first = metrics_file(tmp_path / "a.csv", {}, {"step": 2})
    second = metrics_file(tmp_path / "b.csv", {"step": 2, "value": 0.25})
    with pytest.raises(ResultsError, match=r"both hold.*step 2") as error:
        collect_metrics([second, first])
    assert str(first) in str(error.value)
    assert str(second) in str(error.value)


@given(st.lists(st.floats(1e-12, 1e3), min_size=2, max_size=8))
def test_mean_and_standard_error_over_seeds(values):
    rows = [{**ROW_OF_RUN, "seed": i, "value": value} for i, value in enumerate(values)]
    rows.append({**ROW_OF_RUN, "recipe": "fast", "value": 7.0})
    frame = pd.DataFrame(rows).astype({"edge_types": "Int64", "step": "Int64"})
    summary = summarise(frame).set_index("recipe")
    assert summary.loc["paper", "n"] == len(values)
    assert summary.loc["paper", "mean"] == pytest.approx(np.mean(values))
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert summary.loc["paper", "standard_error"] == pytest.approx(error, abs=1e-12)
    assert summary.loc["fast", "mean"] == 7.0
    assert np.isnan(summary.loc["fast", "standard_error"])


def test_summary_keeps_runs_without_encoder(results):
    frame = collect_metrics(results.rglob("metrics.csv"))
    static = summarise(frame).query("model == 'static' and dataset == 'springs5'")
    assert list(static["step"]) == list(range(1, 21))
    assert (static["n"] == 1).all()


def test_runs_table_has_a_row_for_each_training(results, tmp_path):
    runs = collect_runs(results.rglob("config.json"))
    assert len(runs) == len(list(results.rglob("config.json")))
    assert not runs.duplicated([*ROW, "seed"]).any()
    assert set(runs["simulations"]) == {1000}
    assert runs["versions"][0] == "nri 0.1.0, torch 2.13.0"
    write_table(runs, tmp_path / "runs.csv")
    pd.testing.assert_frame_equal(read_runs(tmp_path / "runs.csv"), runs)


def test_a_dynamic_graph_evaluated_with_the_same_training_is_a_row_of_its_own(tmp_path):
    dynamic, oracle = {"graph": "re-estimated"}, {"graph": "re-estimated-from-truth"}
    metrics_file(tmp_path / "metrics.csv", {}, dynamic, oracle)
    (tmp_path / "config.json").write_text(json.dumps(config("springs5", "mlp", "mlp", "paper", 1)))
    runs = collect_runs([tmp_path / "config.json"])
    assert list(runs["graph"]) == ["inferred", "re-estimated", "re-estimated-from-truth"]
    assert set(runs["model"]) == {"nri_learned"}
    assert list(runs["updates"]) == [2400, 2400, 2400]


def test_a_training_may_end_within_an_epoch(tmp_path):
    metrics_file(tmp_path / "metrics.csv", {})
    described = config("springs5", "mlp", "mlp", "paper", 1, epochs=0.25)
    (tmp_path / "config.json").write_text(json.dumps(described))
    runs = collect_runs([tmp_path / "config.json"])
    write_table(runs, tmp_path / "runs.csv")
    assert read_runs(tmp_path / "runs.csv")["epochs"].item() == 0.25


def test_the_study_of_a_run_depends_on_what_it_is_tested_on(tmp_path):
    root = write_studies(write_results(tmp_path))
    runs = collect_runs(root.rglob("config.json"), STUDIES)
    found = runs[["dataset", "trained_on", "recipe", "study"]].drop_duplicates()
    assert found.query("study != ''").to_numpy().tolist() == [
        ["springs5", "springs5", "fast_narrow", "width"],
        ["springs10", "springs5", "fast", "transfer"],
    ]
    elsewhere = runs[runs["dataset"] == "springs5_empty"]
    assert set(elsewhere["trained_on"]) == {"springs5"}
    assert set(elsewhere["updates"]) == {2400}
    own = without_transfers(runs)
    assert len(runs) - len(own) == 2 * 3
    assert set(own["recipe"]) == {"paper", "fast", "fast_narrow"}
    metrics = collect_metrics(root.rglob("metrics.csv"))
    left = without_studies(metrics, runs)
    assert set(left["recipe"]) == {"paper", "fast"}
    assert set(left.query("trained_on != dataset")["dataset"]) == {"springs5_empty"}
    lost = metrics.query("recipe == 'fast_narrow' or dataset == 'springs10'")
    assert len(left) == len(metrics) - len(lost)


def test_a_row_measured_elsewhere_must_name_what_it_was_trained_on(tmp_path):
    metrics_file(tmp_path / "metrics.csv", {"dataset": "springs10"})
    described = config("springs5", "mlp", "mlp", "paper", 1)
    (tmp_path / "config.json").write_text(json.dumps(described))
    assert list(collect_runs([tmp_path / "config.json"])["dataset"]) == ["springs10"]
    metrics_file(tmp_path / "metrics.csv", {"dataset": "springs10", "trained_on": "charged5"})
    with pytest.raises(ResultsError, match=r"run\.dataset is 'springs5'.*'charged5'"):
        collect_runs([tmp_path / "config.json"])


@pytest.mark.parametrize("wrong", [{"seed": 2}, {"recipe": "fast"}, {"dataset": "charged5"}])
def test_a_config_that_contradicts_the_metrics_beside_it_is_refused(tmp_path, wrong):
    metrics_file(tmp_path / "metrics.csv", {})
    run = {"dataset": "springs5", "recipe": "paper", "seed": 1, **wrong}
    described = config(run["dataset"], "mlp", "mlp", run["recipe"], run["seed"])
    (tmp_path / "config.json").write_text(json.dumps(described))
    with pytest.raises(ResultsError, match=f"run.{next(iter(wrong))}"):
        collect_runs([tmp_path / "config.json"])


def test_a_config_that_lacks_something_says_what(tmp_path):
    metrics_file(tmp_path / "metrics.csv", {})
    described = config("springs5", "mlp", "mlp", "paper", 1)
    del described["updates"]
    (tmp_path / "config.json").write_text(json.dumps(described))
    with pytest.raises(ResultsError, match="lacks updates"):
        collect_runs([tmp_path / "config.json"])


def test_the_page_on_results_names_every_column_metric_and_model(repository):
    text = (repository / "docs" / "results.md").read_text(encoding="utf-8")
    written = set(re.findall(r"`([\w-]+)`", text))
    assert {*METRIC_COLUMNS, *RUN_COLUMNS, *METRICS} <= written
    assert {model for model in MODELS if "," not in model} <= written
    arrays = {*Examples.__dataclass_fields__, *StoredPosterior.__dataclass_fields__}
    assert arrays <= written
