"""Encoders and decoders in files of the user's own: names, errors in words, what a run keeps."""

import numpy as np
import pytest
from example_results import write_results
from trainings import job_of

import nri
from nri.choices import decoder_choice
from nri.config.parse import ConfigError, parse_config
from nri.config.resolve import resolve_labels, resolve_runs
from nri.data.format import read_split
from nri.evaluation.new_data import InferenceError
from nri.figures.horizon import plot_horizon
from nri.model.own_check import ContractError, check_networks
from nri.own_network import is_own, short_name
from nri.results.naming import model_name, row_names
from nri.results.rows import collect_metrics, collect_runs
from nri.training.runs import carry_out

FILE = """
import torch
from torch import nn

from nri.model.decoders.decoder import Decoder
from nri.model.encoders.encoder import Encoder


class GoodEncoder(Encoder):
    @classmethod
    def build(cls, context):
        self = cls(context.edge_types)
        self.last = nn.Linear(context.encoder_features, context.edge_types)
        return self

    def forward(self, x):
        nodes = x.shape[1]
        return self.last(x.mean((1, 2))).unsqueeze(1).expand(-1, nodes * (nodes - 1), -1)


class GoodDecoder(Decoder):
    recurrent = True

    @classmethod
    def build(cls, context):
        self = cls()
        self.step = nn.Linear(context.features, context.features)
        return self

    def forward(self, x, edges, state=None):
        return x + self.step(x), 0
"""


def with_class(parent, *lines):
    body = "".join(f"    {line}\n" for line in lines) or "    pass\n"
    return f"{FILE}\n\nclass Mine({parent}):\n{body}"


def described(**run):
    """A configuration with one run on five springs."""
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2, **run}
    springs = {"source": "springs", "objects": 5, "samples": {"train": 8, "valid": 4, "test": 4}}
    return {
        "seeds": [1],
        "datasets": {"springs5": springs},
        "training": {"encoder_hidden": 8, "decoder_hidden": 8, "epochs": 1, "batch_size": 32},
        "runs": [run],
    }


def planned(**run):
    config = parse_config(described(**run))
    return next(iter(resolve_runs(config).values())), config.datasets["springs5"].model_dump()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's folder, where Snakemake is called."""
    (tmp_path / "my.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ("my.py:MyEncoder", "my-encoder"),
        ("/a b/my.py:GRUEncoder", "gru-encoder"),
        ("x.py:Two_words2", "two-words2"),
        ("node-cnn", "node-cnn"),
    ],
)
def test_a_class_gives_its_name_to_paths(choice, name):
    assert short_name(choice) == name
    assert is_own(choice) == (choice != name)


def test_a_run_is_called_by_its_classes_or_its_label(folder):
    run, _ = planned(encoder="my.py:GoodEncoder", decoder="my.py:GoodDecoder")
    assert run.name == "good-encoder-good-decoder-k2"
    assert (run.model, run.graph) == ("own", "inferred")
    assert (run.columns()["encoder"], run.columns()["decoder"]) == ("good-encoder", "good-decoder")
    runs = {("springs5", run.name): run}
    assert resolve_labels(runs) == {f"springs5/{run.name}": "GoodEncoder + GoodDecoder"}
    named, _ = planned(encoder="my.py:GoodEncoder", label="Ours, better")
    assert resolve_labels({("springs5", "x"): named}) == {"springs5/x": "Ours, better"}
    # Words are no reason to train again.
    assert named.depends_on() == planned(encoder="my.py:GoodEncoder")[0].depends_on()
    assert model_name("own", "refined", "Ours") == "Ours (refined graph)"
    assert resolve_labels({("springs5", "x"): planned()[0]}) == {}


def test_what_a_class_says_of_itself_is_read_and_not_run(folder):
    (folder / "my.py").write_text(FILE + "\nraise SystemExit\n")
    assert decoder_choice("my.py:GoodDecoder").memory
    assert not decoder_choice("my.py:GoodEncoder").memory
    with pytest.raises(ConfigError, match=r"loss_windows: must be 'all' for a recurrent"):
        planned(decoder="my.py:GoodDecoder", training={"loss_windows": 3})


@pytest.mark.parametrize(
    ("run", "text", "message"),
    [
        ({"encoder": "absent.py:X"}, "", r"runs\[0\]\.encoder: absent\.py: there is no such file"),
        ({"encoder": "my.py:GodEncoder"}, FILE, "no class 'GodEncoder', did you mean 'GoodEncoder"),
        ({"encoder": "my.py:X"}, "class X:\nx", r"my\.py, line \d: not a readable Python file"),
        (
            {"decoder": "my.py:MLP"},
            "class MLP: pass",
            r"decoder: my\.py: the class MLP would share",
        ),
        ({"encoder": "my.py"}, "", r"'my\.py' is not .* and is no class in a file"),
        ({"encoder": "mpl"}, "", r"did you mean 'mlp'\? and is no class in a file"),
        ({"encoder": "my.py:GoodEncoder", "label": ""}, FILE, r"label: '' is empty"),
    ],
)
def test_what_cannot_be_a_network_is_refused_with_the_configuration(run, text, message, folder):
    (folder / "my.py").write_text(text)
    with pytest.raises(ConfigError, match=message):
        planned(**run)


WRONG = [
    ("encoder", "nn.Module", [], r"my\.py:Mine: is no subclass of nri\.model\.encoders\.encoder"),
    ("decoder", "Encoder", [], "is no subclass of .*Decoder"),
    ("encoder", "Encoder", [], r"NotImplementedError"),
    ("encoder", "GoodEncoder", ["least_frames = 50"], "50, but the .* samples have 49 frames"),
    (
        "encoder",
        "GoodEncoder",
        ["def forward(self, x):", "    return self.last(x.mean(2))"],
        r"gives \(2, 5, 2\) of trajectories \(2, 5, 49, 4\); expected \(2, 20, 2\): \(samples, ed",
    ),
    (
        "encoder",
        "GoodEncoder",
        ["def forward(self, x):", "    return self.last(x.flatten(1))"],
        r"line 36, in forward: RuntimeError: mat1",
    ),
    (
        "encoder",
        "GoodEncoder",
        ["def forward(self, x):", "    return super().forward(x) * float('nan')"],
        "not finite",
    ),
    (
        "encoder",
        "GoodEncoder",
        ["def forward(self, x):", "    return super().forward(x).detach()"],
        "does not depend on its weights",
    ),
    (
        "decoder",
        "GoodDecoder",
        ["recurrent = True", "def forward(self, x, edges, state=None):", "    return x"],
        "gives no pair",
    ),
    ("decoder", "GoodDecoder", [], "write `recurrent = True` in the class itself"),
    (
        "decoder",
        "GoodDecoder",
        ["recurrent = False", "def forward(self, x, edges, state=None):", "    b, n, d = x.shape"],
        "ValueError: too many values|gives no pair",
    ),
]


@pytest.mark.parametrize(("role", "parent", "lines", "message"), WRONG)
def test_a_network_that_breaks_its_contract_is_refused_in_words(
    role, parent, lines, message, folder
):
    (folder / "my.py").write_text(with_class(parent, *lines))
    run, dataset = planned(**{role: "my.py:Mine"})
    with pytest.raises(ContractError, match=message):
        check_networks(run, dataset)


def test_a_missing_neighbour_is_explained(folder):
    (folder / "helper.py").write_text("")
    (folder / "my.py").write_text("import helper\n" + FILE)
    run, dataset = planned(encoder="my.py:GoodEncoder")
    with pytest.raises(ContractError, match=r"line 1, in <module>.*helper.*a network is one file"):
        check_networks(run, dataset)


def test_good_networks_and_those_of_the_library_pass(folder):
    check_networks(*planned(encoder="my.py:GoodEncoder", decoder="my.py:GoodDecoder"))
    check_networks(*planned())


@pytest.fixture
def trained(folder, small_springs):
    """A run with an encoder of its own, whose file was edited since; its directory."""
    run, _ = planned(encoder="my.py:GoodEncoder", recipe="paper")
    directory = folder / "results" / "runs" / "springs5" / run.name / "seed1"
    carry_out(job_of(run, small_springs, directory, checkpoints=folder / "checkpoints"))
    (folder / "my.py").write_text("raise SystemExit('the file was run, not the record')")
    return directory


def test_a_trained_run_means_what_it_was_trained_with(trained, small_springs):
    """Its directory is enough, wherever it is copied to; code is run only where that is allowed."""
    with pytest.raises(InferenceError, match=r"encoder of this run is a class.*run_code=True"):
        nri.load(trained)
    model = nri.load(trained, run_code=True)
    graphs = model.infer(read_split(small_springs, "test").trajectories[:3])
    assert graphs.probabilities.shape == (3, 5, 5, 2)
    np.testing.assert_allclose(graphs.probabilities.sum(-1)[:, 0, 1], 1, rtol=1e-5)


def test_labels_name_rows_and_not_the_paper(tmp_path):
    """Each run has its own, of which tables and legends are made; runs without one have none."""
    root = write_results(tmp_path)
    labels = {"springs5/mlp-mlp-k2": "Ours"}
    runs = collect_runs(root.rglob("config.json"), {}, labels)
    chosen = runs[runs["label"] == "Ours"]
    assert set(chosen["dataset"]) == {"springs5"}
    assert set(zip(chosen["encoder"], chosen["decoder"], chosen["recipe"], strict=True)) == {
        ("mlp", "mlp", "paper")
    }
    names = dict(zip(row_names(runs, within=["dataset"]), runs["label"], strict=True))
    assert names["Ours"] == "Ours"
    assert "" in names.values()
    metrics = collect_metrics(root.rglob("metrics.csv"))
    legend = {text.get_text() for text in plot_horizon(metrics, runs).legends[0].get_texts()}
    assert "Ours" in legend
