import json
import re
import runpy
import sys
from html.parser import HTMLParser

import pandas as pd
import pytest
from example_results import STUDIES, TITLES, write_results, write_studies

from nri.evaluation.metrics_file import RUN
from nri.figures import horizon
from nri.figures.horizon import plot_horizon
from nri.figures.style import save
from nri.files import write_table
from nri.results.comparison import read_paper_numbers
from nri.results.page import read_figure, render_page
from nri.results.rows import ResultsError, collect_metrics, collect_runs, read_runs


class Reader(HTMLParser):
    """What a browser would load and show, with unclosed elements found out."""

    VOID = ("meta", "img", "br", "link")

    def __init__(self, page):
        super().__init__()
        self.loaded, self.open, self.words = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        self.loaded += [value for name, value in attributes if name in ("src", "href")]

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
def paper(repository):
    return read_paper_numbers(repository / "config" / "paper_numbers.csv")


@pytest.fixture(scope="module")
def tables(results):
    return collect_metrics(results.rglob("metrics.csv")), collect_runs(results.rglob("config.json"))


def test_all_programs_from_runs_to_page(repository, tmp_path, monkeypatch):
    results = write_studies(write_results(tmp_path / "results"))

    def run(program, *arguments):
        monkeypatch.setattr(sys, "argv", list(map(str, [program, *arguments])))
        runpy.run_path(str(repository / "scripts" / f"{program}.py"), run_name="__main__")

    metrics, runs = tmp_path / "metrics.csv", tmp_path / "runs.csv"
    files = [path for folder in ("runs", "baselines") for path in (results / folder).rglob("*.*")]
    run(
        "collect",
        "--metrics",
        *(path for path in files if path.name == "metrics.csv"),
        "--configs",
        *(path for path in files if path.name == "config.json"),
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
        "--tables",
        *sorted((tmp_path / "tables").glob("*.html")),
        *("--figures", figure, "--command", "snakemake --cores all", "--output", page),
    )
    reader = Reader(page.read_text(encoding="utf-8"))
    assert "The paper's Table 1, 5 objects" in reader.text
    assert "The paper's Table 2, Kuramoto, 5 objects" in reader.text
    assert "Reduced scale: 1,000 training simulations and 2,400 updates a run" in reader.text
    assert "snakemake --cores all" in reader.text
    assert "Narrower networks: tested on Springs, 5 objects (ours, not in the paper)" in reader.text
    seeds = pd.read_csv(tmp_path / "tables" / "edge_accuracy_seeds.csv")
    assert all(f"{value:.1f}" in reader.text for value in seeds["value"])
    for link in reader.loaded:
        assert link.startswith(("#", "data:image/svg+xml;base64,")), "the page must stand alone"


def sections(page):
    """{id: HTML} of the sections of a page."""
    return dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, flags=re.S))


def test_every_cell_of_the_paper_is_listed(tables, paper):
    page = sections(render_page(*tables, paper, {}, [], "make results"))
    one, appendix, two = re.findall(r"<table.*?</table>", page["cells"], flags=re.S)
    lines = [re.sub(r"\s*<[^>]*>\s*", "|", line) for line in one.split("<tr")]
    (learned,) = (line for line in lines if "Kuramoto, 5 objects||NRI (learned)||" in line)
    ours = tables[0].query("dataset == 'kuramoto5' and metric == 'edge_accuracy'")["value"].mean()
    assert f"||96.0 ± 0.1||{100 * ours - 96.0:+.1f} points||reduced: 1,000 train" in learned
    (absent,) = (line for line in lines if "Kuramoto, 10 objects||NRI (sim.)" in line)
    assert "no differentiable simulator" in absent
    assert "52.4† ± 0.0†" in one
    more = 1  # NRI (learned) on springs has two recipes
    assert one.count("<tr") - 1 == (paper["table"] == "1").sum() + more
    assert two.count("<tr") - 1 == (paper["table"] == "2").sum() + 3 * more
    assert appendix.count("<tr") - 1 == 2
    assert appendix.count("not run") == 2


def test_studies_have_a_section_and_transfers_are_no_trainings(tmp_path, paper):
    root = write_studies(write_results(tmp_path, seeds=1), seeds=1)
    runs = collect_runs(root.rglob("config.json"), STUDIES)
    metrics = collect_metrics(root.rglob("metrics.csv"))
    page = render_page(metrics, runs, paper, {"studies": "<b>of ours</b>", "x": "y"}, [], "")
    assert "<b>of ours</b>" in sections(page)["studies"]
    assert 'href="#studies"' in page
    assert "trained on" not in sections(page)["provenance"]
    assert "fast narrow" in sections(page)["provenance"]
    none = render_page(metrics, runs, paper, {"x": "y"}, [], "")
    assert "studies" not in sections(none)


def test_every_seed_and_every_training_is_listed(tables, paper):
    metrics, runs = tables
    page = sections(render_page(metrics, runs, paper, {}, [], "make results"))
    long = re.findall(r"<table.*?</table>", page["seeds"] + page["provenance"], flags=re.S)
    rows = [table.count("<tr") - 1 for table in long]
    page = "".join(page.values())
    measured = metrics[[*RUN, "metric"]].drop_duplicates()
    assert rows == [
        (measured["metric"] == "edge_accuracy").sum(),
        (measured["metric"] == "mse").sum(),
        (measured["metric"] == "edge_auroc").sum(),
        len(runs),
    ]
    assert "0123456789abcdef" in page
    assert "2 min 14 s" in page
    assert "<dt>Machine 1</dt><dd>x86_64, 2 cores</dd>" in page
    assert "<dt>Versions 1</dt><dd>nri 0.1.0, torch 2.13.0</dd>" in page


def test_the_explorer_comes_right_after_the_first_screen(tables, paper):
    page = render_page(*tables, paper, {"x": "y"}, [], "", "<canvas></canvas>")
    assert "<canvas></canvas>" in sections(page)["explorer"]
    assert list(sections(page)).index("explorer") < list(sections(page)).index("tables")
    assert 'href="#explorer"' in page
    assert "explorer" not in render_page(*tables, paper, {"x": "y"}, [], "")


def test_figures_bring_their_title_and_caption(tables, paper, tmp_path):
    path = tmp_path / "horizon.svg"
    save(plot_horizon(tables[0]), [path], "Errors & <more>", "Said in one sentence.")
    figure = read_figure(path)
    assert figure.title == "Errors & <more>"
    page = render_page(*tables, paper, {}, [figure], "make results")
    assert "Errors &amp; &lt;more&gt;" in page
    assert "Said in one sentence." in Reader(page).text


def test_a_figure_that_does_not_say_what_it_is_is_refused(tmp_path):
    (tmp_path / "bare.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(ResultsError, match=r"bare\.svg: no title"):
        read_figure(tmp_path / "bare.svg")
    (tmp_path / "broken.svg").write_text("<svg>")
    with pytest.raises(ResultsError, match=r"broken\.svg: not a readable SVG"):
        read_figure(tmp_path / "broken.svg")


def test_the_banner_tells_paper_scale_from_reduced(tables, paper):
    metrics, runs = tables
    full = runs.assign(simulations=50_000, epochs=500).query("dataset != 'mocap35'")
    assert 'class="banner"' in render_page(metrics, full, paper, {}, [], "")
    assert 'class="banner reduced"' in render_page(metrics, runs, paper, {}, [], "")


def test_a_page_of_baselines_alone_can_be_made(results, paper, tmp_path):
    metrics = collect_metrics((results / "baselines").rglob("metrics.csv"))
    write_table(collect_runs([]), tmp_path / "runs.csv")
    page = render_page(metrics, read_runs(tmp_path / "runs.csv"), paper, {}, [], "make results")
    assert "baseline" in Reader(page).text


def test_text_from_users_is_escaped(tables, paper):
    hostile = "<script>alert(1)</script>"
    page = render_page(
        *(frame.replace("mocap35", hostile) for frame in tables), paper, {}, [], hostile
    )
    assert hostile not in page
