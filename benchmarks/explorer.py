"""How smoothly the explorer of a finished page runs in a headless Chromium.

    python -m benchmarks.explorer results/index.html

Says when a browser first paints something of the page and when the explorer stands; then of each
of its runs what a picture costs the page's thread while it plays, in CPU time, which other work on
the machine does not change, and how many pictures a second were shown, which it does. Sixty a
second leave 16.7 ms for each. Needs playwright and a Chromium.
"""

import argparse
import os
import shutil
import statistics
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 1400, 900
SECONDS = 4.0  # of playing that pictures are counted in
LOADS = 3  # of the page, of which the median counts

PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
STANDS = "document.querySelector('#explorer-app .ex-stage') !== null"
EXPLORER = "document.getElementById('explorer-app').explorer"

PLAY = f"""(milliseconds) => new Promise((resolve) => {{
  const {{ transport }} = {EXPLORER}.view;
  const moments = [];
  transport.seek(0);
  transport.play();
  const tick = (time) => {{
    moments.push(time);
    if (!transport.playing) transport.play();
    if (time - moments[0] < milliseconds) requestAnimationFrame(tick);
    else {{
      transport.pause();
      resolve(moments);
    }}
  }};
  requestAnimationFrame(tick);
}})"""


def first_paint(browser: Any, address: str) -> tuple[float, float]:
    """Milliseconds until something is painted, and until the explorer has its stage."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(address, wait_until="commit")
    page.wait_for_function(STANDS)
    stands = page.evaluate("performance.now()")
    page.wait_for_function(f"({PAINT}) !== null")
    paint = page.evaluate(PAINT)
    page.close()
    return paint, stands


def thread_seconds(session: Any) -> float:
    """CPU seconds that the thread of a page has worked."""
    found = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in found if metric["name"] == "TaskDuration")


def smoothness(page: Any, session: Any, run: str) -> str:
    """A row of the table: of a run, what a picture costs and how many a second are shown."""
    page.evaluate(f"location.hash = '#explorer&run={run}'")
    page.wait_for_function(f"{EXPLORER}.view.run.name === '{run}'")
    page.wait_for_selector(".ex[aria-busy=false]", timeout=120_000)
    before = thread_seconds(session)
    moments = page.evaluate(PLAY, 1000 * SECONDS)
    cost = 1000 * (thread_seconds(session) - before) / len(moments)
    rate = 1000 * (len(moments) - 1) / (moments[-1] - moments[0])
    return f"| `{run}` | {cost:.1f} | {rate:.0f} |"


def main() -> None:
    """Measure a page and print a table for docs/explorer.md."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path, help="results/index.html")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="a Chromium")
    arguments = parser.parse_args()
    address = arguments.page.resolve(strict=True).as_uri()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=arguments.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        loads = [first_paint(browser, address) for _ in range(LOADS)]
        paint, stands = (statistics.median(times) for times in zip(*loads, strict=True))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(address)
        page.wait_for_selector(".ex[aria-busy=false]", timeout=120_000)
        work = thread_seconds(session)
        print(f"First paint after {paint:.0f} ms, the explorer after {stands:.0f} ms")
        print(f"Work of the page's thread until all is inferred: {1000 * work:.0f} ms of CPU time")
        print(f"Load of the machine: {os.getloadavg()[0]:.1f}\n")
        print("| run | CPU ms a picture | pictures a second |")
        print("|---|---|---|")
        for run in page.evaluate(f"{EXPLORER}.runs.names"):
            print(smoothness(page, session, run))
        browser.close()


if __name__ == "__main__":
    main()
