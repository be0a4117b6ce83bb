"""The verdict on graphs: interaction is found where it is, and not where nothing acts."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from nri import graph
from nri.data.format import StoredMetadata, read_metadata
from nri.data.normalisation import Normalisation
from nri.data.own.gate import simulate_like
from nri.data.own.prepare import prepare_own
from nri.data.own.settings import OwnSettings
from nri.data.samples import Samples, load_samples
from nri.evaluation import evidence
from nri.evaluation.inference import write_edges
from nri.evaluation.protocol import posterior
from nri.evaluation.refine import refined_posterior
from nri.evaluation.significance import Scores, significance
from nri.evaluation.strangers import make_pool
from nri.evaluation.trained import TrainedModel
from nri.evaluation.verdict import EVIDENCE_COLUMNS, Verdict, judge
from nri.figures.edges import plot_edges
from nri.files import ResultsError
from nri.model.build import build_model
from nri.model.objectives import ELBO
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Trainer

OBJECTS, FRAMES, INTERVAL = 3, 16, 0.2
RECIPE = {
    "encoder_inputs": "changes",
    "standardise": True,
    "undirected": True,
    "skip_first": True,
    "likelihood": "student_t",
    "residual_scale": 0.3,
    "degrees_of_freedom": 1.0,
    "prediction_steps": 1,
    "loss_windows": 8,
    "batch_size": 16,
    "learning_rate": 5e-3,
    "gradient_clip": 1.0,
    "stages": [{"graph": "posterior", "freeze": "encoder", "epochs": 8}],
}


def pendulums(scenes, coupling, spread, seed):
    """Small swings (S, N, T, 2), and who is coupled, (S, E).

    spread: of the frequencies, relative; each pendulum of each scene has its own.
    """
    random = np.random.default_rng(seed)
    time = INTERVAL * np.arange(FRAMES)
    motion, edges = np.empty((scenes, OBJECTS, FRAMES, 2), np.float32), []
    for scene in motion:
        pairs = np.triu(random.random((OBJECTS, OBJECTS)) < 0.5, 1)
        coupled = coupling * (pairs | pairs.T)
        frequency = 3 * random.uniform(1 - spread, 1 + spread, OBJECTS)
        stiffness = np.diag(frequency**2 + coupled.sum(1)) - coupled
        squares, modes = np.linalg.eigh(stiffness)
        rates, amplitude = np.sqrt(squares), random.normal(0, 0.15, OBJECTS)
        turns = rates[:, np.newaxis] * time + random.uniform(0, 2 * np.pi, (OBJECTS, 1))
        scene[..., 0] = modes @ (amplitude[:, np.newaxis] * np.cos(turns))
        scene[..., 1] = modes @ (-(amplitude * rates)[:, np.newaxis] * np.sin(turns))
        edges.append(graph.matrix_to_edges(coupled > 0))
    return motion, np.array(edges)


def scenes(count, first=0):
    """A row for each sample, which is a recording of its own."""
    names = [f"scene {number}" for number in range(first, first + count)]
    return pd.DataFrame({"recording": names, "start": 0.0, "end": 3.0, "objects": "a;b;c"}).assign(
        sample=range(count)
    )


def train(metadata, splits, settings, directory, seed=1):
    torch.manual_seed(seed)
    model = build_model("mlp", "mlp", 2, settings, metadata, splits[0].x.shape[2])
    checkpoints = [Checkpoint(directory / str(stage)) for stage in range(2)]
    Trainer(model, settings, *splits, 0, seed, checkpoints[:1]).run()
    return model


def judged(model, settings, samples, windows, pool):
    inferred = posterior(model, samples, samples.x.shape[2])
    refined = refined_posterior(model, settings, samples, samples.x.shape[2], inferred)[0]
    return judge([(model, settings)], samples, windows, pool, refined.numpy()[np.newaxis], True)


@pytest.fixture(scope="module")
def judge_pendulums(make_settings, tmp_path_factory):
    """Train on pendulums, and judge the graphs of 30 scenes that were not seen."""

    def run(coupling, spread):
        settings = make_settings(**RECIPE)
        (train_x, _), (x, edges) = (
            pendulums(200, coupling, spread, 1),
            pendulums(30, coupling, spread, 2),
        )
        bound = np.abs(train_x).max((0, 1, 2)).astype(float)
        scale = Normalisation(-bound, bound)
        metadata = StoredMetadata(
            ("angle", "velocity"), ("rad", "rad/s"), INTERVAL,
            config={"frames": {"train": FRAMES}}, normalisation=scale,
        )  # fmt: skip
        seen, new = (Samples(torch.from_numpy(scale.apply(each)), None) for each in (train_x, x))
        splits = seen.take(slice(0, 180)), seen.take(slice(180, None))
        model = train(metadata, splits, settings, tmp_path_factory.mktemp("pendulums"))
        windows = scenes(30)
        pool = make_pool(
            [new.x.numpy(), seen.x.numpy()], [windows, scenes(200, 30)], FRAMES, INTERVAL
        )
        trained = TrainedModel(model, settings, metadata, None)
        return judged(model, settings, new, windows, pool), edges, trained, x

    return run


@pytest.fixture(scope="module")
def coupled(judge_pendulums):
    return judge_pendulums(coupling=6.0, spread=0.0)


@pytest.mark.parametrize("changes", [False, True])
@pytest.mark.parametrize("assignments", [128, 0])
def test_evidence_is_of_the_transitions_that_a_decoder_can_predict(
    changes, assignments, make_settings, monkeypatch
):
    """Of two objects: log Σ_k p(k) p(x_0 | x, k) of the one edge into the receiver, from true
    frame to true frame; a decoder that sees changes begins with the second frame.
    """
    monkeypatch.setattr(evidence, "ASSIGNMENTS", assignments)
    seen = {"decoder_inputs": "changes" if changes else "features"}
    settings = make_settings(**seen, graph="posterior", skip_first=True)
    metadata = StoredMetadata(
        ("angle", "velocity"), ("rad", "rad/s"), INTERVAL,
        config={"frames": {"train": FRAMES}}, normalisation=Normalisation(-np.ones(2), np.ones(2)),
    )  # fmt: skip
    torch.manual_seed(0)
    model = build_model("mlp", "mlp", 2, settings, metadata, FRAMES).eval()
    x = 0.3 * torch.randn(3, 2, FRAMES, 2)
    objective = ELBO(model, settings, true_type_count=0)
    scores = torch.full((3, 2), np.log(0.5))
    for kind in range(2):
        edges = torch.eye(2)[kind].expand(3, 2, -1)
        for t in range(1 if changes else 0, FRAMES - 1):
            before = x[:, :, t - 1] if changes else None
            predicted, _ = model.decoder(x[:, :, t], edges, before)
            cost = objective.likelihood(predicted - x[:, :, t + 1]).sum(-1)
            scores[:, kind] -= cost[:, 0].detach()
    found = evidence._receiver_evidence(model, settings, x, sender=1)[:, 0]
    torch.testing.assert_close(found, scores.logsumexp(-1), rtol=1e-5, atol=1e-3)


def test_coupled_pendulums_are_found(coupled):
    judgement, edges, _, _ = coupled
    verdict, found = judgement.verdict, judgement.evidence["evidence"].to_numpy(bool)
    assert verdict.found
    assert verdict.sentence.startswith(f"Interaction found: {found.sum()} of 180 edges")
    assert found[edges.ravel()].mean() > 0.3
    assert found[~edges.ravel()].mean() < 0.05
    lost = judgement.evidence["without_sender"].to_numpy()
    assert np.median(lost[edges.ravel()]) > 3 * abs(np.median(lost[~edges.ravel()]))


@pytest.mark.parametrize("spread", [0.0, 0.4], ids=["identical", "own frequency"])
def test_uncoupled_pendulums_are_not(spread, judge_pendulums):
    judgement, *_ = judge_pendulums(coupling=0.0, spread=spread)
    assert judgement.verdict.found is False
    assert judgement.verdict.sentence.startswith("No interaction found: of 180 edges none")
    assert not judgement.evidence["evidence"].any()


def test_python_says_the_same(coupled):
    _, _, model, trajectories = coupled
    judgement = model.judge(trajectories)
    assert judgement.verdict.found
    assert judgement.verdict.strangers == "the same object in other recordings"
    alone = model.judge(trajectories[:2])
    assert alone.verdict.found is None
    assert alone.verdict.sentence.startswith("Not tested: object 0 of recording 0 has 3 stretches")
    assert alone.evidence is None


def test_evidence_is_beside_the_graph(coupled, tmp_path):
    judgement, *_ = coupled
    graphs = np.random.default_rng(0).dirichlet([1, 1], (1, 30, 6))
    table = write_edges(graphs, graphs, scenes(30), None, True, tmp_path, judgement=judgement)
    stored = pd.read_csv(tmp_path / "edges.csv")
    assert list(stored.columns[-5:]) == EVIDENCE_COLUMNS
    assert (stored["evidence"] == judgement.evidence["evidence"].to_numpy(bool)).all()
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert verdict["evident"] == stored["evidence"].sum()
    crossed = plot_edges(stored, 2).axes[0].lines
    first = table[table["sample"] == 0]
    assert len(crossed) == ((first["type"] > 0) & ~first["evidence"].astype(bool)).sum()


def test_no_walker_acts_on_one_of_another_time(data_dir, make_settings, tmp_path):
    """Pedestrians of one place, each put at a time of its own."""
    random, parts = np.random.default_rng(0), {}
    for split, name in (
        ("train", "crowds_zara02"),
        ("valid", "biwi_hotel"),
        ("test", "crowds_zara01"),
    ):
        path = data_dir / "own_data/eth_ucy" / f"{name}.txt"
        rows = pd.read_csv(path, sep="\t", names=["frame", "id", "x", "y"])
        rows = rows[rows["frame"] % 10 == rows["frame"].iloc[0] % 10]
        last = rows["frame"].max()
        moved = [
            walk.assign(
                frame=walk["frame"] - walk["frame"].min() + 10 * random.integers(last // 20)
            )
            for _, walk in rows.groupby("id")
        ]
        parts[split] = [tmp_path / f"{name}.csv"]
        pd.concat(moved).sort_values(["frame", "id"]).to_csv(parts[split][0], index=False)
    own = OwnSettings(
        source="own", path="walkers.csv", columns={"time": "frame", "object": "id"}, time_unit=0.04,
        features=["x", "y"], velocities=["x", "y"], shared_ranges=[["x", "y"], ["vx", "vy"]],
        frames={"train": 8, "valid": 8, "test": 16}, objects=3, gaps="cut",
    )  # fmt: skip
    windows = prepare_own(own, parts, None, tmp_path / "walkers.h5")
    metadata = read_metadata(tmp_path / "walkers.h5")
    cpu = torch.device("cpu")
    splits = [
        load_samples(tmp_path / "walkers.h5", split, cpu) for split in ("train", "valid", "test")
    ]
    settings = make_settings(**RECIPE | {"loss_windows": 7})
    frames = splits[0].x.shape[2]
    model = train(metadata, splits[:2], settings, tmp_path)
    test = windows[windows["split"] == "test"]
    pool = make_pool([splits[2].x.numpy()], [test], frames, metadata.frame_interval)
    judgement = judged(model, settings, splits[2].first_frames(frames), test, pool)
    assert judgement.verdict.found is False
    assert judgement.verdict.strangers == "the same recording at other times"


def test_margins_leave_out_what_depends():
    """A stranger is compared with the best of the other groups, an edge with the best of all."""
    strangers = np.array([[5.0, 4.0, 1.0, 0.0]])
    groups = np.array([[0, 0, 1, 2]])
    found = significance(Scores(np.array([4.5]), strangers, groups, np.zeros(1)))
    assert found.margin == pytest.approx([-0.5])
    # Margins of strangers: 4, 3, -4, -5; two of four reach -0.5.
    assert found.p == pytest.approx([3 / 5])


def test_a_coincidence_of_one_pair_counts_once():
    """In forty windows of a recording a pair is as conspicuous as in one."""
    random, groups = np.random.default_rng(0), np.tile(np.arange(11), (800, 1))
    values, pairs = random.normal(size=(800, 12)), np.tile(np.arange(20), 40)
    values[pairs == 7, 11] = 20
    assert significance(Scores(values[:, 11], values[:, :11], groups, np.arange(800))).evident.any()
    found = significance(Scores(values[:, 11], values[:, :11], groups, pairs))
    assert found.p.min() == pytest.approx(1 / 221)
    assert not found.evident.any()


def test_a_false_discovery_is_rare_where_all_are_strangers():
    """Also where strangers of one recording are nearly the same."""
    random, found = np.random.default_rng(0), 0
    for _ in range(200):
        groups = np.tile(np.repeat(np.arange(11), 9), (40, 1))
        values = random.standard_t(3, (40, 12)) + 0.01 * random.normal(size=(40, 12))
        strangers = np.take_along_axis(values[:, :11], groups, 1)
        strangers = strangers + 0.01 * random.normal(size=strangers.shape)
        found += significance(Scores(values[:, 11], strangers, groups, np.arange(40))).evident.any()
    assert found <= 20  # 5 % are 10 of 200


def test_strangers_never_met_their_partners():
    x = np.zeros((40, 2, 10, 1), np.float32)
    rows = pd.DataFrame({"recording": "day", "start": np.arange(0.0, 40), "objects": "a;b"})
    pool = make_pool([x], [rows], frames=10, frame_interval=0.1)
    found = pool.strangers("day", 20.0, ["a", "b"], "a")
    assert found.kind == "the same recording at other times"
    assert set(pool.name[found.places]) == {"a"}
    assert np.abs(pool.start[found.places] - 20).min() == 2
    nights = pd.DataFrame({"recording": "night", "start": 0.0, "objects": "c;d"}, index=range(80))
    pool = make_pool([x[:5], np.zeros((80, 2, 10, 1), np.float32)], [rows[:5], nights], 10, 0.1)
    found = pool.strangers("day", 0.0, ["a", "b"], "a")
    assert found.kind == "objects of other recordings"
    assert set(pool.recording[found.places]) == {"night"}
    assert len(np.unique(found.groups)) == 2
    assert not found.enough  # two objects of one night


@pytest.mark.parametrize(
    ("found", "evident", "words"),
    [
        (False, 9, "9 of 12 true edges, so that interaction like theirs would show."),
        (
            False,
            2,
            "2 of 12 true edges, so that this amount of data cannot show that nothing acts.",
        ),
        (True, 2, "2 of 12 true edges."),
        (None, 9, "Not tested."),
    ],
)
def test_a_verdict_says_what_the_gate_showed(found, evident, words, tmp_path):
    gate = tmp_path / "verdict.json"
    Verdict(True, "Found.", true=12, true_evident=evident).save(gate)
    verdict = Verdict(found, "Not tested." if found is None else "So.")
    assert verdict.after_gate(Verdict.load(gate)).sentence.endswith(words)
    gate.write_text('{"found": ')
    with pytest.raises(ResultsError, match=r"verdict\.json: holds no verdict .*make it again"):
        Verdict.load(gate)


def test_a_gate_has_the_size_and_shape_of_the_data():
    """Two recordings with two overlapping windows each to train on, one window to test."""
    rows = [("train", r, s) for r in ("a", "b") for s in (5.0, 5.4)] + [("test", "c", 0.0)]
    windows = pd.DataFrame(rows, columns=["split", "recording", "start"]).assign(objects="x;y;z")
    windows = pd.concat([windows, windows[-1:].assign(split="valid")])
    made = simulate_like(windows, {"train": 6, "valid": 6, "test": 9}, frame_interval=0.2)
    assert made["train"]["trajectories"].shape == (2, 3, 8, 4)
    assert made["test"]["trajectories"].shape == (1, 3, 9, 4)
    assert made["test"]["edges"].shape == (1, 3, 3)
    assert np.isfinite(made["train"]["trajectories"]).all()
    later = {"split": "train", "recording": "b", "start": 7.0, "objects": "x;y;z"}
    longer = pd.concat([windows, pd.DataFrame([later])])
    x = simulate_like(longer, {"train": 6, "valid": 6, "test": 9}, 0.2)["train"]["trajectories"]
    assert np.isfinite(x).all((1, 3)).sum(1).tolist() == [8, 16]
