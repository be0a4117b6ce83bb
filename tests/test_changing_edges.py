"""Edges that change in time: stored, read from every source, and scored frame by frame."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from nri.config.parse import ConfigError, parse_config
from nri.data.format import DataFormatError, Metadata, read_metadata, read_split
from nri.data.own.prepare import prepare_own
from nri.data.own.recordings import RecordingError
from nri.data.own.settings import OwnSettings
from nri.data.samples import Samples, load_samples
from nri.data.writer import DatasetWriter
from nri.evaluation.evaluation import Evaluation, FoundGraph, on_own_data
from nri.evaluation.measure import measure
from nri.evaluation.protocol import posterior
from nri.figures.changing_edges import constant_accuracy, plot_changing_edges
from nri.graph import matrix_to_edges, receivers
from nri.matching import best_matching, count_types
from nri.model.decoders.decoder import Decoder
from nri.model.encoders.encoder import Encoder
from nri.model.nri import NRI, InferredGraph
from nri.model.objectives import CrossEntropy
from nri.results.rows import read_metrics

FRAMES = {"train": 5, "valid": 5, "test": 8}
TYPES = {"edge_types": ["none", "push"], "edges_change": True}


def settings(**changes):
    entry = {"source": "own", "path": "own", "features": ["x", "y"], "frames": FRAMES}
    return OwnSettings(**(entry | {"frame_interval": 0.5, **TYPES} | changes))


@pytest.fixture
def arrays():
    """Samples whose x counts frames, and edges of every frame, both random beside."""
    rng = np.random.default_rng(0)
    trajectories = rng.normal(size=(6, 3, 16, 2))
    trajectories[..., 0] = np.arange(16)
    edges = rng.integers(0, 2, (6, 16, 3, 3)) * (1 - np.eye(3, dtype=int))
    return {"trajectories": trajectories, "edges": edges}


def prepare(directory, arrays, **changes):
    """The dataset file of arrays, and where its samples are from."""
    np.savez(directory / "own.npz", **arrays)
    output = directory / "own.h5"
    return output, prepare_own(
        settings(**changes), {"files": [directory / "own.npz"]}, None, output
    )


@pytest.mark.parametrize("by", ["sample", "time"])
@pytest.mark.parametrize("velocities", [[], ["y"]])
def test_edges_stay_with_their_frames(arrays, tmp_path, by, velocities):
    frames = FRAMES if by == "sample" else {"train": 4, "valid": 3, "test": 4}
    rule = {"by": by, "train": 0.4, "valid": 0.25, "test": 0.35}
    changes = {"split": rule, "velocities": velocities, "stride": 2, "frames": frames}
    path, windows = prepare(tmp_path, arrays, **changes)
    assert h5py.File(path).attrs["version"] == 2
    assert read_metadata(path).edges_change
    for row in windows.itertuples():
        data = read_split(path, row.split, [row.sample])
        seen = data.trajectories[0, 0, :, 0].astype(int)
        assert seen[0] == round(row.start / 0.5)
        np.testing.assert_array_equal(data.edges[0], arrays["edges"][int(row.recording), seen])


def test_a_dataset_file_keeps_its_edges(arrays, tmp_path):
    path, _ = prepare(tmp_path, arrays, split={"by": "sample"})
    output = tmp_path / "again.h5"
    prepare_own(settings(), {"files": [path]}, None, output)
    for split in FRAMES:
        ours, theirs = read_split(output, split), read_split(path, split)
        np.testing.assert_array_equal(ours.edges, theirs.edges)
    with pytest.raises(RecordingError, match=r"edges change in time; set `edges_change: true`"):
        prepare_own(settings(edges_change=False), {"files": [path]}, None, output)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edges_change": False}, r"\(6, 16, 3, 3\), expected whole numbers \(6, 3, 3\)"),
        ({"edges": np.zeros((6, 3, 3), int)}, r"\(6, 3, 3\), expected whole .*\(6, 16, 3, 3\)"),
        ({"edges": np.zeros((6, 3, 16, 3), int)}, r"expected .*\(samples, frame, receiver"),
        ({"edges": np.zeros((6, 15, 3, 3), int)}, r"\(6, 15, 3, 3\), expected"),
        ({"edges": np.zeros((6, 16, 3, 3))}, r"edges of float64 .* expected whole numbers"),
        ({"edges": np.full((6, 16, 3, 3), 2)}, r"edges from 2 to 2 must be indices into the 2"),
        (
            {"objects": ["a", "b"]},
            r"`objects` of <U1 has shape \(2,\), expected a text for each of the 3 objects",
        ),
    ],
)
def test_arrays_of_another_shape_are_refused(arrays, tmp_path, change, message):
    changes = {key: change.pop(key) for key in ("edges_change",) if key in change}
    with pytest.raises(RecordingError, match=message):
        prepare(tmp_path, arrays | change, **changes)
    assert not (tmp_path / "own.h5").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: f.attrs.update(version=1), r"train/edges has shape .* of version 1; .* are v"),
        (lambda f: f.attrs.update(version=3), r"version=3, expected .*version=1 or 2"),
        (lambda f: replace(f, np.zeros((3, 4, 3, 3))), r"shape \(3, 4, 3, 3\), expected \(3, 5, "),
        (lambda f: replace(f, np.zeros((3, 3, 3))), r"\(3, 3, 3\), expected .*of version 2"),
        (lambda f: replace(f, np.full((3, 5, 3, 3), 7)), r"values from 7 to 7 must be indices"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, damage, message):
    metadata = Metadata(("x",), ("m",), 1.0, ("none", "push"), edges_change=True)
    path, edges = tmp_path / "data.h5", np.zeros((3, 5, 3, 3), np.int8)
    with DatasetWriter(path, metadata) as writer:
        writer.create_split("train", 3, 3, 5, with_edges=True)
        with pytest.raises(DataFormatError, match=r"shape \(3, 3, 3\)"):
            writer.write("train", 0, np.zeros((3, 3, 5, 1)), edges[:, 0])
        writer.write("train", 0, np.zeros((3, 3, 5, 1)), edges)
    assert read_split(path, "train").edges.shape == edges.shape
    with h5py.File(path, "a") as file:
        damage(file)
    with pytest.raises(DataFormatError, match=message) as error:
        read_split(path, "train")
    assert str(path) in str(error.value)


def replace(file, edges):
    del file["train/edges"]
    file["train/edges"] = edges.astype(np.int8)


TABLE = {"columns": {"time": "t", "object": "who"}, "split": {"by": "time"}, "frame_interval": None}
TABLE |= {"time_unit": 0.5}


def prepare_table(directory, edges, **changes):
    """40 frames of a and b at t = 100, 101, … in units of 0.5 s, with a table of edges."""
    rows = [(100 + t, who, t, 0.0) for t in range(40) for who in "ab"]
    pd.DataFrame(rows, columns=["t", "who", "x", "y"]).to_csv(directory / "own.csv", index=False)
    (directory / "edges.csv").write_text(edges)
    output, files = directory / "own.h5", {"files": [directory / "own.csv"]}
    prepare_own(settings(**TABLE | changes), files, directory / "edges.csv", output)
    return output


def test_a_row_of_a_table_holds_until_the_next_of_its_pair(tmp_path):
    text = "time,receiver,sender,type\n103,a,b,push\n110,a,b,none\n135,a,b,push\n101,b,a,push\n"
    path = prepare_table(tmp_path, text, frames={"train": 28, "valid": 3, "test": 5})
    train, test = (read_split(path, split).edges[0] for split in ("train", "test"))
    on = np.zeros(28, bool)
    on[3:10] = True
    np.testing.assert_array_equal(train[:, 0, 1], on)
    np.testing.assert_array_equal(train[:, 1, 0], np.arange(28) >= 1)
    # The test part begins at frame 34; what began long before still holds.
    np.testing.assert_array_equal(test[:, 0, 1], np.arange(34, 39) >= 35)
    assert test[:, 1, 0].all()


ROW = "103,a,b,push\n"


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        ("receiver,sender,type\na,b,push\n", {}, r"edges\.csv: no column time"),
        ("time,receiver,sender,type\n" + 2 * ROW, {}, r"line 3, column sender: .*there twice"),
        ("time,receiver,sender,type\nsoon,a,b,push\n", {}, r"line 2, column time: 'soon' is not"),
        ("time,receiver,sender,type\n,a,b,push\n", {}, r"line 2, column time: '' is no time"),
        ("time,receiver,sender,type\n1,a,b,pull\n", {}, r"column type: 'pull' is none of"),
        ("time,receiver,sender,type\n" + ROW, {"edges_change": False}, r"set `edges_change: true`"),
    ],
)
def test_wrong_tables_of_edges_are_named(tmp_path, text, changes, message):
    with pytest.raises(RecordingError, match=message):
        prepare_table(tmp_path, text, **changes)


def store_dnri(directory, samples=12, frames=20):
    """A directory in the layout of dynamic NRI; edges 0 → 2 and 1 → 2 as in its own files."""
    rng, directory = np.random.default_rng(0), directory / "synth"
    directory.mkdir()
    for split in ("train", "val", "test"):
        features = torch.from_numpy(rng.normal(size=(samples, frames, 3, 4)).astype(np.float32))
        edges = torch.zeros(samples, frames, 6)
        edges[..., [1, 3]] = (features[:, :, :2, 0] > 0).float()
        torch.save(features, directory / f"{split}_feats")
        torch.save(edges, directory / f"{split}_edges")
    return directory


PUSHES = {"features": ["x", "y", "vx", "vy"], "frames": {"train": 6, "valid": 6, "test": 20}}


def test_the_layout_of_dynamic_nri(tmp_path):
    directory, output = store_dnri(tmp_path), tmp_path / "pushes.h5"
    prepare_own(settings(**PUSHES), {"files": [directory]}, None, output)
    data = read_split(output, "test")
    features = torch.load(directory / "test_feats").numpy()
    np.testing.assert_array_equal(data.trajectories, features.swapaxes(1, 2))
    assert data.edges[..., :2, :].max() == 0  # nothing acts on 0 and 1
    np.testing.assert_array_equal(data.edges[..., 2, :2], features[:, :, :2, 0] > 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensor: tensor.bfloat16(),
        lambda tensor: tensor.clone().requires_grad_(),
        lambda tensor: tensor.to_sparse(),
        lambda tensor: tensor.double(),
    ],
)
def test_any_tensor_of_the_same_numbers_is_read(tmp_path, change):
    directory = store_dnri(tmp_path)
    expected = torch.load(directory / "test_feats").bfloat16().float()
    torch.save(change(expected), directory / "test_feats")
    torch.save(change(torch.load(directory / "test_edges")), directory / "test_edges")
    prepare_own(settings(**PUSHES), {"files": [directory]}, None, tmp_path / "pushes.h5")
    found = read_split(tmp_path / "pushes.h5", "test").trajectories
    np.testing.assert_array_equal(found, expected.numpy().swapaxes(1, 2))


def flip(path):
    """Change one bit of the numbers, which make up most of the file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "changes", "message"),
    [
        (lambda d: (d / "val_edges").unlink(), {}, r"val_edges: not a readable torch file"),
        (lambda d: (d / "val_edges").write_bytes(b"edges"), {}, r"val_edges: not a readable"),
        (
            lambda d: os.truncate(d / "test_feats", 900),
            {},
            r"test_feats: not a readable torch file .*fetch it again",
        ),
        (lambda d: torch.save([1, 2], d / "train_feats"), {}, r"train_feats: holds a list"),
        (
            lambda d: torch.save(torch.zeros(12, 19, 6), d / "test_edges"),
            {},
            r"test_\*: features \(12, 20, 3, 4\) and edges \(12, 19, 6\), expected",
        ),
        (
            lambda d: torch.save(torch.full((12, 20, 6), 2.0), d / "train_edges"),
            {},
            r"train_\*: edges from 0 to 2 must be indices into the 2",
        ),
        (
            lambda d: torch.save(torch.full((12, 20, 6), 0.5), d / "train_edges"),
            {},
            r"train_\*: an edge is no whole number",
        ),
        (
            lambda d: torch.save(torch.zeros(12, 20, 6, dtype=torch.cfloat), d / "train_edges"),
            {},
            r"train_edges: holds a torch.complex64, expected a tensor of real numbers",
        ),
        (
            lambda d: torch.save(torch.zeros(1).expand(2**40), d / "train_edges"),
            {},
            r"train_edges takes .* GiB in memory, more than the limit",
        ),
        (lambda d: flip(d / "train_feats"), {}, r"train_feats: .* bad checksum"),
        (lambda d: None, {"edges_change": False}, r"time axis; set `edges_change: true`"),
        (lambda d: None, {"features": ["x", "y"]}, r"the 2 of `features`"),
    ],
)
def test_damaged_torch_files_are_named(tmp_path, damage, changes, message):
    directory = store_dnri(tmp_path)
    damage(directory)
    with pytest.raises(RecordingError, match=message):
        prepare_own(
            settings(**PUSHES | changes), {"files": [directory]}, None, tmp_path / "pushes.h5"
        )


class LastFrame(Encoder):
    """An encoder that tells from an object's last frame what acts on it."""

    def __init__(self):
        super().__init__(edge_types=2)

    def forward(self, x):
        seen = x[:, receivers(x.shape[1]), -1, 0]
        return torch.stack([seen, -seen], dim=-1)  # type 1 is called 0


class Still(Decoder):
    """A decoder with memory after which nothing moves any more."""

    recurrent = True

    def observe(self, x, edges):
        return x.transpose(1, 2), None

    def forward(self, x, edges, state=None):
        return x, None


@pytest.fixture
def oracle():
    """A model and samples of 9 frames whose edges it reads off the last frame that it sees."""
    rng = np.random.default_rng(1)
    types = torch.from_numpy(rng.integers(0, 2, (50, 4, 9)))
    x = (2.0 * types - 1).unsqueeze(-1).expand(-1, -1, -1, 2).contiguous()
    edges = types[:, receivers(4)].transpose(1, 2)
    model = NRI(InferredGraph(LastFrame(), torch.nn.Identity(), False), Still(), ("x", "y"))
    return model, Samples(x, edges)


def test_each_step_is_scored_in_the_frame_that_it_starts_from(oracle):
    model, samples = oracle
    frames = 3
    evaluation = Evaluation(
        model=model,
        samples=samples,
        frames=frames,
        horizon=99,
        true_types=2,
        inferred=FoundGraph(posterior(model, samples, frames), np.array([1, 0])),
    )
    rows = pd.DataFrame(measure(evaluation)).query("metric != 'mse'").fillna({"graph": "inferred"})
    stepped, whole = rows[rows["step"].notna()], rows[rows["step"].isna()]
    edges = samples.edges
    by = dict(list(stepped.groupby("graph")["value"]))
    assert all(len(values) == 5 for values in by.values())  # frames 3 … 7
    np.testing.assert_allclose(by["re-estimated-from-truth"], 1.0)
    static = (edges[:, 3:8] == edges[:, 2:3]).float().mean((0, 2))
    np.testing.assert_allclose(by["inferred"], static, rtol=1e-6)
    # Where nothing moves after frame 3, all re-estimated graphs are that of frame 3.
    predicted = (edges[:, 3:8] == edges[:, 3:4]).float().mean((0, 2))
    np.testing.assert_allclose(by["re-estimated"], predicted, rtol=1e-6)
    pooled = whole.query("metric == 'edge_accuracy'").set_index("graph")["value"]
    assert pooled["re-estimated"] == pytest.approx(predicted.mean().item())
    assert pooled["re-estimated-from-truth"] == 1.0


def test_one_graph_is_compared_with_every_frame_that_was_seen(oracle):
    model, samples = oracle
    few, logits = samples.first_frames(3), model.graph.logits(samples.x[:, :, :3])
    assert few.edges.shape == (50, 3, 12)
    confusion = count_types(logits, few.edges, 2)
    assert confusion.sum() == few.edges.numel()
    assert best_matching(confusion.numpy()).tolist() == [1, 0]
    right = (few.edges == few.edges[:, -1:]).float().mean().item()
    terms = CrossEntropy(model, 2).validation(few.x, few.edges)
    assert terms.confusion.flip(0).diagonal().sum() / terms.confusion.sum() == pytest.approx(right)
    supervised = NRI(model.graph, None, ("x",))
    own = on_own_data(supervised, CrossEntropy(supervised, 2), 2, samples, 3, 5)
    assert measure(own)[0] == {"metric": "edge_accuracy", "value": pytest.approx(right)}
    usual = samples.usual_edges()
    assert usual.shape == (50, 12)
    counts = (samples.edges == 1).sum(1)
    torch.testing.assert_close(usual, (counts > 4).long())


def test_the_figure_shows_every_graph_and_a_constant_one():
    edges = np.zeros((2, 6, 3, 3), int)
    edges[0, 3, 0, 1] = edges[1, 2, 2, 1] = 1
    np.testing.assert_allclose(constant_accuracy(edges, 3), [11 / 12, 1.0])
    row = {"dataset": "pushes", "encoder": "mlp", "decoder": "rnn", "edge_types": 2}
    row |= {"trained_on": "pushes", "metric": "edge_accuracy"}
    graphs = {("nri_learned", "inferred"): 0.8, ("nri_learned", "re-estimated"): 0.9}
    graphs[("nri_learned", "re-estimated-from-truth")] = 0.95
    graphs[("supervised", "inferred")] = 0.5
    rows = [
        {**row, "model": model, "graph": graph, "recipe": recipe, "seed": seed, "step": step}
        | {"value": value + seed / 100}
        for recipe in ("paper", "fast")
        for (model, graph), value in graphs.items()
        for seed in (1, 3)
        for step in (1, 2)
    ]
    figure = plot_changing_edges(pd.DataFrame(rows), constant_accuracy(edges, 3))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["fast recipe, mlp-rnn-k2", "paper's recipe, mlp-rnn-k2"]
    for axes in figure.axes:
        heights = sorted(line.get_ydata()[0] for line in axes.lines)
        np.testing.assert_allclose(heights, [82, 92 - 1 / 3, 92, 97], atol=0.4)
    with pytest.raises(ValueError, match="no edge accuracy has a step"):
        plot_changing_edges(pd.DataFrame(rows).assign(step=None), constant_accuracy(edges, 3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["runs"][0].update(encoder="true"), r"runs\[0\].encoder: 'true' is one graph"),
        (
            lambda c: c["baselines"].append({"dataset": "pushes", "baseline": "corr-path"}),
            r"baselines\[1\].baseline: 'corr-path' finds one graph",
        ),
        (lambda c: c["datasets"]["pushes"].update(edge_types=[]), "edges_change: true, but"),
    ],
)
def test_what_needs_one_graph_is_refused_in_the_config(repository, change, message):
    config = yaml.safe_load((repository / "config/config.yaml").read_text())
    config |= yaml.safe_load((repository / "config/dynamic.yaml").read_text())
    parse_config(config)
    change(config)
    with pytest.raises(ConfigError, match=message):
        parse_config(config)


def run_to_the_end(repository, directory, synth):
    """config/dynamic.yaml at toy size on the files in `synth`: the directory of its results."""
    overlay = yaml.safe_load((repository / "config/dynamic.yaml").read_text())
    overlay["seeds"], overlay["evaluation"]["horizon"] = [1], 5
    overlay["datasets"]["pushes"] |= {"path": str(synth), "stride": None}
    overlay["training"] |= {"encoder_hidden": 8, "decoder_hidden": 8, "epochs": 1}
    overlay["runs"], overlay["baselines"] = overlay["runs"][1:2], []
    (directory / "dynamic.yaml").write_text(yaml.safe_dump(overlay))
    targets = ("results/figures/changing_edges_pushes.png", "results/tables/edge_accuracy.md")
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", "1"]
    command += ["--snakefile", repository / "Snakefile", "--directory", directory]
    command += ["--configfile", directory / "dynamic.yaml"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    metrics = read_metrics(directory / "results/metrics.csv").query("metric == 'edge_accuracy'")
    found = metrics.groupby(["recipe", "graph"])["step"].agg(["count", "size"])
    assert found["count"].eq(5).all()
    assert found["size"].eq(6).all()
    assert set(found.index) == {
        ("changes", "inferred"),
        ("changes", "refined"),
        ("changes", "re-estimated"),
        ("changes", "re-estimated-from-truth"),
    }
    table = (directory / "results/tables/edge_accuracy.md").read_text()
    assert "NRI (dynamic graph) (changes)" in table
    assert "NRI (dynamic graph of true frames) (changes)" in table
    return directory / "results"


def test_the_workflow_on_synthetic_files(repository, tmp_path):
    run_to_the_end(repository, tmp_path, store_dnri(tmp_path, frames=50))


def test_the_workflow_on_real_files(repository, data_dir, tmp_path):
    synth = tmp_path / "synth"
    synth.mkdir()
    for path in (data_dir / "dynamic_edges").iterdir():
        torch.save(torch.load(path)[:20], synth / path.name)
    results = run_to_the_end(repository, tmp_path, synth)
    samples = load_samples(results / "data/pushes.h5", "test", torch.device("cpu"))
    stored = torch.load(synth / "test_edges")
    assert samples.edges.sum() == stored.sum()
    # A push changes the velocity of the third particle in the step that led to its frame.
    data = read_split(results / "data/pushes.h5", "test")
    moved = np.abs(np.diff(data.trajectories[..., 2:], axis=2)).max(-1) > 0
    assert not moved[:, :2].any()
    np.testing.assert_array_equal(moved[:, 2], data.edges[:, 1:, 2].any(-1))
    assert (matrix_to_edges(data.edges) == samples.edges.numpy()).all()
