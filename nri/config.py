"""From the configuration to the resolved settings of every job, or to an error that helps.

The schema (workflow/schemas/config.schema.yaml) says what each key may hold; `check`
adds what a schema cannot say. A job sees only its own resolved settings.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

__all__ = ["ConfigError", "resolve_datasets", "resolve_runs", "run_name", "validate"]

NETWORKS = ("mlp", "cnn", "node-cnn")
SIMULATED = ("springs", "charged", "kuramoto")

# What a data set's entry need not repeat: the paper's simulations.
DATASET_DEFAULTS: dict[str, dict[str, Any]] = {
    "springs": {
        "frames": {"train": 49, "valid": 49, "test": 99},
        "seed": 42,
        "strengths": [0.0, 0.1],
        "probabilities": [0.5, 0.5],
    },
    "charged": {"frames": {"train": 49, "valid": 49, "test": 99}, "seed": 42},
    "kuramoto": {
        "frames": {"train": 49, "valid": 49, "test": 99},
        "seed": 42,
        "probabilities": [0.5, 0.5],
    },
    "mocap": {"frames": {"train": 49, "valid": 49, "test": 99}, "frame_rate": 120},
}


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the key, its value and the remedy."""


def validate(config: dict[str, Any], schema: dict[str, Any]) -> None:
    """Raise ConfigError on the first unknown key, wrong type or impossible value."""
    completed = {**config, "datasets": resolve_datasets(config)}
    error = best_match(Draft202012Validator(schema).iter_errors(completed))
    if error is not None:
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
        raise ConfigError(f"config{where}: {_explain(error)}")
    for place, problem in _contradictions(completed):
        raise ConfigError(f"config.{place}: {problem}")


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


def resolve_datasets(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each data set's entry with the defaults of its source filled in."""
    datasets = config.get("datasets", {})
    if not isinstance(datasets, dict):
        return datasets
    return {
        name: {**DATASET_DEFAULTS.get(entry.get("source"), {}), **entry}
        if isinstance(entry, dict)
        else entry
        for name, entry in datasets.items()
    }


def resolve_runs(config: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Each run by (data set, name), with all its training settings.

    Settings are layered: `training`, then the run's variant, then the run's own.
    """
    runs = {}
    for run in config["runs"]:
        run = {**run, "encoder": _text(run["encoder"]), "variant": run.get("variant", "")}
        variant = config["variants"][run["variant"]] if run["variant"] else {}
        run["training"] = {**config["training"], **variant, **run.get("training", {})}
        run.setdefault("seeds", config["seeds"])
        runs[run["dataset"], run_name(run)] = run
    return runs


def run_name(run: dict[str, Any]) -> str:
    """The directory of a run below its data set: encoder-decoder-kK[-variant]."""
    name = f"{_text(run['encoder'])}-{run['decoder']}-k{run['edge_types']}"
    return f"{name}-{run['variant']}" if run.get("variant") else name


def _text(encoder: str | bool) -> str:
    """`encoder: true` is a boolean in YAML and means the true graph."""
    return "true" if encoder is True else encoder


def _contradictions(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Places and problems that the schema cannot see."""
    for name, dataset in config["datasets"].items():
        yield from _dataset_contradictions(f"datasets.{name}", dataset)
    names = set()
    for i, run in enumerate(config["runs"]):
        place = f"runs[{i}]"
        yield from _undeclared(place, run, config)
        key = (run["dataset"], run_name(run))
        if key in names:
            yield place, f"a second run {'/'.join(key)}; give one of them a variant"
        names.add(key)
        yield from _run_contradictions(place, run, config)
    for i, baseline in enumerate(config["baselines"]):
        yield from _undeclared(f"baselines[{i}]", baseline, config)


def _undeclared(
    place: str, entry: dict[str, Any], config: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    for key, declared in (("dataset", config["datasets"]), ("variant", config["variants"])):
        if entry.get(key) and entry[key] not in declared:
            known = ", ".join(declared) or "none"
            yield f"{place}.{key}", f"{entry[key]!r} is not declared in {key}s; declared: {known}"


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
    if dataset["source"] == "mocap":
        seen: dict[int, str] = {}
        for split, trials in dataset["trials"].items():
            for trial in trials:
                if trial in seen:
                    yield f"{place}.trials.{split}", f"trial {trial} is in {seen[trial]} too"
                seen[trial] = split


def _run_contradictions(
    place: str, run: dict[str, Any], config: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    dataset = config["datasets"][run["dataset"]]
    encoder, decoder, edge_types = _text(run["encoder"]), run["decoder"], run["edge_types"]
    source, simulated = dataset["source"], dataset["source"] in SIMULATED
    types = len(dataset.get("strengths", (0, 1)))
    if decoder == "none" and (encoder not in NETWORKS or not simulated):
        yield f"{place}.decoder", "'none' needs an encoder network and a data set with known edges"
    if decoder == "sim" and (encoder not in NETWORKS or source not in ("springs", "charged")):
        yield f"{place}.decoder", "'sim' needs an encoder network and springs or charged particles"
    if encoder == "true" and not simulated:
        yield f"{place}.encoder", f"'true' needs known edges; {run['dataset']} has none"
    if encoder == "skeleton" and source != "mocap":
        yield f"{place}.encoder", f"'skeleton' needs a skeleton; {run['dataset']} has none"
    if (encoder == "true" or decoder in ("sim", "none")) and edge_types != types:
        yield f"{place}.edge_types", f"{edge_types}: {run['dataset']} has {types} edge types"
    settings = next(iter(resolve_runs({**config, "runs": [run]}).values()))["training"]
    for stage in [{**settings, **overrides} for overrides in settings["stages"] or [{}]]:
        yield from _stage_contradictions(f"{place}.training", stage, run, dataset)


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
    if run["decoder"] == "rnn" and stage["windows"] != "all":
        yield f"{place}.windows", "must be 'all' for the recurrent decoder, which has no windows"
    if stage["prediction_steps"] >= dataset["frames"]["train"]:
        frames = dataset["frames"]["train"]
        yield f"{place}.prediction_steps", f"{stage['prediction_steps']} of {frames} frames"
    if stage["trains"] == "decoder" and run["decoder"] in ("none", "sim"):
        yield f"{place}.trains", f"'decoder': the decoder {run['decoder']!r} has no weights"
