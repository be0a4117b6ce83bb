"""What the configuration says of a run: layers of settings, and which of them a training feels."""

import copy

import pytest

from nri.config.parse import ConfigError, parse_config
from nri.config.resolve import resolve_baselines, resolve_runs, resolve_studies
from nri.config.runs import Identity, Run
from nri.config.training import TrainingSettings


def test_the_same_run_twice_needs_a_recipe(config):
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config["runs"] = [run, run]
    with pytest.raises(ConfigError, match=r"second springs5/mlp-mlp-k2.*recipe"):
        parse_config(config)
    config["recipes"], config["baselines"] = {"other": {"straight_through": True}}, []
    config["runs"] = [run, {**run, "recipe": "other"}]
    runs = resolve_runs(parse_config(config))
    assert {name for _, name in runs} == {"mlp-mlp-k2", "mlp-mlp-k2-other"}


def test_settings_are_layered_defaults_recipe_run(config):
    config["recipes"] = {"fast": {"epochs": 7, "batch_size": 8}}
    run = {"dataset": "springs5", "encoder": True, "decoder": "mlp", "edge_types": 2}
    config["runs"] = [{**run, "recipe": "fast", "training": {"batch_size": 4}}]
    config["baselines"], config["training"] = [], {"epochs": 9, "temperature": 0.7}
    (resolved,) = resolve_runs(parse_config(config)).values()
    training = resolved.training
    assert (training.epochs, training.batch_size, training.temperature) == (7, 4, 0.7)
    assert training.learning_rate == TrainingSettings().learning_rate
    assert resolved.name == "true-mlp-k2-fast"
    assert resolved.seeds == config["seeds"]


def test_studies_and_tests_elsewhere_are_no_settings_of_a_training(config):
    run = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    config["runs"] = [run]
    (plain,) = resolve_runs(parse_config(config)).values()
    config["studies"] = {"size": {"title": "Number of objects"}, "width": {"title": "Width"}}
    springs = config["datasets"]["springs5"]
    config["datasets"] |= {"springs10": {**springs, "objects": 10}, "springs3": springs}
    others = [{"dataset": "springs10", "study": "size"}, {"dataset": "springs3"}]
    config["runs"] = [{**run, "study": "width", "test_on": others, "seeds": [7]}]
    runs = resolve_runs(parse_config(config))
    (studied,) = runs.values()
    assert studied.depends_on() == plain.depends_on()
    assert studied.job() == plain.job()
    assert {"dataset", "recipe", "training"} <= plain.depends_on().keys()
    assert resolve_studies(runs) == {
        "springs5/mlp-mlp-k2": {"springs5": "width", "springs10": "size", "springs3": "width"}
    }
    config["runs"] = [{**run, "test_on": [{"dataset": "springs3"}]}]
    assert resolve_studies(resolve_runs(parse_config(config))) == {}


def test_settings_for_new_data_are_those_of_the_data_set(config):
    config["datasets"]["own"] = {
        "source": "own",
        "path": "a.csv",
        "columns": {"time": "t", "object": "id"},
        "features": ["x", "y"],
    }
    config["runs"] = [{"dataset": "own", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}]
    entry = {"dataset": "own", "run": "mlp-mlp-k2", "path": "b.csv", "settings": {"objects": 4}}
    config["infer_on"] = {"new": entry}
    parse_config(config)
    entry["settings"] = {"object": 4}
    with pytest.raises(ConfigError, match=r"infer_on\.new\.settings: .*did you mean 'objects'"):
        parse_config(config)


def test_new_data_for_a_simulated_system_are_read_as_own_data(config):
    entry = {"dataset": "springs5", "run": "mlp-mlp-k2-fast", "path": "b.csv"}
    config["infer_on"] = {"new": entry}
    entry["settings"] = {"columns": {"time": "t", "object": "who"}}
    parse_config(config)
    entry["settings"] = {"strengths": [0, 1]}
    with pytest.raises(ConfigError, match=r"infer_on\.new\.settings: unknown key 'strengths'"):
        parse_config(config)


def run_on(config, encoder, decoder, **training):
    run = {"dataset": "springs5", "encoder": encoder, "decoder": decoder, "edge_types": 2}
    config["runs"], config["baselines"] = [{**run, "training": training}], []
    (resolved,) = resolve_runs(parse_config(config)).values()
    return resolved


IDLE = [
    ("mlp", "mlp", {}, {"residual_scale": 3.0}),
    ("mlp", "mlp", {"likelihood": "student_t"}, {"variance": 1.0}),
    ("mlp", "mlp", {}, {"simulation_steps": 7}),
    ("mlp", "mlp", {"learning_rate_schedule": "cosine"}, {"learning_rate_every": 3}),
    ("mlp", "rnn", {}, {"simulation_steps": 7}),
    ("mlp", "sim", {}, {"decoder_hidden": 7}),
    ("mlp", "none", {}, {"temperature": 0.1}),
    ("true", "mlp", {}, {"encoder_hidden": 7}),
    ("full", "mlp", {}, {"prior": [0.1, 0.9]}),
    # Every stage has a value of its own, or feels none.
    ("mlp", "mlp", {"stages": [{"epochs": 3}, {"epochs": 4}]}, {"epochs": 5}),
    ("mlp", "mlp", {"stages": [{"freeze": "encoder"}]}, {"temperature": 0.1}),
]
FELT = [
    ("mlp", "mlp", {}, {"precision": "bf16"}),
    ("mlp", "mlp", {"likelihood": "student_t"}, {"residual_scale": 3.0}),
    ("mlp", "mlp", {}, {"encoder_hidden": 7}),
    ("mlp", "sim", {}, {"simulation_steps": 7}),
    ("mlp", "none", {}, {"encoder_dropout": 0.5}),
    ("true", "mlp", {}, {"decoder_hidden": 7}),
    ("mlp", "mlp", {"stages": [{"epochs": 3}, {}]}, {"epochs": 5}),
    ("mlp", "mlp", {"stages": [{}, {"freeze": "encoder"}]}, {"temperature": 0.1}),
    ("mlp", "mlp", {"stages": [{}, {"likelihood": "student_t"}]}, {"residual_scale": 3.0}),
]


@pytest.mark.parametrize(("encoder", "decoder", "training", "change"), IDLE)
def test_a_setting_that_a_run_cannot_feel_does_not_retrain_it(
    encoder, decoder, training, change, config
):
    before = run_on(config, encoder, decoder, **training)
    after = run_on(config, encoder, decoder, **training, **change)
    assert after.training != before.training
    assert after.depends_on() == before.depends_on()
    keys = [run.training.checkpoint_keys(encoder, decoder) for run in (before, after)]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(("encoder", "decoder", "training", "change"), FELT)
def test_a_setting_that_a_run_feels_retrains_it(encoder, decoder, training, change, config):
    before = run_on(config, encoder, decoder, **training)
    after = run_on(config, encoder, decoder, **training, **change)
    assert after.depends_on() != before.depends_on()
    keys = [run.training.checkpoint_keys(encoder, decoder)[-1] for run in (before, after)]
    if "epochs" not in change:
        assert keys[0] != keys[1]


def test_whole_numbers_are_the_same_with_and_without_a_point(config):
    one, other = (run_on(config, "mlp", "mlp", epochs=epochs) for epochs in (3, 3.0))
    assert one.job() == other.job()


def start_of(config, **changes):
    """Two runs, the second of which starts from the first but for some changes."""
    config["datasets"]["springs9"] = {**config["datasets"]["springs5"], "objects": 9}
    first = {"dataset": "springs5", "encoder": "mlp", "decoder": "mlp", "edge_types": 2}
    start = {"dataset": "springs5", "run": "mlp-mlp-k2"}
    second = {**first, "dataset": "springs9", "start_from": start}
    config["runs"] = [first, {**second, **changes}]
    return parse_config(config)


WRONG_START = [
    ({"start_from": {"dataset": "springs5", "run": "mlp-rnn-k2"}}, "did you mean"),
    ({"encoder": "cnn"}, "encoder is cnn, but that of springs5/mlp-mlp-k2 is mlp"),
    ({"edge_types": 3}, "edge_types is 3, but"),
    ({"training": {"decoder_hidden": 7}}, "decoder_hidden is 7, but"),
    ({"seeds": [1, 77]}, "springs5/mlp-mlp-k2 has no seed 77; add it there"),
    ({"dataset": "kuramoto5"}, "has features x, y, vx, vy; choose data of the same kind"),
    (
        {"start_from": {"dataset": "springs9", "run": "mlp-mlp-k2"}},
        "springs9/mlp-mlp-k2 starts from another run itself",
    ),
]


@pytest.mark.parametrize(("change", "message"), WRONG_START)
def test_a_start_that_does_not_fit_is_refused(change, message, config):
    assert start_of(copy.deepcopy(config)).runs[1].start_from.run == "mlp-mlp-k2"
    with pytest.raises(ConfigError, match=rf"runs\[1\]\.start_from: .*{message}"):
        start_of(config, **change)


@pytest.fixture
def no_runs(config):
    """The default configuration without its runs and baselines."""
    recipes = {"fast": {"decoder_hidden": 64, "epochs": 3}}
    return {**config, "seeds": [1, 2], "recipes": recipes, "runs": [], "baselines": []}


def test_baselines_resolve_to_what_their_jobs_depend_on(no_runs):
    no_runs["baselines"] = [
        {"dataset": "springs5", "baseline": "static"},
        {"dataset": "springs5", "baseline": "corr-path"},
        {"dataset": "springs5", "baseline": "corr-lstm"},
        {"dataset": "springs5", "baseline": "lstm-joint"},
        {
            "dataset": "springs5",
            "baseline": "lstm-joint",
            "recipe": "fast",
            "training": {"epochs": 5},
            "seeds": [7],
        },
    ]
    resolved = resolve_baselines(parse_config(no_runs))
    static = resolved["springs5", "static"]
    assert static.identity() == Identity(dataset="springs5", baseline="static").model_dump()
    assert not isinstance(static, Run)
    assert static.seeds == resolved["springs5", "corr-path"].seeds == [1]
    assert resolved["springs5", "corr-lstm"].decoder == "lstm-single"
    joint = resolved["springs5", "lstm-joint"]
    assert (joint.group, joint.model, joint.graph) == ("baselines", "lstm_joint", "")
    assert (joint.encoder, joint.decoder, joint.seeds) == ("full", "lstm-joint", [1, 2])
    assert joint.training == TrainingSettings()
    fast = resolved["springs5", "lstm-joint-fast"]
    assert fast.training == TrainingSettings(decoder_hidden=64, epochs=5.0)
    assert fast.seeds == [7]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline": "lstm"}, "lstm-joint"),
        (
            {"baseline": "static", "training": {"epochs": 3}},
            r"\[0\].training: 'static' trains nothing",
        ),
        (
            {"baseline": "corr-path", "recipe": "fast"},
            r"\[0\].recipe: 'corr-path' trains nothing",
        ),
        ({"dataset": "walks", "baseline": "corr-path"}, "needs known edges; walks has none"),
        ({"dataset": "three", "baseline": "corr-lstm"}, "three has 3"),
        ({"training": {"loss_windows": 3}}, "training.loss_windows: must be 'all'"),
        ({"training": {"prediction_steps": 49}}, "prediction_steps: 49 of 49"),
        ({"dataset": "springs7"}, "'springs7' is not declared"),
    ],
)
def test_baselines_that_cannot_work_are_refused(change, message, no_runs):
    springs, edges = no_runs["datasets"]["springs5"], {"strengths": [0.0, 0.1, 0.2]}
    no_runs["datasets"]["three"] = {**springs, **edges, "probabilities": [0.5, 0.25, 0.25]}
    trials = {"train": [1], "valid": [2], "test": [3]}
    no_runs["datasets"]["walks"] = {"source": "mocap", "subject": 35, "trials": trials}
    no_runs["baselines"] = [{"dataset": "springs5", "baseline": "lstm-single", **change}]
    with pytest.raises(ConfigError, match=message):
        parse_config(no_runs)


def test_the_same_baseline_twice_is_refused(no_runs):
    no_runs["baselines"] = 2 * [{"dataset": "springs5", "baseline": "static"}]
    with pytest.raises(ConfigError, match="a second springs5/static"):
        parse_config(no_runs)
