"""Recordings in the explorer: what the library predicted of them is what the page plays."""

import base64
import json
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trainings import job_of

import nri.results.explorer
from nri.config.runs import Run
from nri.config.training import TrainingSettings
from nri.data.basketball.pick_and_roll import ROLES
from nri.data.format import Metadata, read_split
from nri.data.writer import DatasetWriter
from nri.evaluation.examples import Examples
from nri.results.explorer.arrays import pack_graphs
from nri.results.explorer.recorded import recorded_payload
from nri.training.runs import carry_out
from scripts import explorer as program
from scripts.evaluate import evaluate

STATIC = Path(nri.results.explorer.__file__).parent / "static"
ANSWER = Path(__file__).parent / "explorer" / "answer.mjs"
NODE, CHROMIUM = shutil.which("node"), shutil.which("chromium")
needs_node = pytest.mark.skipif(NODE is None, reason="node is absent: it runs the page's modules")

FRAMES, LONG, OBJECTS, SAMPLES = 12, 24, 5, 4
STEPS = LONG - FRAMES - 1
JOINTS = ("root", "left hip", "left knee", "right hip", "right knee")
BONES = [(0, 1), (1, 2), (0, 3), (3, 4)]
SETTINGS = {"encoder_hidden": 8, "decoder_hidden": 8, "epochs": 1, "batch_size": 8}


def make_recordings(path: Path, source: str) -> Path:
    """Bodies on smooth paths, with the names and bones of a source of recordings."""
    walk = source == "mocap"
    axes = "xyz" if walk else "xy"
    skeleton = np.zeros((OBJECTS, OBJECTS), dtype=np.int8)
    skeleton[tuple(np.transpose(BONES))] = 1
    metadata = Metadata(
        (*axes, *(f"v{axis}" for axis in axes)),
        ("m",) * len(axes) + ("m/s",) * len(axes),
        1 / 120 if walk else 0.2,
        config={"source": source, "frames": {"train": FRAMES, "valid": FRAMES, "test": LONG}},
        objects=JOINTS if walk else ROLES,
        skeleton=skeleton + skeleton.T if walk else None,
    )
    rng = np.random.default_rng(1)
    with DatasetWriter(path, metadata) as writer:
        for split, frames in (("train", FRAMES), ("valid", FRAMES), ("test", LONG)):
            speed = rng.standard_normal((SAMPLES, OBJECTS, frames, len(axes))).cumsum(2) * 0.05
            places = 4 + rng.standard_normal((SAMPLES, OBJECTS, 1, len(axes))) + speed.cumsum(2)
            motion = np.concatenate([places, speed], axis=-1).astype(np.float32)
            writer.create_split(split, SAMPLES, OBJECTS, frames, with_edges=False)
            writer.write(split, 0, motion)
    return path


@pytest.fixture(scope="module", params=["mocap", "basketball"])
def run(request, tmp_path_factory):
    """A tiny run on recordings, trained and evaluated: its directory and its data set."""
    root = tmp_path_factory.mktemp(request.param)
    data = make_recordings(root / f"{request.param}.h5", request.param)
    settings = TrainingSettings.model_validate(SETTINGS)
    run = Run(dataset=request.param, encoder="mlp", decoder="rnn", edge_types=3, training=settings)
    output = root / "results" / "runs" / request.param / run.name / "seed1"
    carry_out(job_of(run, data, output, checkpoints=root / "checkpoints"))
    settings = {"horizon": STEPS, "examples": SAMPLES, "refine": True}
    evaluate(Namespace(run=output, data=data, test_on=[], settings=settings, output=output))
    return output, data


def unpacked(packed: dict) -> np.ndarray:
    """What `pack_rows` wrote."""
    scale = np.frombuffer(base64.b64decode(packed["scale"]), "<f4")[:, None]
    rows = np.frombuffer(base64.b64decode(packed["values"]), "<i2").reshape(len(scale), -1)
    return (rows * scale).reshape(packed["shape"])


def ask(question: str, **about):
    """What the page's modules answer."""
    text = json.dumps({"question": question, **about})
    done = subprocess.run(
        [NODE, ANSWER, STATIC], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_page_plays_the_predictions_of_the_evaluation(run):
    """Errors are those of metrics.csv; places those of the examples, to a tenth of a millimetre."""
    directory, data = run
    payload, metrics = recorded_payload(*run), pd.read_csv(directory / "metrics.csv")
    samples = payload["samples"]
    assert samples["predictions"].keys() == {"encoder", "moving", "refined"}
    motion = unpacked(samples["motion"]).reshape(3, OBJECTS, LONG, -1)
    truth = read_split(data, "test").trajectories[:3, ..., : motion.shape[-1]]
    np.testing.assert_allclose(motion, truth, atol=3e-4)
    examples = Examples.load(directory / "examples.npz")
    predicted = unpacked(samples["predictions"]["encoder"]["motion"]).reshape(3, OBJECTS, STEPS, -1)
    kept = examples.predicted[:3, ..., : motion.shape[-1]]
    np.testing.assert_allclose(predicted, kept, atol=3e-4)
    errors = {name: np.array(one["errors"]) for name, one in samples["predictions"].items()}
    assert {one.shape for one in errors.values()} == {(3, STEPS)}
    assert errors["encoder"].mean() != errors["moving"].mean()
    measured = metrics[(metrics.metric == "mse") & (metrics.graph == "re-estimated")]
    # Of all four test samples the page has three.
    assert (errors["moving"].sum(0) / SAMPLES <= measured["value"].to_numpy() * (1 + 1e-5)).all()


@needs_node
def test_graphs_in_a_byte_for_each_edge_are_the_librarys():
    """The most probable type is kept, and its probability to the next level above."""
    rng = np.random.default_rng(2)
    for types in (2, 3, 4, 7):
        chances = rng.dirichlet([0.4] * types, size=(3, 20))
        packed = pack_graphs(chances)
        found = ask("graphs", packed=packed)
        assert [one["types"] for one in found] == chances.argmax(-1).tolist()
        error = np.array([one["sure"] for one in found]) - chances.max(-1)
        assert error.min() > -1e-5
        assert error.max() < 1 / (256 // types - 1)


@needs_node
def test_edges_are_drawn_by_type_threshold_and_object():
    chances = np.full((1, 6, 3), 0.05)
    chances[0, np.arange(6), [0, 1, 2, 1, 1, 2]] = 0.9
    chances[0, 3] = [0.3, 0.4, 0.3]
    run = {"types": ["none", "type 1", "type 2"], "model": {"nodes": 3}}
    about = {"packed": pack_graphs(chances), "run": run}

    def drawn(hidden=(), over=50, only=None):
        return ask("edges", **about, choice={"hidden": hidden, "over": over, "only": only})

    # Edges into object 0 come first, from 1 and 2; then those into 1, from 0 and 2.
    assert drawn() == [[], [1, 4], [2, 5]]
    assert drawn(over=30) == [[], [1, 3, 4], [2, 5]]
    assert drawn(hidden=[2]) == [[], [1, 4], []]
    assert drawn(only=0) == [[], [1, 4], [2]]


def test_a_run_on_recordings_asks_for_its_data(run, tmp_path, monkeypatch, capsys):
    directory, data = run
    command = ["explorer.py", "--runs", str(directory), "--output", str(tmp_path / "a.html")]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit):
        program.main()
    assert f"add --data results/data/{data.name}" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", [*command, "--data", str(data)])
    program.main()
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Recordings of people are played" in text
    assert "throw your own" not in text


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is absent")
    if CHROMIUM is None:
        pytest.skip("chromium is absent: the explorer is tried out in it")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, run, tmp_path, monkeypatch):
    """The explorer of a run in a browser for whoever wants no motion, and what it complained of."""
    directory, data = run
    piece = tmp_path / "piece.html"
    files = ["--runs", str(directory), "--data", str(data), "--output", str(piece)]
    monkeypatch.setattr(sys, "argv", ["explorer.py", *files])
    program.main()
    whole = tmp_path / "page.html"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>'
    body = f"<main><h1>A page</h1>{piece.read_text(encoding='utf-8')}</main>"
    whole.write_text(head + body, encoding="utf-8")
    opened = browser.new_page(reduced_motion="reduce", viewport={"width": 380, "height": 800})
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.goto(whole.as_uri())
    opened.wait_for_selector(".ex[aria-busy=false]")
    yield opened
    opened.close()


def view(page, what: str):
    """A value of the view that the explorer shows."""
    root = "document.getElementById('explorer-app')"
    return page.evaluate(f"((view) => {what})({root}.explorer.view)")


def lines_of(page) -> str:
    """The paths of all edges on the stage."""
    paths = page.locator(".ex-arrows").all()
    return "".join(path.get_attribute("d") for path in paths)


def test_recordings_are_played_and_looked_into_by_keyboard(page):
    """A stage that stands still, edges by type and object, in words too, and a link to it all."""
    assert not view(page, "view.transport.playing")
    assert view(page, "view.transport.now") == LONG - 1
    page.get_by_label("Least probability").fill("20")
    drawn = lines_of(page)
    page.get_by_label("Edges of").select_option("1")
    page.locator(".ex-list summary").press("Enter")
    page.wait_for_function("document.querySelectorAll('.ex-list li').length > 0")
    name = view(page, "view.run.system.names[1]")
    lines = page.locator(".ex-list li").all_inner_texts()
    assert all(line.startswith(name) or f"to {name}:" in line for line in lines)
    page.get_by_role("button", name="Encoder's").press("Enter")
    assert len(lines_of(page)) < len(drawn)
    page.get_by_label("Types of edges").locator("button").last.press("Space")
    hidden = view(page, "view.choice.hidden")
    assert hidden == [2]
    link = page.evaluate("location.hash")
    assert "graph=encoder" in link
    assert "only=1" in link
    page.reload()
    page.wait_for_selector(".ex[aria-busy=false]")
    assert view(page, "[view.choice.graph, view.choice.only, view.choice.over]") == [
        "encoder",
        1,
        20,
    ]
    assert view(page, "view.choice.hidden") == hidden
    assert page.complaints == []


def test_graphs_are_seen_when_they_are_known(page):
    """None before the frames that the encoder sees; one for each step where it looks again."""
    view(page, f"view.transport.seek({FRAMES - 2})")
    assert set(page.locator(".ex-score").all_inner_texts()) == {f"needs {FRAMES} frames"}
    seen = [view(page, f"view.graph('moving', {now}).sure.join()") for now in (FRAMES, LONG - 1)]
    assert seen[0] != seen[1]
    seen = [view(page, f"view.graph('encoder', {now}).sure.join()") for now in (FRAMES, LONG - 1)]
    assert seen[0] == seen[1]
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_reader_out_of_recordings(page, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is absent")
    page.emulate_media(color_scheme=scheme)
    dark = "body { background: #14171a; color: #e4e7ea }"
    page.add_style_tag(content=f"@media (prefers-color-scheme: dark) {{ {dark} }}")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
