"""`snakemake --report`: one page with every figure, its own caption and what it is of."""

import json

from workflows import snakemake


def entries(html: str) -> dict[str, dict]:
    """What a report holds of each file that it shows, by path."""
    start = html.index("{", html.index('<script id="results">'))
    return json.JSONDecoder().raw_decode(html, start)[0]


def test_the_report_shows_every_figure_with_its_caption(smoke, tmp_path):
    config, page = smoke / "checkout" / "config" / "smoke.yaml", tmp_path / "report.html"
    snakemake(smoke / "checkout", smoke / "run", "--report", page, "--configfile", config)
    shown = entries(page.read_text(encoding="utf-8"))
    shown = {path: entry for path, entry in shown.items() if path.startswith("results/figures/")}
    figures = (smoke / "run" / "results" / "figures").glob("*.svg")
    assert set(shown) == {f"results/figures/{path.name}" for path in figures}
    # Of this type the page shows a picture; of others it would offer a download.
    assert {entry["mime_type"] for entry in shown.values()} == {"image/svg+xml"}
    one = shown["results/figures/trajectories_springs5_mlp-mlp-k2.svg"]
    assert one["labels"] == {"figure": "trajectories", "data set": "springs5", "run": "mlp-mlp-k2"}
    assert "As the paper's Figure 5. Springs, 5 objects, NRI (learned), seed 1" in one["caption"]
    assert "nri/figures/trajectories.py" in one["caption"]
    every = shown["results/figures/horizon.svg"]
    assert every["labels"] == {"figure": "horizon", "data set": "all", "run": "all"}
