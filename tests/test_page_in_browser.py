"""The page of example results in a real browser: for all readers, without errors or requests."""

import shutil

import pytest
from example_results import write_results

from nri.figures.horizon import plot_horizon
from nri.figures.style import save
from nri.results.comparison import read_paper_numbers
from nri.results.page.figures import read_figure
from nri.results.page.published import read_best_published
from nri.results.page.records import read_records
from nri.results.page.render import Results, render_page
from nri.results.rows import collect_metrics, collect_runs

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

PHONE, TABLET, LAPTOP = 390, 820, 1440
CELL = "button.cell:visible"


@pytest.fixture(scope="module")
def path(repository, tmp_path_factory):
    root = write_results(tmp_path_factory.mktemp("results"), seeds=2)
    configs = list(root.rglob("config.json"))
    results = Results(
        collect_metrics(root.rglob("metrics.csv")),
        collect_runs(configs),
        read_paper_numbers(repository / "config" / "paper_numbers.csv"),
        read_best_published(repository / "config" / "best_published.csv"),
        records=read_records(configs),
    )
    figure = root / "horizon.svg"
    save(plot_horizon(results.metrics, results.runs), [figure], "Errors", "Errors over steps.")
    page = root / "index.html"
    page.write_text(render_page(results, [read_figure(figure)], "make results"), encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, path):
    """Opens the page at a width and in a colour scheme; fails on errors and on requests."""
    complaints, pages = [], []

    def open_page(width, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    asked = [text for text in complaints if not text.startswith("data:") and text != path.as_uri()]
    assert asked == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(PHONE, "light"), (TABLET, "dark"), (LAPTOP, "light"), (LAPTOP, "dark")]
)
def test_nothing_keeps_a_reader_out_and_nothing_overflows(opened, width, scheme):
    page = opened(width, scheme)
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(CELL).first.click()
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_number_opens_its_origin_by_keyboard_and_escape_closes_it(opened):
    page = opened(LAPTOP)
    cell = page.locator(CELL).first
    cell.focus()
    page.keyboard.press("Enter")
    origin = page.locator(f"#{cell.get_attribute('popovertarget')}")
    assert origin.is_visible()
    assert "snakemake --cores all results/" in origin.inner_text()
    page.keyboard.press("Escape")
    assert not origin.is_visible()
    assert page.evaluate("document.activeElement.className") == "cell"


def test_a_number_says_what_it_is_under_the_pointer(opened):
    page = opened(LAPTOP)
    page.locator(CELL).first.hover()
    assert page.locator(".tip").inner_text() == page.locator(CELL).first.get_attribute("data-about")


def test_a_link_to_an_origin_opens_it(opened):
    page = opened(PHONE)
    page.evaluate("location.hash = 'origin-springs5-static'")
    page.wait_for_selector("#origin-springs5-static", state="visible")


def test_figures_are_unpacked(opened):
    page = opened(LAPTOP)
    page.wait_for_function("document.querySelector('figure.plot img').naturalWidth > 100")


def test_further_rows_unfold(opened):
    page = opened(LAPTOP)
    button = page.locator(".unfold").first
    row = page.locator("tr.more").first
    assert not row.is_visible()
    button.click()
    assert row.is_visible()
    assert button.get_attribute("aria-expanded") == "true"


def test_paper_has_all_rows_and_the_origins_as_an_appendix(opened):
    page = opened(LAPTOP)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("tr.more").first.is_visible()
    origins = page.locator("article.origin")
    assert all(origins.nth(number).is_visible() for number in range(origins.count()))
    assert page.locator("#seeds table").first.is_visible()
    assert not page.locator("nav").is_visible()


def test_the_page_is_there_at_once(opened):
    page = opened(LAPTOP)
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    page.wait_for_function(paint)
    assert page.evaluate(paint) < 1000
