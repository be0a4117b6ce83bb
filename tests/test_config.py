"""The configuration: what ships is valid; what cannot work is refused with key and remedy."""

import copy

import pytest
import yaml
from snakemake.utils import update_config

from nri.config.checks import FEATURES, ConfigError, validate
from nri.config.identity import run_name
from nri.config.resolve import (
    resolve_baselines,
    resolve_datasets,
    resolve_runs,
    resolve_studies,
    training_settings,
)
from nri.config.training import TrainingSettings
from nri.data.simulated.prepare import system_of


@pytest.fixture(scope="session")
def schema(repository):
    return yaml.safe_load((repository / "workflow/schemas/config.schema.yaml").read_text())


def load(repository, overlay=None):
    config = yaml.safe_load((repository / "config/config.yaml").read_text())
    if overlay:
        update_config(config, yaml.safe_load((repository / "config" / overlay).read_text()))
    return config


@pytest.fixture
def config(repository):
    return copy.deepcopy(load(repository))


@pytest.mark.parametrize(
    "overlay", [None, "smoke.yaml", "mocap.yaml", "nba.yaml", "own.yaml", "dynamic.yaml"]
)
def test_what_ships_is_valid(overlay, repository, schema):
    config = load(repository, overlay)
    validate(config, schema)
    for run in resolve_runs(config).values():
        assert TrainingSettings.from_dict(run["training"]).resolved_stages()
    assert resolve_runs(config)


BAD = [
    ({"sedes": [1]}, r"sedes.*allowed here.*seeds"),
    ({"datasets": {"springs5": {"objects": -5}}}, r"datasets\.springs5\.objects: -5.*minimum"),
    ({"datasets": {"springs5": {"objects": "five"}}}, r"springs5\.objects: 'five'.*integer"),
    ({"datasets": {"springs5": {"colour": 1}}}, r"springs5: .*colour.*allowed here.*objects"),
    ({"datasets": {"springs5": {"source": "string"}}}, r"springs5\.source.*springs.*kuramoto"),
    ({"datasets": {"springs5": {"samples": {"train": -1}}}}, r"samples\.train: -1"),
    ({"datasets": {"springs5": {"probabilities": [0.5, 0.6]}}}, r"probabilities.*sum to 1\.1"),
    ({"datasets": {"springs5": {"frames": {"test": 50}}}}, r"frames\.test: 50.*51"),
    ({"training": {"epochs": 0}}, r"training\.epochs: 0"),
    ({"training": {"learning_rate": "fast"}}, r"learning_rate: 'fast'"),
    ({"training": {"temprature": 1}}, r"temprature.*allowed here.*temperature"),
    ({"training": {"loss_windows": "some"}}, r"loss_windows: 'some'.*all"),
    ({"recipes": {"fast": {"noise_ramp": [0.7, 0.4]}}}, r"noise_ramp: \[0.7, 0.4\]"),
    ({"training": {"prior": [0.5, 0.6]}}, r"prior.*1\.1"),
    ({"training": {"prior": [0.2, 0.3, 0.5]}}, r"prior.*2 edge types"),
    ({"training": {"likelihood_features": ["z"]}}, r"likelihood_features: 'z'.*x, y"),
    ({"training": {"stages": [{"encoder_hidden": 3}]}}, r"cannot be set here"),
]

BAD_RUNS = [
    ({"edge_types": 1}, r"runs\[0\]\.edge_types: 1.*minimum"),
    ({"dataset": "springs"}, r"runs\[0\]\.dataset: 'springs' is not declared.*springs5"),
    ({"recipe": "slow"}, r"recipe: 'slow' is not declared"),
    ({"encoder": "gnn"}, r"encoder: 'gnn'.*cnn"),
    ({"encoder": "skeleton"}, r"skeleton"),
    ({"dataset": "kuramoto5", "decoder": "sim"}, r"'sim' needs"),
    ({"encoder": "full", "decoder": "none"}, r"'none' needs"),
    ({"decoder": "none", "edge_types": 3}, r"edge_types: 3.*has 2"),
    ({"decoder": "rnn", "training": {"loss_windows": 3}}, r"loss_windows.*recurrent"),
    ({"training": {"prediction_steps": 49}}, r"prediction_steps.*49 frames"),
    ({"study": "width"}, r"runs\[0\]\.study: 'width' is not declared in studies; declared: none"),
    ({"test_on": ["charged5"]}, r"test_on\[0\]: 'charged5' is not of type 'object'"),
    ({"test_on": [{"dataset": "springs5"}]}, r"tested on springs5 anyway"),
    ({"test_on": [{"dataset": "more"}, {"dataset": "more"}]}, r"test_on\[1\].*more anyway"),
    ({"test_on": [{"dataset": "absent"}]}, r"test_on\[0\]\.dataset: 'absent' is not declared"),
    ({"test_on": [{"dataset": "more", "study": "size"}]}, r"test_on\[0\]\.study: 'size'"),
    ({"test_on": [{"dataset": "charged5"}]}, r"charged5: source charged.*springs"),
    ({"test_on": [{"dataset": "short"}]}, r"short: frames\.train is 40.*49 frames"),
    ({"test_on": [{"dataset": "three"}]}, r"three has 3 edge types, springs5 only 2"),
]

OTHERS = {
    "more": {"objects": 10},
    "short": {"frames": {"train": 40, "valid": 40, "test": 99}},
    "three": {"strengths": [0.0, 0.05, 0.1], "probabilities": [0.4, 0.3, 0.3]},
}


@pytest.mark.parametrize(("change", "message"), BAD, ids=lambda value: str(value)[:60])
def test_bad_configurations_are_refused(change, message, config, schema):
    update_config(config, change)
    with pytest.raises(ConfigError, match=message):
        validate(config, schema)


BAD_GAMES = [
    ({"games": {"train": ["CHA.at.TOR"]}}, r"games\.train\[0\]: 'CHA\.at\.TOR' does not match"),
    ({"games": {"test": ["own/a.json"]}}, r"games\.test: game own/a\.json is in train too"),
    ({"frame_rate": 0}, r"frame_rate: 0"),
    ({"max_gap": -1}, r"max_gap: -1"),
    ({"pick_and_roll": 5}, r"pick_and_roll: 5 is not of type 'object'"),
    ({"pick_and_roll": {"reach": 1}}, r"pick_and_roll: .*reach.*allowed here.*screen_reach"),
    ({"pick_and_roll": {"basket_distance": [10, 3]}}, r"basket_distance: \[10, 3\].*below"),
    ({"pick_and_roll": {"lead": 4.0}}, r"lead: 4\.0 s leaves no screen.*25 frames at 6\.25"),
    ({"frames": {"test": 18}}, r"frames\.test: 18.*19"),
]


@pytest.mark.parametrize(("change", "message"), BAD_GAMES, ids=lambda value: str(value)[:60])
def test_bad_games_and_rules_are_refused(change, message, config, schema):
    games = {"train": ["own/a.json"], "valid": ["01.01.2016.CHA.at.TOR"], "test": ["b.7z"]}
    config["datasets"]["nba"] = {"source": "basketball", "games": games}
    validate(config, schema)
    update_config(config, {"datasets": {"nba": change}})
    with pytest.raises(ConfigError, match=rf"datasets\.nba.*{message}"):
        validate(config, schema)


BAD_FILES = [
    ({"gaps": "fill"}, r"gaps: 'fill'.*interpolate"),
    ({"gaps": "interpolate"}, r"max_gap: null.*in s"),
    ({"colums": {}}, r"colums.*allowed here.*columns"),
    ({"columns": {"objects": {"a": ["x"], "b": ["x"]}}}, r"columns: needs either object"),
    ({"velocities": ["z"]}, r"velocities: 'z' is none of x, y"),
    ({"shared_ranges": [["x", "vx"]]}, r"shared_ranges: 'vx' is none of x, y"),
    ({"units": ["m"]}, r"units: \['m'\]: one for each of x, y"),
    ({"edges": "e.csv"}, r"edge_types: the types that `edges` names are missing"),
    ({"path": ["a.h5", "b.h5"]}, r"path: a dataset file holds all splits"),
    ({"objects": 1}, r"objects: 1"),
    ({"split": {"by": "luck"}}, r"split\.by: 'luck'.*time"),
]

OWN = {
    "source": "own",
    "path": "a.csv",
    "columns": {"time": "t", "object": "id"},
    "features": ["x", "y"],
}


@pytest.mark.parametrize(("change", "message"), BAD_FILES, ids=lambda value: str(value)[:60])
def test_bad_own_data_are_refused(change, message, config, schema):
    config["datasets"]["own"] = copy.deepcopy(OWN)
    validate(config, schema)
    update_config(config, {"datasets": {"own": change}})
    with pytest.raises(ConfigError, match=rf"datasets\.own.*{message}"):
        validate(config, schema)


def test_own_data_allow_what_their_edges_allow(config, schema):
    config["datasets"]["own"] = entry = copy.deepcopy(OWN)
    config["runs"] = [{"dataset": "own", "encoder": "true", "decoder": "mlp", "edge_types": 2}]
    with pytest.raises(ConfigError, match="'true' needs known edges; own has none"):
        validate(config, schema)
    entry |= {"edges": "e.csv", "edge_types": ["none", "spring"]}
    validate(config, schema)
    config["infer_on"] = {"new": {"dataset": "own", "run": "mlp-mlp-k2", "path": "b.csv"}}
    with pytest.raises(ConfigError, match=r"infer_on\.new\.run: own/mlp-mlp-k2 .*own/true-mlp-k2"):
        validate(config, schema)


@pytest.mark.parametrize(("change", "message"), BAD_RUNS, ids=lambda value: str(value)[:60])
def test_bad_runs_are_refused(change, message, config, schema):
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config["runs"] = [{**run, **change}]
    springs = config["datasets"]["springs5"]
    config["datasets"] |= {name: {**springs, **other} for name, other in OTHERS.items()}
    config["studies"] = {}
    with pytest.raises(ConfigError, match=message):
        validate(config, schema)


def test_the_same_run_twice_needs_a_variant(config, schema):
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config["runs"] = [run, run]
    with pytest.raises(ConfigError, match=r"second springs5/mlp-mlp-k2.*recipe"):
        validate(config, schema)
    config["recipes"], config["baselines"] = {"other": {"straight_through": True}}, []
    config["runs"] = [run, {**run, "recipe": "other"}]
    validate(config, schema)
    assert {name for _, name in resolve_runs(config)} == {"mlp-mlp-k2", "mlp-mlp-k2-other"}


def test_settings_are_layered_defaults_variant_run(config):
    config["recipes"] = {"fast": {"epochs": 7, "batch_size": 8}}
    run = {"dataset": "springs5", "encoder": True, "decoder": "mlp", "edge_types": 2}
    config["runs"] = [{**run, "recipe": "fast", "training": {"batch_size": 4}}]
    (resolved,) = resolve_runs(config).values()
    training = resolved["training"]
    assert (training["epochs"], training["batch_size"], training["temperature"]) == (7, 4, 0.5)
    assert run_name(config["runs"][0]) == "true-mlp-k2-fast"
    assert resolved["seeds"] == config["seeds"]


def test_a_skeleton_is_of_one_data_set(repository, schema):
    config = load(repository, "mocap.yaml")
    trials = {"train": [1], "valid": [2], "test": [3]}
    config["datasets"]["other"] = {"source": "mocap", "subject": 7, "trials": trials}
    for run in config["runs"]:
        run["test_on"] = [{"dataset": "other"}]
    with pytest.raises(ConfigError, match=r"runs\[3\]\.test_on.*other: the skeleton is that of"):
        validate(config, schema)


def test_studies_and_tests_elsewhere_are_no_settings_of_a_training(config, schema):
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config["runs"] = [run]
    (plain,) = resolve_runs(config).values()
    config["studies"] = {"size": {"title": "Number of objects"}, "width": {"title": "Width"}}
    springs = config["datasets"]["springs5"]
    config["datasets"] |= {"springs10": {**springs, "objects": 10}, "springs3": springs}
    others = [{"dataset": "springs10", "study": "size"}, {"dataset": "springs3"}]
    config["runs"] = [{**run, "study": "width", "test_on": others}]
    validate(config, schema)
    runs = resolve_runs(config)
    (studied,) = runs.values()
    assert training_settings(studied) == training_settings(plain)
    assert {"dataset", "recipe", "training"} <= training_settings(plain).keys()
    assert resolve_studies(runs) == {
        "springs5/mlp-mlp-k2": {"springs5": "width", "springs10": "size", "springs3": "width"}
    }
    config["runs"] = [{**run, "test_on": [{"dataset": "springs3"}]}]
    assert resolve_studies(resolve_runs(config)) == {}


def test_feature_names_agree_with_the_simulators(config):
    datasets = resolve_datasets(config)
    for settings in datasets.values():
        assert FEATURES[settings["source"]] == system_of(settings).features
    assert resolve_baselines({**config, "baselines": []}) == {}


def test_the_reference_names_every_setting(config, repository):
    text = (repository / "docs" / "config.md").read_text()
    for key in [*config, *config["training"]]:
        assert f"| `{key}` |" in text
