import gzip
import json
import os
import re
import runpy
import shlex
import sys
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import pytest
import yaml
from example_results import STUDIES, TITLES, write_results, write_studies
from workflows import snakemake

from nri.evaluation.metrics_file import RUN
from nri.figures import horizon
from nri.figures.horizon import plot_horizon
from nri.figures.style import save
from nri.results.comparison import describe_scale
from nri.results.page.data_sets import DataSet
from nri.results.page.figures import read_figure
from nri.results.page.overview import overview
from nri.results.page.published import read_best_published
from nri.results.page.records import RunRecord, read_records
from nri.results.page.render import Results, render_page
from nri.results.rows import ResultsError, collect_metrics, collect_runs
from nri.results.verdicts import read_verdict


class Reader(HTMLParser):
    """What a browser would load and show, with unclosed elements found out."""

    VOID = ("meta", "img", "br", "link", "path", "circle", "polyline")

    def __init__(self, page):
        super().__init__()
        self.loaded, self.open, self.words, self.ids = [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        self.loaded += [value for name, value in attributes if name in ("src", "href")]
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_startendtag(self, tag, attributes):
        assert tag in self.VOID

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return write_results(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def best(repository):
    return read_best_published(repository / "config" / "best_published.csv")


@pytest.fixture(scope="module")
def shown(results, paper, best):
    configs = list(results.rglob("config.json"))
    metrics, runs = collect_metrics(results.rglob("metrics.csv")), collect_runs(configs)
    return Results(metrics, runs, paper, best, records=read_records(configs))


def test_all_programs_from_runs_to_page(repository, tmp_path, monkeypatch):
    results = write_studies(write_results(tmp_path / "results"))

    def run(program, *arguments):
        monkeypatch.setattr(sys, "argv", list(map(str, [program, *arguments])))
        runpy.run_path(str(repository / "scripts" / f"{program}.py"), run_name="__main__")

    metrics, runs = tmp_path / "metrics.csv", tmp_path / "runs.csv"
    files = [path for folder in ("runs", "baselines") for path in (results / folder).rglob("*.*")]
    configs = [path for path in files if path.name == "config.json"]
    run(
        "collect",
        "--metrics",
        *(path for path in files if path.name == "metrics.csv"),
        "--configs",
        *configs,
        *("--studies", json.dumps(STUDIES)),
        *("--output-metrics", metrics, "--output-runs", runs),
    )
    collected = ("--metrics", metrics, "--runs", runs)
    collected += ("--paper", repository / "config" / "paper_numbers.csv")
    for table in ("edge_accuracy", "future_mse", "edge_auroc", "studies"):
        output = tmp_path / "tables" / table
        studies = ("--studies", json.dumps(TITLES))
        run("tables", *collected, *studies, "--table", table, "--output", output)
        names = {path.name for path in output.parent.glob(f"{table}*")}
        assert names == {f"{table}{end}" for end in (".csv", ".md", ".tex", ".html", "_seeds.csv")}
    figure = tmp_path / "figures" / "horizon.svg"
    command = ["horizon", *collected[:4], "--output", figure]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    horizon.main()
    page = tmp_path / "index.html"
    run(
        "page",
        *collected,
        *("--best", repository / "config" / "best_published.csv"),
        *("--studies", json.dumps(TITLES), "--configs", *configs),
        *("--figures", figure, "--command", "snakemake --cores all", "--output", page),
    )
    reader = Reader(page.read_text(encoding="utf-8"))
    assert {"edge_accuracy-5-objects", "mse-kuramoto-5-objects"} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))
    assert "Reduced scale: 1,000 training simulations and 2,400 updates a run" in reader.text
    assert "snakemake --cores all" in reader.text
    assert "Narrower networks tested on Springs, 5 objects" in reader.text
    seeds = pd.read_csv(tmp_path / "tables" / "edge_accuracy_seeds.csv")
    assert all(f"{value:.1f}" in reader.text for value in seeds["value"])
    for link in reader.loaded:
        assert link.startswith(("#", "data:")), "the page must stand alone"


def sections(page):
    """{id: HTML} of the sections of a page."""
    return dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, flags=re.S))


def test_every_cell_of_the_paper_is_listed(shown, paper):
    page = sections(render_page(shown, [], "make results"))
    one, appendix, two = re.findall(r"<table.*?</table>", page["cells"], flags=re.S)
    lines = [re.sub(r"\s*<[^>]*>\s*", "|", line) for line in one.split("<tr")]
    (learned,) = (line for line in lines if "Kuramoto, 5 objects||NRI (learned)||" in line)
    accuracies = shown.metrics.query("dataset == 'kuramoto5' and metric == 'edge_accuracy'")
    ours = accuracies["value"].mean()
    assert f"||96.0 ± 0.1||{100 * ours - 96.0:+.1f} points||reduced: 1,000 train" in learned
    (absent,) = (line for line in lines if "Kuramoto, 10 objects||NRI (sim.)" in line)
    assert "no differentiable simulator" in absent
    assert "52.4† ± 0.0†" in one
    more = 1  # NRI (learned) on springs has two recipes
    assert one.count("<tr") - 1 == (paper["table"] == "1").sum() + more
    assert two.count("<tr") - 1 == (paper["table"] == "2").sum() + 3 * more
    assert appendix.count("<tr") - 1 == 2
    assert appendix.count("not run") == 2


def test_studies_have_a_section_and_transfers_are_no_trainings(tmp_path, paper, best):
    root = write_studies(write_results(tmp_path, seeds=1), seeds=1)
    runs = collect_runs(root.rglob("config.json"), STUDIES)
    metrics = collect_metrics(root.rglob("metrics.csv"))
    page = render_page(Results(metrics, runs, paper, best, TITLES), [], "")
    assert "More objects" in sections(page)["studies"]
    assert 'href="#studies"' in page
    assert "trained on" not in sections(page)["provenance"]
    assert "fast narrow" in sections(page)["provenance"]
    none = render_page(Results(metrics, runs.assign(study=""), paper, best, TITLES), [], "")
    assert "studies" not in sections(none)


def test_every_seed_and_every_training_is_listed(shown):
    page = sections(render_page(shown, [], "make results"))
    long = re.findall(r"<table.*?</table>", page["seeds"] + page["provenance"], flags=re.S)
    rows = [table.count("<tr") - 1 for table in long]
    page = "".join(page.values())
    measured = shown.metrics[[*RUN, "metric"]].drop_duplicates()
    assert rows == [
        (measured["metric"] == "edge_accuracy").sum(),
        (measured["metric"] == "mse").sum(),
        (measured["metric"] == "edge_auroc").sum(),
        len(shown.runs),
    ]
    assert "0123456789abcdef" in page
    assert "2 min 14 s" in page
    assert "<dt>Machine 1</dt><dd>x86_64, 2 cores</dd>" in page
    assert "<dt>Versions 1</dt><dd>nri 0.1.0, torch 2.13.0</dd>" in page


def test_every_number_of_a_table_opens_its_origin(shown):
    page = render_page(shown, [], "snakemake --cores all --configfile config/my.yaml")
    opened = set(re.findall(r'class="cell" popovertarget="([^"]+)"', page))
    origins = dict(re.findall(r'<article popover[^>]* id="([^"]+)"(.*?)</article>', page, re.S))
    assert opened == set(origins)
    run = re.sub(r"<[^>]*>", " ", origins["origin-springs5-node-cnn-mlp-k2-fast"])
    rows = shown.metrics.query("dataset == 'springs5' and encoder == 'node-cnn'")
    for value in rows.query("metric == 'edge_accuracy'")["value"]:
        assert f"{100 * value:.1f}" in run
    place = "results/runs/springs5/node-cnn-mlp-k2-fast/seed{1,2,3}/"
    command = f"snakemake --cores all {place}metrics.csv --configfile config/my.yaml"
    for words in (place, "results/logs/runs/", "0123456789abcdef", "epochs  40", command):
        assert words in re.sub(r"[ \n]+", " ", run) or words in run.replace("   ", "  ")
    assert origins["origin-springs5-node-cnn-mlp-k2-fast"].count("<polyline") == 3
    baseline = origins["origin-springs5-static"]
    assert "results/baselines/springs5/static/seed1/metrics.csv" in baseline
    assert "polyline" not in baseline


def test_the_command_of_all_results_is_not_needed_to_make_one(shown):
    page = render_page(shown, [], "make results")
    assert "snakemake --cores all results/baselines/springs5/static/seed1/metrics.csv<" in page


@pytest.mark.parametrize(
    ("file", "arguments", "command"),
    [
        ("my data.yaml", ["gpu=1"], "--configfile 'my data.yaml' --config gpu=1"),
        ("my.yaml", ["seeds=[1, 4]"], "--configfile my.yaml --config 'seeds=[1,4]'"),
        ("said.yaml", [], None),
    ],
)
def test_the_page_says_the_command_that_was_called(repository, tmp_path, file, arguments, command):
    said = "make {it} – again"
    config = yaml.safe_load((repository / "config" / "smoke.yaml").read_text())
    config |= {} if command else {"command": said}
    (tmp_path / file).write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    call = ["--configfile", tmp_path / file, *(["--config", *arguments] if arguments else [])]
    plan = snakemake(repository, tmp_path, "--dry-run", "--printshellcmds", *call)
    (line,) = re.findall("scripts/page.py .*", plan.stdout + plan.stderr)
    words = shlex.split(line.partition(">")[0])
    (found,) = (word for word in words if word.startswith("--command="))
    checkout = os.path.relpath(repository / "Snakefile", tmp_path)
    called = f"snakemake --cores all --snakefile {checkout} {command}"
    assert found.removeprefix("--command=") == (called if command else said)


def test_the_explorer_comes_right_after_the_first_screen(shown):
    page = render_page(shown, [], "", explorer="<canvas></canvas>")
    assert "<canvas></canvas>" in sections(page)["explorer"]
    assert list(sections(page)).index("explorer") < list(sections(page)).index("tables")
    assert 'href="#explorer"' in page
    assert 'id="explorer"' not in render_page(shown, [], "")


def test_figures_bring_their_title_and_caption(shown, tmp_path):
    path = tmp_path / "horizon.svg"
    figure = plot_horizon(shown.metrics, shown.runs)
    save(figure, [path], "Errors & <more>", "Said in one sentence.")
    figure = read_figure(path)
    assert figure.title == "Errors & <more>"
    page = render_page(shown, [figure], "make results")
    assert "Errors &amp; &lt;more&gt;" in page
    assert "Said in one sentence." in Reader(page).text


def test_a_figure_on_the_page_is_the_picture_of_its_file_and_smaller(shown, tmp_path):
    path = tmp_path / "horizon.svg"
    figure = plot_horizon(shown.metrics, shown.runs)
    save(figure, [path], "Title", "Caption")
    packed = read_figure(path).packed
    picture = gzip.decompress(b64decode(packed)).decode()
    before, after = (
        list(ElementTree.fromstring(svg).iter()) for svg in (path.read_text(), picture)
    )
    drawn = [element for element in before if "metadata" not in element.tag]
    drawn = [element for element in drawn if element.tag.startswith("{http://www.w3.org/2000/svg}")]
    assert [element.tag for element in drawn] == [element.tag for element in after]
    assert len(packed) < 0.4 * path.stat().st_size
    for old, new in zip(drawn, after, strict=True):
        assert {**old.attrib, "d": ""} == {**new.attrib, "d": ""}
        for a, b in zip(numbers(old.get("d", "")), numbers(new.get("d", "")), strict=True):
            assert a == pytest.approx(b, abs=0.01)


def numbers(path):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", path)]


def test_a_figure_that_does_not_say_what_it_is_is_refused(tmp_path):
    (tmp_path / "bare.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(ResultsError, match=r"bare\.svg: no title"):
        read_figure(tmp_path / "bare.svg")
    (tmp_path / "broken.svg").write_text("<svg>")
    with pytest.raises(ResultsError, match=r"broken\.svg: not a readable SVG"):
        read_figure(tmp_path / "broken.svg")


def test_the_scale_is_said(shown):
    full = shown.runs.assign(simulations=50_000, epochs=500).query("dataset != 'mocap35'")
    page = render_page(replace(shown, runs=full), [], "")
    assert "data and epochs: 50,000 training" in page
    assert "Reduced scale: 1,000 training" in render_page(shown, [], "")


def test_what_learns_nothing_is_no_scale(shown):
    runs = shown.runs.assign(updates=[0, *range(7, 6 + len(shown.runs))])
    assert " and 7 to " in describe_scale(runs)
    assert " and 0 updates a run" in describe_scale(runs.assign(updates=0))


def test_the_first_picture_and_its_sentence_are_made_from_the_numbers(shown, paper, best):
    view = overview(shown.metrics, shown.runs, paper, best)
    accuracy, error = view.drawings
    assert [row.words for row in accuracy.names] == ["Springs", "Kuramoto"]
    assert len(accuracy.dots) == 2 * 3
    assert {mark.kind for mark in accuracy.marks} == {"paper", "best", "best other"}
    assert [row.words for row in error.names] == 2 * ["step 1", "step 10", "step 20"]
    assert "accurate as the paper's on 0 of 2 systems" in view.verdict
    better = shown.metrics.assign(value=shown.metrics["value"].where(lambda v: v < 0.5, 1.0))
    assert "on 2 of 2 systems" in overview(better, shown.runs, paper, best).verdict
    refined = pd.concat([better, better.query("graph == 'inferred'").assign(graph="refined")])
    verdict = overview(refined, shown.runs, paper, best).verdict
    assert "refined by the decoder's likelihood on 2 of 2, and at least as accurate as" in verdict
    assert "best published on 1 of the 1 whose" in verdict, "Kuramoto's is of other data"
    assert len(overview(refined, shown.runs, paper, best).drawings[0].dots) == 2 * 2 * 3


def test_the_first_picture_shows_the_papers_recipe_only_at_the_papers_scale(shown, paper, best):
    springs = shown.metrics.query("dataset == 'springs5' and model == 'nri_learned'")
    drawn = {}
    for name, epochs in (("reduced", 40), ("full", 500)):
        runs = shown.runs.assign(simulations=50_000, epochs=epochs)
        drawn[name] = overview(springs, runs, paper, best).drawings[0].numbers[0].words
    for recipe, name in (("fast", "reduced"), ("paper", "full")):
        rows = springs.query(f"metric == 'edge_accuracy' and recipe == '{recipe}'")
        assert drawn[name] == f"{100 * rows['value'].mean():.1f}"


def test_the_best_published_numbers_have_sources(repository, tmp_path, best):
    assert set(best["value_provenance"]) <= {"quoted", "recalled"}
    assert best["source"].str.len().min() > 20
    text = (repository / "config" / "best_published.csv").read_text()
    for old, new, complaint in (
        ("springs5,", "springs6,", "an unknown data set"),
        ("quoted", "", "a provenance that is none of quoted, recalled"),
        ("94.3", "", "no number"),
        ("charged5", "springs5", "a cell that was there before"),
        ("IPSI on NRI-MPM", "", "no method or no source"),
    ):
        (tmp_path / "best.csv").write_text(text.replace(old, new))
        with pytest.raises(ResultsError, match=complaint):
            read_best_published(tmp_path / "best.csv")


def test_a_page_of_baselines_alone_can_be_made(results, paper, best):
    metrics = collect_metrics((results / "baselines").rglob("metrics.csv"))
    page = render_page(Results(metrics, collect_runs([]), paper, best), [], "make results")
    assert "baseline" in Reader(page).text


def test_samples_of_each_split_are_listed(shown):
    data = DataSet(
        "birds", "birds", {"train": 1234, "valid": 5, "test": 1}, 7, {"train": 49}, (), ()
    )
    page = render_page(replace(shown, data=[data]), [], "")
    row = re.sub(r"<[^>]*>", " ", sections(page)["provenance"].partition("birds")[2])
    assert row.split()[:5] == ["1,234", "5", "1", "7", "49"]


def test_verdicts_on_graphs_come_first(shown, tmp_path):
    path = tmp_path / "graphs" / "birds" / "mlp-mlp-k2" / "verdict.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"sentence": "Interaction found: 54 of <120>."}))
    verdicts = {"birds/mlp-mlp-k2": read_verdict(path)}
    first = render_page(replace(shown, verdicts=verdicts), [], "").partition("<figure")[0]
    assert "Interaction found: 54 of &lt;120&gt;." in first
    path.write_text("{}")
    with pytest.raises(ResultsError, match=r"verdict\.json: holds no verdict"):
        read_verdict(path)


def test_the_page_of_own_data_speaks_of_them_alone(shown, tmp_path):
    """Its own title, command and counts; what type 0 means; no word of the paper."""
    metrics, runs = (
        frame[(frame["dataset"] == "springs5") & (frame["encoder"] != "node-cnn")]
        .replace("springs5", "birds")
        .assign(recipe=lambda rows: rows["recipe"].where(rows["encoder"] == "", "fast"))
        for frame in (shown.metrics, shown.runs)
    )
    training = {"run": {"model": "nri_learned"}, "training": {"skip_first": True}}
    records = [RunRecord("runs/birds/mlp-mlp-k2-fast", 1, training)]
    samples = {"train": 40, "valid": 5, "test": 1}
    data = DataSet("birds", "birds", samples, 7, {"train": 49}, (), ())
    own = replace(shown, metrics=metrics, runs=runs, records=records, data=[data])
    page = render_page(own, [], "snakemake --cores all --configfile my.yaml")
    text = Reader(re.sub("<(style|script)>.*?</(style|script)>", "", page, flags=re.S)).text
    assert "Inferred relations: birds" in text
    assert "birds: 40 training, 5 validation and 1 test samples of 7 objects." in text
    assert "No true edges of birds are known" in text
    assert "edges of type 0 send no message" in text
    assert "snakemake --cores all --configfile my.yaml" in text
    assert "20 steps ahead, predictions under the inferred graph err" in text
    assert "paper" not in text.lower()


def test_text_from_users_is_escaped(shown):
    hostile = "<script>alert(1)</script>"
    changed = {
        name: getattr(shown, name).replace("mocap35", hostile) for name in ("metrics", "runs")
    }
    page = render_page(replace(shown, **changed), [], hostile)
    assert hostile not in page
    Reader(page)
