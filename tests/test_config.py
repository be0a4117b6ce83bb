"""The configuration: what ships is valid; what cannot work is refused with place and remedy."""

import copy

import pytest
import yaml
from jsonschema import Draft202012Validator
from snakemake.utils import update_config

from benchmarks import ROOT
from benchmarks.config import read_config, read_raw
from nri.choices import SOURCES, load
from nri.config import reference
from nri.config.parse import ConfigError, parse_config
from nri.config.resolve import resolve_baselines, resolve_runs
from nri.config.runs import Run

OVERLAYS = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_ships_is_valid(overlay):
    runs = resolve_runs(read_config(overlay))
    assert runs
    for run in runs.values():
        assert Run.model_validate_json(run.job()).depends_on() == run.depends_on()


@pytest.mark.parametrize("overlay", ["posterior.yaml", "precision.yaml"])
def test_what_a_study_compares_with_is_the_default(overlay):
    default, runs = resolve_runs(read_config()), resolve_runs(read_config(overlay))
    shared = default.keys() & runs.keys()
    assert len(shared) >= 3
    for key in shared:
        assert runs[key].training == default[key].training


def test_both_precisions_are_the_same_training():
    runs = resolve_runs(read_config("precision.yaml"))
    for (dataset, name), run in runs.items():
        if name.endswith("_bf16"):
            exact = runs[dataset, name.removesuffix("_bf16")]
            assert run.training.precision == "bf16"
            assert run.training == exact.training.model_copy(update={"precision": "bf16"})


BAD = [
    ({"sedes": [1]}, r"sedes.*allowed here.*seeds"),
    (
        {"datasets": {"springs5": {"objects": -5}}},
        r"datasets\.springs5\.objects: -5 must be at least 2",
    ),
    (
        {"datasets": {"springs5": {"objects": "five"}}},
        r"springs5\.objects: 'five' is not an integer",
    ),
    ({"datasets": {"springs5": {"colour": 1}}}, r"springs5: .*colour.*allowed here.*objects"),
    (
        {"datasets": {"springs5": {"source": "string"}}},
        r"springs5: source 'string' is not known, did you mean 'springs'.*kuramoto",
    ),
    (
        {"datasets": {"springs5": {"samples": {"train": -1}}}},
        r"samples\.train: -1 must be at least 1",
    ),
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
    ({"skip_first": True}, r"^config: 'skip_first' cannot be set here, only in `training`"),
    ({"horizon": 5}, r"^config: 'horizon' cannot be set here, only in `evaluation`"),
]

BAD += [
    ({"seeds": 3}, r"seeds: 3 is not a list: write \[3\] for this one alone, or \[1, 2, 3\]"),
    ({"training": {"batch_size": "1e4"}}, r"batch_size: '1e4' .*; write 10000$"),
    ({"training": {"learning_rate": "1e-4"}}, r"YAML reads 1e-4 as text; write 1\.0e-4"),
    ({"datasets": {"my data": {"source": "springs"}}}, r"name 'my data'.*; write my_data$"),
    ({"evaluation": {"horizon": 60}}, r"horizon: 60 steps, but .* have 49 after the 50 frames"),
]

BAD_RUNS = [
    ({"test_on": ["springs10"]}, r"test_on\[0\]: 'springs10' .*: write {dataset: springs10}"),
    ({"skip_first": True}, r"runs\[0\]: 'skip_first' cannot be set here, only in `training`"),
    ({"edge_types": 1}, r"runs\[0\]\.edge_types: 1 must be at least 2"),
    ({"dataset": "springs"}, r"runs\[0\]\.dataset: 'springs' is not declared.*springs5"),
    ({"recipe": "slow"}, r"recipe: 'slow' is not declared"),
    ({"encoder": "gnn"}, r"encoder: 'gnn'.*cnn"),
    ({"encoder": "skeleton"}, r"skeleton"),
    ({"dataset": "kuramoto5", "decoder": "sim"}, r"'sim' needs"),
    ({"encoder": "full", "decoder": "none"}, r"'none' needs"),
    ({"encoder": "empty"}, r"'empty' needs a type without messages"),
    ({"decoder": "none", "edge_types": 3}, r"edge_types: 3.*has 2"),
    ({"decoder": "rnn", "training": {"loss_windows": 3}}, r"loss_windows.*recurrent"),
    ({"training": {"prediction_steps": 49}}, r"prediction_steps.*49 frames"),
    ({"study": "width"}, r"runs\[0\]\.study: 'width' is not declared in studies; declared: none"),
    ({"test_on": ["charged5"]}, r"test_on\[0\]: 'charged5' is not a mapping"),
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
def test_bad_configurations_are_refused(change, message, config):
    update_config(config, change)
    with pytest.raises(ConfigError, match=message):
        parse_config(config)


BAD_GAMES = [
    ({"games": {"train": ["01.01.2016.CHA.at.TOR\n"]}}, r"games\.train\[0\].*does not match"),
    ({"games": {"train": ["CHA.at.TOR"]}}, r"games\.train\[0\]: 'CHA\.at\.TOR' does not match"),
    ({"games": {"test": ["own/a.json"]}}, r"games\.test: game own/a\.json is in train too"),
    ({"frame_rate": 0}, r"frame_rate: 0"),
    ({"max_gap": -1}, r"max_gap: -1"),
    ({"pick_and_roll": 5}, r"pick_and_roll: 5 is not a mapping"),
    ({"pick_and_roll": {"reach": 1}}, r"pick_and_roll: .*reach.*allowed here.*screen_reach"),
    ({"pick_and_roll": {"basket_distance": [10, 3]}}, r"basket_distance: \[10\.0, 3\.0\].*below"),
    ({"pick_and_roll": {"lead": 4.0}}, r"lead: 4\.0 s leaves no screen.*25 frames at 6\.25"),
    ({"frames": {"test": 18}}, r"frames\.test: 18.*19"),
]


@pytest.mark.parametrize(("change", "message"), BAD_GAMES, ids=lambda value: str(value)[:60])
def test_bad_games_and_rules_are_refused(change, message, config):
    games = {"train": ["own/a.json"], "valid": ["01.01.2016.CHA.at.TOR"], "test": ["b.7z"]}
    config["datasets"]["nba"] = {"source": "basketball", "games": games}
    parse_config(config)
    update_config(config, {"datasets": {"nba": change}})
    with pytest.raises(ConfigError, match=rf"datasets\.nba.*{message}"):
        parse_config(config)


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
    ({"path": [f"{n:09}.csv" for n in range(8000)]}, r"path: the names of 8,000 files .*; join"),
    ({"objects": 1}, r"objects: 1"),
    ({"path": "{name}.csv"}, r"the path '\{name\}\.csv' has braces"),
    ({"edges": "e}.csv", "edge_types": ["a", "b"]}, r"the path 'e\}\.csv' has braces"),
    ({"split": {"by": "luck"}}, r"split\.by: 'luck'.*time"),
]

OWN = {
    "source": "own",
    "path": "a.csv",
    "columns": {"time": "t", "object": "id"},
    "features": ["x", "y"],
}


@pytest.mark.parametrize(("change", "message"), BAD_FILES, ids=lambda value: str(value)[:60])
def test_bad_own_data_are_refused(change, message, config):
    config["datasets"]["own"] = copy.deepcopy(OWN)
    parse_config(config)
    update_config(config, {"datasets": {"own": change}})
    with pytest.raises(ConfigError, match=rf"datasets\.own.*{message}"):
        parse_config(config)


def test_own_data_allow_what_their_edges_allow(config):
    config["datasets"]["own"] = entry = copy.deepcopy(OWN)
    config["runs"] = [{"dataset": "own", "encoder": "true", "decoder": "mlp", "edge_types": 2}]
    with pytest.raises(ConfigError, match="'true' needs known edges; own has none"):
        parse_config(config)
    entry |= {"edges": "e.csv", "edge_types": ["none", "spring"]}
    parse_config(config)
    config["infer_on"] = {"new": {"dataset": "own", "run": "mlp-mlp-k2", "path": "b.csv"}}
    with pytest.raises(ConfigError, match=r"infer_on\.new\.run: own/mlp-mlp-k2 .*own/true-mlp-k2"):
        parse_config(config)


@pytest.mark.parametrize(("change", "message"), BAD_RUNS, ids=lambda value: str(value)[:60])
def test_bad_runs_are_refused(change, message, config):
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config["runs"] = [{**run, **change}]
    springs = config["datasets"]["springs5"]
    config["datasets"] |= {name: {**springs, **other} for name, other in OTHERS.items()}
    config["studies"] = {}
    with pytest.raises(ConfigError, match=message):
        parse_config(config)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"runs": [{"training": {"prior": [0.2, 0.3, 0.5]}}]}, r"runs\[0\]\.training\.prior: "),
        ({"recipes": {"other": {"prior": [0.2, 0.3, 0.5]}}}, r"recipes\.other\.prior: "),
        (
            {"recipes": {"other": {"stages": [{}, {"prior": [0.2, 0.3, 0.5]}]}}},
            r"recipes\.other\.stages\[1\]\.prior: .*\(of springs5/mlp-mlp-k2-other\)",
        ),
        ({"training": {"prior": [0.2, 0.3, 0.5]}}, r"training\.prior: .* \(of springs5/mlp-mlp-k2"),
        (
            {"datasets": {"springs5": {"frames": {"train": 9, "valid": 9, "test": 39}}}},
            r"runs\[0\]: by default prediction_steps: 10 of 9 frames",
        ),
    ],
)
def test_a_setting_is_refused_where_it_stands(change, place, config):
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config |= {"runs": [{**run, "recipe": "other"}], "baselines": [], "training": {}}
    config["recipes"] = {"other": {}}
    runs = change.pop("runs", [{}])
    update_config(config, change)
    config["runs"][0] |= runs[0]
    with pytest.raises(ConfigError, match=f"^config\\.{place}"):
        parse_config(config)


def test_a_skeleton_is_of_one_data_set():
    config = read_raw("mocap.yaml")
    trials = {"train": [1], "valid": [2], "test": [3]}
    config["datasets"]["other"] = {"source": "mocap", "subject": 7, "trials": trials}
    for run in config["runs"]:
        run["test_on"] = [{"dataset": "other"}]
    with pytest.raises(ConfigError, match=r"runs\[3\]\.test_on.*other: the skeleton is that of"):
        parse_config(config)


RENAMED = [
    ({"variants": {}}, r"config: 'variants' is now called 'recipes'"),
    ({"infer": {}}, r"config: 'infer' is now called 'infer_on'"),
    ({"training": {"hard": True}}, r"training: 'hard' is now called 'straight_through'"),
    ({"training": {"windows": 3}}, r"training: 'windows' is now called 'loss_windows'"),
    ({"training": {"trains": "decoder"}}, r"training: 'trains' is now called 'freeze'"),
    ({"training": {"stages": [{"hard": True}]}}, r"stages\[0\]: 'hard' is now called"),
    ({"studies": {"width": "Width"}}, r"studies\.width: .*write \{title: 'Width'\}"),
    ({"datasets": {"own": {"source": "file"}}}, r"own: source 'file' is now called 'own'"),
    ({"datasets": {"a": {"source": "sportvu"}}}, r"'sportvu' is now called 'basketball'"),
]
RENAMED_IN_RUNS = [
    ({"variant": "fast"}, r"runs\[0\]: 'variant' is now called 'recipe'"),
    ({"also_on": []}, r"runs\[0\]: 'also_on' is now called 'test_on'"),
]


@pytest.mark.parametrize(("change", "message"), RENAMED)
def test_keys_of_earlier_versions_are_refused_with_the_new_one(change, message, config):
    update_config(config, change)
    with pytest.raises(ConfigError, match=message):
        parse_config(config)


@pytest.mark.parametrize(("change", "message"), RENAMED_IN_RUNS)
def test_keys_of_runs_of_earlier_versions_too(change, message, config):
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config["runs"] = [{**run, **change}]
    with pytest.raises(ConfigError, match=message):
        parse_config(config)


WRONG_KIND = [
    ({"training": {"batch_size": 32.0}}, r"batch_size: 32\.0 is not an integer"),
    ({"training": {"learning_rate": "1e-4"}}, r"YAML reads 1e-4 as text; write 1\.0e-4"),
    ({"training": {"epochs": "2E3"}}, r"write 2\.0e\+3"),
    ({"training": {"learning_rate": float("inf")}}, r"learning_rate: Infinity is not a finite"),
    ({"training": {"variance": float("nan")}}, r"variance: NaN is not a finite number"),
    ({"training": {"epochs": True}}, r"epochs: true is not a number"),
    ({"training": {"batch_size": True}}, r"batch_size: true is not an integer"),
    ({"training": {"standardise": 1}}, r"standardise: 1 is neither true nor false"),
    ({"training": {"encoder_hidden": 10**19}}, r"encoder_hidden: 10+ must be at most 65536"),
    ({"seeds": [10**19]}, r"seeds\[0\]: 10+ must be below"),
    ({"seeds": []}, r"seeds: \[\] has 0 of at least 1"),
    ({"seeds": [1, 1]}, r"seeds: \[1, 1\]: 1 is there twice"),
    ({"recipes": {"": {}}}, r"recipes: the name '' does not match"),
    ({"training": {"posterior_method": "gibbs"}}, r"posterior_method: 'gibbs' is not 'auto'"),
    ({"recipes": {"fast\n": {}}}, r"recipes: the name 'fast\\n' does not match"),
    ({"datasets": {"springs5\n": {}}}, r"datasets: the name 'springs5\\n' does not match"),
    ({"studies": {"width\n": {"title": "a"}}}, r"studies: the name 'width\\n' does not match"),
    ({"recipes": {"paper": {}}}, r"recipes\.paper: this name means `training` alone"),
    ({"studies": {"width": {"title": ""}}}, r"studies\.width\.title: '' is empty"),
    ({"datasets": {"springs5": 5}}, r"datasets\.springs5: 5 is not a mapping"),
    ({"training": None}, r"training: null is not a mapping"),
    ({"training": {"prior": [0.5, "a"]}}, r"prior\[1\]: 'a' is not a number"),
    ({"training": {"freeze": "both"}}, r"freeze: 'both' is not 'encoder' or 'decoder'"),
]


@pytest.mark.parametrize(("change", "message"), WRONG_KIND, ids=lambda value: str(value)[:50])
def test_values_of_the_wrong_kind_are_refused(change, message, config):
    if "recipes" in change:
        config["recipes"] |= change["recipes"]
    else:
        update_config(config, change)
    if change == {"training": None}:
        config["training"] = None
    with pytest.raises(ConfigError, match=message):
        parse_config(config)


def test_seeds_of_the_command_line_are_texts(config):
    """What Snakemake makes of `--config seeds=[1,4]`."""
    assert parse_config(config | {"seeds": ["1", "4"]}).seeds == [1, 4]


def test_a_misspelt_key_is_answered_with_the_nearest_known_one(config):
    config["training"] = {"temprature": 1}
    with pytest.raises(ConfigError, match=r"'temprature', did you mean 'temperature'\?"):
        parse_config(config)


def test_a_missing_key_is_named(config):
    config["runs"] = [{"dataset": "springs5", "encoder": "mlp", "decoder": "mlp"}]
    with pytest.raises(ConfigError, match=r"config\.runs\[0\]: 'edge_types' is missing"):
        parse_config(config)


def test_every_source_has_settings_of_its_own_name(config):
    for name, choice in SOURCES.items():
        assert {"source", "frames"} <= load(choice).Settings.model_fields.keys(), name
    assert resolve_baselines(parse_config({**config, "baselines": []})) == {}


def test_schema_and_reference_are_those_of_the_declarations():
    remedy = "run python -m nri.config.reference"
    assert reference.SCHEMA.read_text() == reference.render_schema(), remedy
    page = reference.PAGE.read_text()
    assert page == reference.render_page(page), remedy
    for name in reference.TABLES:
        assert f"<!-- table: {name} -->" in page


def test_every_property_of_the_schema_is_explained():
    schema = yaml.safe_load(reference.render_schema())
    for name, definition in {"config": schema, **schema["$defs"]}.items():
        for key, entry in definition.get("properties", {}).items():
            assert entry.get("description"), f"{name}.{key}"
            assert key in definition.get("required", ()) or "default" in entry, f"{name}.{key}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_ships_fits_the_schema(overlay):
    schema = yaml.safe_load(reference.render_schema())
    Draft202012Validator(schema).validate(read_raw(overlay))
