"""A configuration that cannot work is refused at once, with the key, its value and the remedy.

The schema (workflow/schemas/config.schema.yaml) says what each key may hold; the checks
here add what a schema cannot say.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from nri.config.identity import baseline_name, run_encoder, run_name
from nri.config.own_checks import file_contradictions
from nri.config.resolve import (
    DATASET_DEFAULTS,
    UNTRAINED,
    resolve_dataset,
    resolve_training,
)
from nri.data.own.features import all_features

__all__ = ["FEATURES", "ConfigError", "validate"]

NETWORKS = ("mlp", "cnn", "node-cnn")
SIMULATED = ("springs", "charged", "kuramoto")
FEATURES = {
    "springs": ("x", "y", "vx", "vy"),
    "charged": ("x", "y", "vx", "vy"),
    "kuramoto": ("dphi", "sin_phi", "omega"),
    "mocap": ("x", "y", "z", "vx", "vy", "vz"),
    "basketball": ("x", "y", "vx", "vy"),
}


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the key, its value and the remedy."""


def validate(config: dict[str, Any], schema: dict[str, Any]) -> None:
    """Raise ConfigError on the first unknown key, wrong type or impossible value."""
    completed = _with_defaults(config)
    error = best_match(Draft202012Validator(schema).iter_errors(completed))
    if error is not None:
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
        raise ConfigError(f"config{where}: {_explain(error)}")
    for place, problem in _contradictions(completed):
        raise ConfigError(f"config.{place}: {problem}")


def _with_defaults(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with its data sets resolved, as far as they make sense."""
    datasets = config.get("datasets")
    if not isinstance(datasets, dict):
        return config
    completed = {name: _completed(entry) for name, entry in datasets.items()}
    return {**config, "datasets": completed}


def _completed(entry: Any) -> Any:
    """A data set's entry with the defaults of its source; what is wrong stays for the schema."""
    if not isinstance(entry, dict) or entry.get("source") not in tuple(DATASET_DEFAULTS):
        return entry
    mappings = [k for k, v in DATASET_DEFAULTS[entry["source"]].items() if isinstance(v, dict)]
    wrong = {k: entry[k] for k in mappings if not isinstance(entry.get(k, {}), dict)}
    sound = {key: value for key, value in entry.items() if key not in wrong}
    return {**resolve_dataset(sound), **wrong}


def _explain(error: Any) -> str:
    """The schema's complaint, with what is allowed."""
    if error.validator == "additionalProperties":
        allowed = ", ".join(sorted(error.schema.get("properties", {})))
        return f"{error.message}; allowed here: {allowed}"
    if error.schema is False:
        return "cannot be set here"
    if error.validator == "oneOf":
        text = error.schema.get("description", "")
        return f"{error.instance!r} is not allowed. {text}"
    return error.message


def _contradictions(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Places and problems that the schema cannot see."""
    for name, dataset in config["datasets"].items():
        yield from _dataset_contradictions(f"datasets.{name}", dataset)
    kinds = {
        "runs": (run_name, _run_contradictions),
        "baselines": (baseline_name, _baseline_contradictions),
    }
    for kind, (name_of, contradictions) in kinds.items():
        names = set()
        for i, entry in enumerate(config[kind]):
            place = f"{kind}[{i}]"
            yield from _undeclared(place, entry, config)
            name = f"{entry['dataset']}/{name_of(entry)}"
            if name in names:
                yield place, f"a second {name}; remove one of them or give it a recipe"
            names.add(name)
            yield from contradictions(place, entry, config)
    runs = {(run["dataset"], run_name(run)) for run in config["runs"]}
    for name, entry in config["infer_on"].items():
        if (entry["dataset"], entry["run"]) not in runs:
            known = ", ".join(sorted("/".join(run) for run in runs)) or "none"
            wanted = f"{entry['dataset']}/{entry['run']}"
            yield f"infer_on.{name}.run", f"{wanted} is not among the runs; there are: {known}"


def _undeclared(
    place: str, entry: dict[str, Any], config: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    for key, where in (("dataset", "datasets"), ("recipe", "recipes"), ("study", "studies")):
        if entry.get(key) and entry[key] not in config[where]:
            known = ", ".join(config[where]) or "none"
            yield f"{place}.{key}", f"{entry[key]!r} is not declared in {where}; declared: {known}"


def _dataset_contradictions(place: str, dataset: dict[str, Any]) -> Iterator[tuple[str, str]]:
    frames = dataset["frames"]
    if frames["train"] != frames["valid"]:
        yield f"{place}.frames.valid", f"must equal frames.train ({frames['train']})"
    if frames["test"] < frames["train"] + 2:
        shortest = frames["train"] + 2
        yield f"{place}.frames.test", f"{frames['test']} leaves nothing to predict; min {shortest}"
    if "probabilities" in dataset:
        if abs(sum(dataset["probabilities"]) - 1) > 1e-9:
            total = sum(dataset["probabilities"])
            yield f"{place}.probabilities", f"{dataset['probabilities']} sum to {total}, not to 1"
        types = len(dataset.get("strengths", (0, 1)))
        if len(dataset["probabilities"]) != types:
            yield f"{place}.probabilities", f"{dataset['probabilities']}: {types} types expected"
    if dataset["source"] in ("mocap", "basketball"):
        kind = "trial" if dataset["source"] == "mocap" else "game"
        seen: dict[int | str, str] = {}
        for split, recordings in dataset[f"{kind}s"].items():
            for recording in recordings:
                if recording in seen:
                    where = f"{place}.{kind}s.{split}"
                    yield where, f"{kind} {recording} is in {seen[recording]} too"
                seen[recording] = split
    if dataset["source"] == "own":
        yield from file_contradictions(place, dataset)
    if dataset["source"] == "basketball":
        yield from _rule_contradictions(f"{place}.pick_and_roll", dataset)


def _features(dataset: dict[str, Any]) -> tuple[str, ...]:
    return all_features(dataset) if dataset["source"] == "own" else FEATURES[dataset["source"]]


def _edge_types(dataset: dict[str, Any]) -> int:
    """How many edge types are known; 0 where none are."""
    if dataset["source"] in SIMULATED:
        return len(dataset.get("strengths", (0, 1)))
    return len(dataset.get("edge_types", ()))


def _rule_contradictions(place: str, dataset: dict[str, Any]) -> Iterator[tuple[str, str]]:
    rules = dataset["pick_and_roll"]
    low, high = rules["basket_distance"]
    if low >= high:
        yield f"{place}.basket_distance", f"{[low, high]}: the first must be below the second"
    frames, rate = dataset["frames"]["test"], dataset["frame_rate"]
    if round(rules["lead"] * rate) >= frames:
        length = f"{frames} frames at {rate} a second"
        yield f"{place}.lead", f"{rules['lead']} s leaves no screen in a segment of {length}"


def _run_contradictions(
    place: str, run: dict[str, Any], config: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    dataset = config["datasets"][run["dataset"]]
    encoder, decoder, edge_types = run_encoder(run["encoder"]), run["decoder"], run["edge_types"]
    source, types = dataset["source"], _edge_types(dataset)
    if decoder == "none" and (encoder not in NETWORKS or not types):
        yield f"{place}.decoder", "'none' needs an encoder network and a data set with known edges"
    if decoder == "sim" and (encoder not in NETWORKS or source not in ("springs", "charged")):
        yield f"{place}.decoder", "'sim' needs an encoder network and springs or charged particles"
    if encoder == "true" and not types:
        yield f"{place}.encoder", f"'true' needs known edges; {run['dataset']} has none"
    if encoder == "true" and dataset.get("edges_change"):
        problem = f"'true' is one graph of a sample; the edges of {run['dataset']} change in time"
        yield f"{place}.encoder", problem
    if encoder == "skeleton" and source != "mocap":
        yield f"{place}.encoder", f"'skeleton' needs a skeleton; {run['dataset']} has none"
    if types and (encoder == "true" or decoder in ("sim", "none")) and edge_types != types:
        yield f"{place}.edge_types", f"{edge_types}: {run['dataset']} has {types} edge types"
    yield from _transfer_contradictions(place, run, config)
    for stage in _stages(run, config):
        yield from _stage_contradictions(f"{place}.training", stage, run, dataset)
        yield from _forcing_contradictions(f"{place}.training", stage, decoder == "rnn", dataset)


def _transfer_contradictions(
    place: str, run: dict[str, Any], config: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """What a trained model cannot be tested on. The number of objects is free."""
    trained, seen = config["datasets"][run["dataset"]], {run["dataset"]}
    for i, entry in enumerate(run.get("test_on", [])):
        here = f"{place}.test_on[{i}]"
        yield from _undeclared(here, entry, config)
        here, name = f"{here}.dataset", entry["dataset"]
        tested = config["datasets"][name]
        if name in seen:
            yield here, f"the run is tested on {name} anyway; remove the entry"
        seen.add(name)
        if run_encoder(run["encoder"]) == "skeleton":
            yield here, f"{name}: the skeleton is that of {run['dataset']} alone; use a network"
        for key in ("source", "frame_rate"):
            if tested.get(key) != trained.get(key):
                theirs, ours = tested.get(key), trained.get(key)
                yield here, f"{name}: {key} {theirs}, but the model is trained on {ours}"
        frames, expected = tested["frames"]["train"], trained["frames"]["train"]
        if frames != expected:
            yield here, f"{name}: frames.train is {frames}, but the model sees {expected} frames"
        types, known = _edge_types(tested), _edge_types(trained)
        if types > known:
            yield here, f"{name} has {types} edge types, {run['dataset']} only {known}"


def _baseline_contradictions(
    place: str, baseline: dict[str, Any], config: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    dataset, name = config["datasets"][baseline["dataset"]], baseline["baseline"]
    if name.startswith("corr"):
        types = _edge_types(dataset)
        if not types:
            problem = f"{name!r} needs known edges; {baseline['dataset']} has none"
            yield f"{place}.baseline", problem
        elif dataset.get("edges_change"):
            problem = f"{name!r} tells one graph of a sample; those of {baseline['dataset']} change"
            yield f"{place}.baseline", problem
        elif types != 2:
            problem = f"{name!r} tells two edge types apart; {baseline['dataset']} has {types}"
            yield f"{place}.baseline", problem
    if name in UNTRAINED:
        for key in baseline.keys() & {"training", "recipe"}:
            yield f"{place}.{key}", f"{name!r} trains nothing; remove the key"
    else:
        for stage in _stages(baseline, config):
            yield from _forcing_contradictions(f"{place}.training", stage, True, dataset)


def _stages(entry: dict[str, Any], config: dict[str, Any]) -> list[dict[str, Any]]:
    """The training settings of each stage of a run or baseline."""
    settings = resolve_training(entry, config)
    return [{**settings, **overrides} for overrides in settings["stages"] or [{}]]


def _stage_contradictions(
    place: str, stage: dict[str, Any], run: dict[str, Any], dataset: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    prior, ramp = stage["prior"], stage["noise_ramp"]
    if prior != "uniform":
        if len(prior) != run["edge_types"]:
            yield f"{place}.prior", f"{prior} for {run['edge_types']} edge types"
        if abs(sum(prior) - 1) > 1e-6:
            yield f"{place}.prior", f"{prior} sums to {sum(prior)}, not to 1"
    if ramp is not None and ramp[0] >= ramp[1]:
        yield f"{place}.noise_ramp", f"{ramp}: the first must be below the second"
    known, wanted = _features(dataset), stage["likelihood_features"]
    for name in () if wanted == "all" else set(wanted).difference(known):
        yield f"{place}.likelihood_features", f"{name!r} is none of {', '.join(known)}"
    if stage["freeze"] == "encoder" and run["decoder"] in ("none", "sim"):
        yield f"{place}.freeze", f"'encoder': the decoder {run['decoder']!r} has no weights"


def _forcing_contradictions(
    place: str, stage: dict[str, Any], recurrent: bool, dataset: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    if recurrent and stage["loss_windows"] != "all":
        yield f"{place}.loss_windows", "must be 'all' for a recurrent network, which has no windows"
    frames = dataset["frames"]["train"]
    if stage["prediction_steps"] >= frames:
        yield f"{place}.prediction_steps", f"{stage['prediction_steps']} of {frames} frames"
