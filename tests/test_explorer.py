"""The explorer of the page: its JavaScript computes what the library computes."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import nri.results.explorer
from nri.data.format import StoredMetadata
from nri.data.normalisation import Normalisation
from nri.evaluation.examples import Examples
from nri.evaluation.new_data import trained_metadata
from nri.evaluation.posterior_file import StoredPosterior
from nri.graph import matrix_to_edges
from nri.matching import true_order
from nri.model.build import build_model, load_model
from nri.model.make_objective import decoder_posterior, joint_stage, keep_joint_decoder
from nri.model.objectives import ELBO
from nri.model.posterior.infer import choose_method
from nri.model.posterior.propagation import propagate
from nri.model.posterior.tables import receiver_tables
from nri.model.rollout import free_run
from nri.results.explorer.arrays import pack, pack_rows
from nri.results.explorer.bundle import bundle
from nri.results.explorer.choice import explored
from nri.results.explorer.payload import describe_model
from nri.results.explorer.systems import SYSTEMS, describe_system

STATIC = Path(nri.results.explorer.__file__).parent / "static"
ANSWER = Path(__file__).parent / "explorer" / "answer.mjs"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is absent: it runs the page's modules")

FRAMES = 20
FEATURES = ("x", "y", "vx", "vy")
STAGES = [
    {"graph": "posterior", "freeze": "encoder"},
    {"graph": "refined", "freeze": "encoder", "likelihood": "gaussian"},
]
MODELS = {  # encoder, objects, edge types, settings
    "mlp": ("mlp", 4, 2, {}),
    "changes": ("mlp", 4, 2, {"encoder_inputs": "changes", "standardise": True}),
    "node-cnn": ("node-cnn", 5, 2, {"encoder_inputs": "changes", "undirected": True}),
    "cnn": ("cnn", 4, 2, {"undirected": True}),
    "three types": ("mlp", 4, 3, {"undirected": True, "skip_first": True}),
    "two frames": ("mlp", 4, 2, {"decoder_inputs": "changes", "standardise": True}),
    "gaussian": ("mlp", 3, 2, {"likelihood": "gaussian", "stages": []}),
    "some features": ("mlp", 4, 2, {"undirected": True, "likelihood_features": ["vx", "vy"]}),
    "six": ("node-cnn", 6, 3, {"undirected": True, "skip_first": True}),  # by propagation
}


def ask(question: str, **about):
    """What the page's modules answer."""
    command = [NODE, ANSWER, STATIC]
    text = json.dumps({"question": question, **about})
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def smooth_motion(objects: int, seed: int) -> np.ndarray:
    """(1, N, T, D) in units of its own, from -3 to 5."""
    rng = np.random.default_rng(seed)
    steps = 0.1 * rng.standard_normal((1, objects, FRAMES, 4)).cumsum(2)
    return np.clip(1 + steps.cumsum(2) * 0.3, -3, 5).astype(np.float32)


@pytest.fixture(scope="module", params=MODELS)
def trained(request, make_settings):
    """A model with the marks of a training: units, statistics and two decoders that differ."""
    encoder, objects, types, changes = MODELS[request.param]
    settings = make_settings(
        **{"likelihood": "student_t", "residual_scale": 0.3, "stages": STAGES, **changes}
    )
    metadata = StoredMetadata(
        features=FEATURES,
        units=("m",) * 4,
        frame_interval=0.1,
        edge_types=("none", "some", "more")[:types],
        normalisation=Normalisation(np.full(4, -3.0), np.full(4, 5.0)),
    )
    torch.manual_seed(1)
    model = build_model(encoder, "mlp", types, settings, metadata, FRAMES, objects)
    keep_joint_decoder(model, settings.resolved_stages())
    motion = smooth_motion(objects, 0)
    x = torch.from_numpy(metadata.normalisation.apply(motion))
    model.fit_scales(x, settings.standardise)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if not name.startswith("graph"):
                value.add_(0.2 * torch.randn_like(value))
        for name, value in model.named_buffers():
            if "running" in name:
                value.copy_(torch.rand_like(value) + 0.5)
            if "scaling.change" in name:
                value.mul_(0.2)
        last = model.eval().inferred_graph.encoder.fc_out  # its logits are made to differ
        for _ in range(2):
            logits = model.inferred_graph.logits(x)[0]
            last.bias.sub_(logits.mean(0))
            last.weight.div_(logits.std())
            last.bias.div_(logits.std())
        halved = [model.graph, *([model.joint_decoder] if model.joint_decoder else [])]
        for value in (value for part in halved for value in part.parameters()):
            if value.dim() > 1:  # as the page has them: what packing costs is measured below
                value.copy_(torch.from_numpy(unpack(pack_rows(value.numpy()))))
    run = {
        **describe_model(model, settings, encoder, objects),
        "normalisation": {"minimum": [-3.0] * 4, "maximum": [5.0] * 4},
    }
    return model, settings, run, motion, x


@needs_node
@torch.no_grad()
def test_the_encoder_in_the_page_is_the_librarys(trained):
    model, _, run, motion, x = trained
    found = np.reshape(ask("infer", run=run, x=motion.ravel().tolist(), frames=FRAMES), (-1,))
    expected = model.inferred_graph.logits(x).softmax(-1)[0].numpy()
    np.testing.assert_allclose(found, expected.ravel(), atol=1e-4)
    assert np.ptp(expected, axis=0).max() > 0.1  # edges differ, or nothing was compared


@needs_node
@torch.no_grad()
def test_the_decoder_in_the_page_is_the_librarys(trained):
    """Under a graph of hard types and one of weights, with the decoder that predicts."""
    model, _, run, motion, x = trained
    rng = np.random.default_rng(2)
    edges, types = x.shape[1] * (x.shape[1] - 1), run["model"]["types"]
    for graph in (np.eye(types)[rng.integers(types, size=edges)], rng.random((edges, types))):
        weights = torch.from_numpy(graph.astype(np.float32))
        expected = free_run(model.decoder, x[:, :, -1], weights, 8, before(model, x))[0].numpy()
        found = ask(
            "predict",
            run=run,
            frame=motion[0, :, -1].ravel().tolist(),
            before=motion[0, :, -2].ravel().tolist(),
            graph=graph.ravel().tolist(),
            steps=8,
        )
        restored = 4 * (expected + 1) - 3
        scale = max(1.0, np.abs(restored).max())
        np.testing.assert_allclose(np.reshape(found, restored.shape), restored, atol=1e-4 * scale)


def before(model, x: torch.Tensor) -> torch.Tensor | None:
    """The state of the decoder at the last frame."""
    return model.decoder.state_before(x, torch.tensor([x.shape[2] - 1]))


@needs_node
@torch.no_grad()
def test_the_refinement_in_the_page_is_the_librarys(trained):
    """After every frame, by the decoder that found the graphs and the likelihood of its stage."""
    model, settings, run, motion, x = trained
    joint = joint_stage(model, settings.resolved_stages())
    found = np.array(ask("refine", run=run, x=motion.ravel().tolist(), frames=FRAMES))
    assert len(found) == FRAMES - 1
    for frames in (3, 7, FRAMES):
        expected = marginals(model, joint, x[:, :, :frames])
        np.testing.assert_allclose(found[frames - 2], expected.ravel(), atol=1e-4)


def marginals(model, joint, x: torch.Tensor) -> np.ndarray:
    """Of the first sample, (E, K): by `infer`, or by its steps without the race of large tables."""
    types = model.graph.edge_types
    if choose_method(model.posterior_decoder, x.shape[1], types, joint.undirected) == "exact":
        start = torch.zeros(1, x.shape[1] * (x.shape[1] - 1), types)
        return decoder_posterior(model, joint, x, lambda: start).probabilities[0].numpy()
    objective = ELBO(model, joint, true_type_count=0)
    starts = torch.arange(x.shape[2] - 1).unsqueeze(0)
    tables = receiver_tables(model.posterior_decoder, objective.likelihood, x, types, starts)
    return propagate(tables, objective.prior.log())[0].numpy()


SIMULATED = {
    "springs": {"strengths": [0.0, 0.5], "probabilities": [0.3, 0.7]},
    "charged": {},
    "kuramoto": {"probabilities": [0.5, 0.5]},
}


@needs_node
@pytest.mark.parametrize("source", SYSTEMS)
def test_the_simulators_in_the_page_are_the_librarys(source):
    """Five seconds of each, walls and close encounters included."""
    system, rng = SYSTEMS[source], np.random.default_rng(3)
    stored = {"source": source, "objects": 5, "samples": {"train": 1, "valid": 1, "test": 1}}
    settings = system.Settings.model_validate({**stored, **SIMULATED[source]})
    initial, edges = system.draw(settings, [rng])
    initial[..., 2:] *= 8  # fast enough for walls
    described = describe_system(source, {**stored, **SIMULATED[source]})
    expected = system.simulate(settings, initial, edges, 51)[0]
    first = int(described["kind"] == "oscillators")  # their first frame is the start itself
    found = ask(
        "simulate",
        system=described,
        state=initial[0].ravel().tolist(),
        types=matrix_to_edges(edges[0]).tolist(),
        nodes=5,
        frames=50,
    )
    expected = expected[:, first : first + 50]
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, atol=1e-4)


@needs_node
@pytest.mark.parametrize("source", SYSTEMS)
def test_throws_are_drawn_as_the_data_are(source):
    """Means and spreads of starts, and how often each type is drawn."""
    system, count = SYSTEMS[source], 400
    stored = {"source": source, "objects": 5, "samples": {"train": 1, "valid": 1, "test": 1}}
    settings = system.Settings.model_validate({**stored, **SIMULATED[source]})
    drawn = ask("draw", system=describe_system(source, settings.model_dump()), nodes=5, seeds=count)
    streams = [np.random.default_rng(seed) for seed in range(count)]
    initial, edges = system.draw(settings, streams)
    found = np.array([one["state"] for one in drawn]).reshape(initial.shape)
    np.testing.assert_allclose(found.mean((0, 1)), initial.mean((0, 1)), atol=0.2)
    np.testing.assert_allclose(found.std((0, 1)), initial.std((0, 1)), rtol=0.1)
    types = np.array([one["types"] for one in drawn])
    assert abs(types.mean() - matrix_to_edges(edges).mean()) < 0.05
    assert len(np.unique(types, axis=0)) > 10


def unpack(packed: dict) -> np.ndarray:
    """What `pack` and `pack_rows` wrote."""
    kind = "<i2" if "scale" in packed else "<f4"
    values = np.frombuffer(base64.b64decode(packed["values"]), kind).astype(np.float32)
    if "scale" in packed:
        scale = np.frombuffer(base64.b64decode(packed["scale"]), "<f4")
        values = values.reshape(len(scale), -1) * scale[:, None]
    return values.reshape(packed["shape"])


def test_packed_arrays_keep_what_they_promise():
    rng = np.random.default_rng(4)
    rows = rng.standard_normal((3, 8, 5)) * np.array([1.0, 1e-3, 0.0]).reshape(3, 1, 1)
    largest = np.abs(rows).max((1, 2), keepdims=True)
    for packed, error in ((pack(rows), 1e-7), (pack_rows(rows), 2e-5)):
        restored = unpack(packed)
        assert restored.shape == rows.shape
        assert (np.abs(restored - rows) <= error * largest).all()


def test_the_program_of_the_page_is_whole():
    """All modules, each once and after what it imports, and nothing to be loaded from elsewhere."""
    program = bundle("main")
    names = re.findall(r"^const module_(\w+) = ", program, re.MULTILINE)
    assert sorted(names) == sorted(path.stem for path in STATIC.glob("*.js"))
    assert not re.search(
        r"^(import|export)\b|\b(fetch|XMLHttpRequest|importScripts)\b", program, re.MULTILINE
    )
    for name in re.findall(r"= module_(\w+);", program):
        assert name in names


def test_one_run_is_shown_of_each_system_and_size_and_of_each_data_set_of_recordings():
    """The first one that the page can compute, whatever came out of it."""

    def run(dataset, encoder="mlp", decoder="mlp", edge_types=2):
        return SimpleNamespace(
            dataset=dataset, encoder=encoder, decoder=decoder, edge_types=edge_types
        )

    sources = [("a5", "springs", 5), ("b5", "springs", 5), ("a10", "springs", 10)]
    sources += [("k5", "kuramoto", 5), ("a50", "springs", 50), ("own", "own", 5)]
    datasets = {
        name: SimpleNamespace(source=source, objects=objects) for name, source, objects in sources
    }
    first, ten, turning = run("b5", "cnn"), run("a10"), run("k5", "node-cnn")
    others = [run("a5", "true"), run("a5", decoder="rnn"), run("own"), run("a50")]
    assert explored([*others, first, run("a5"), ten, turning], datasets) == [first, ten, turning]
    datasets["walk"] = SimpleNamespace(source="mocap")
    walking = run("walk", decoder="rnn", edge_types=4)
    walks = [run("walk", "skeleton", "rnn"), walking, run("walk", decoder="rnn")]
    assert explored([first, *walks], datasets) == [first, walking]


CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def page(smoke, tmp_path_factory):
    """The finished page of the smoke configuration in a browser, and what it complained of."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is absent")
    if CHROMIUM is None:
        pytest.skip("chromium is absent: the explorer is tried out in it")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(reduced_motion="reduce")
        opened = context.new_page()
        opened.complaints = []
        opened.on("console", lambda message: opened.complaints.append(message.text))
        opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.on("request", lambda request: opened.complaints.append(request.url))
        opened.address = (smoke / "run/results/index.html").as_uri()
        yield opened
        browser.close()


def look(page, fragment: str) -> None:
    """Open the page at a fragment and wait until the model has said everything."""
    page.goto("about:blank")
    page.complaints.clear()
    page.goto(page.address + fragment)
    wait(page)


def wait(page) -> None:
    page.wait_for_selector(".ex[aria-busy=false]", timeout=90_000)


def explorer(page, what: str):
    """A value of the view that the explorer shows."""
    root = "document.getElementById('explorer-app')"
    return page.evaluate(f"((view) => {what})({root}.explorer.view)")


def complaints(page) -> list[str]:
    """All but requests for the page itself and for the worker that is made of it."""
    return [text for text in page.complaints if not text.startswith(("file:", "blob:"))]


KURAMOTO = "kuramoto5/node-cnn-mlp-k2-sampled"


def test_a_flipped_edge_moves_the_prediction_as_in_the_library(page, smoke):
    look(page, "#explorer&run=kuramoto5&sample=2&frame=60&graph=true")
    page.locator(".ex-of-true .ex-flip").first.press("Enter")
    page.wait_for_selector(".ex-of-yours button[aria-pressed=true]")
    page.wait_for_function(
        "document.getElementById('explorer-app').explorer.view.predictions.has('yours')"
    )
    run = smoke / "run/results/runs" / KURAMOTO / "seed1"
    types = np.array(explorer(page, "Array.from(view.choice.yours)"))
    examples = Examples.load(run / "examples.npz")
    assert (types != examples.edges[1]).sum() in (1, 2)  # one edge, or both of a pair
    metadata = trained_metadata(run)
    model, _ = load_model(run, metadata, torch.device("cpu"))
    stored = StoredPosterior.load(run / "posterior.npz")
    graph = torch.eye(2)[torch.from_numpy(true_order(stored.matching)[types])]
    start = torch.from_numpy(metadata.normalisation.apply(examples.observed[1, :, -1]))
    with torch.no_grad():
        motion = free_run(model.decoder.eval(), start, graph, 20).numpy()
    found = explorer(page, "Array.from(view.predictions.get('yours'))")
    expected = metadata.normalisation.invert(motion)
    np.testing.assert_allclose(
        np.reshape(found, (-1, 5, 3))[:20], expected, atol=1e-4 * np.abs(expected).max()
    )
    assert complaints(page) == []


def test_a_throw_is_hidden_inferred_and_revealed(page):
    look(page, "#explorer&run=springs5&throw=12&frame=80&graph=refined")
    score = page.locator(".ex-of-refined .ex-score")
    assert page.locator(".ex-of-true .ex-score").inner_text() == "hidden"
    assert score.inner_text() == ""
    page.get_by_role("button", name="Reveal the hidden graph").click()
    assert re.fullmatch(r"\d+ of \d+ right", score.inner_text())
    sure = explorer(page, "view.found.refined.map((chances) => Math.max(...chances))")
    assert len(sure) == 48
    assert complaints(page) == []


def test_another_start_moves_by_the_true_equations_and_a_link_keeps_it(page):
    look(page, "#explorer&run=springs5&sample=1&frame=49&graph=true")
    before = explorer(page, "Array.from(view.scene.motion)")
    page.locator(".ex-ball").first.press("ArrowRight")
    wait(page)
    moved = explorer(page, "Array.from(view.scene.motion)")
    changed = np.reshape(moved, (5, -1, 4)) != np.reshape(before, (5, -1, 4))
    assert not changed[:, :49].any()
    assert changed[0, 49, 0]
    assert changed[:, -1].any()
    link = page.evaluate("location.hash")
    look(page, link)
    again = explorer(page, "Array.from(view.scene.motion)")
    np.testing.assert_allclose(again, moved, atol=1e-3)
    assert page.evaluate("location.hash") == link
    assert complaints(page) == []


def test_a_system_may_be_left_while_its_model_computes(page):
    look(page, "#explorer&run=springs5&sample=0")
    for name in ("Springs, 10 objects", "Kuramoto, 5 objects", "Springs, 5 objects") * 2:
        page.get_by_role("button", name=name).click()
    wait(page)
    assert complaints(page) == []


def test_the_explorer_opens_on_its_own(page, smoke):
    page.goto((smoke / "run/results/explorer.html").as_uri())
    wait(page)
    assert page.evaluate("document.characterSet") == "UTF-8"
    assert page.get_by_role("button", name="4×", exact=True).is_visible()
