"""From the configuration to the resolved settings of every job.

A job sees only its own resolved settings, so that it runs again when those change and
not when others do. `nri.config.checks` checks a configuration before anything is resolved.
"""

from typing import Any

from nri.config.identity import PAPER, baseline_name, run_encoder, run_name

__all__ = [
    "DATASET_DEFAULTS",
    "UNTRAINED",
    "resolve_baselines",
    "resolve_dataset",
    "resolve_datasets",
    "resolve_runs",
    "resolve_studies",
    "resolve_training",
    "training_settings",
]

UNTRAINED = ("static", "corr-path")

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
    "basketball": {
        "frames": {"train": 17, "valid": 17, "test": 25},
        "frame_rate": 6.25,
        "max_gap": 0.5,
        # nri.data.basketball.pick_and_roll says what each is.
        "pick_and_roll": {
            "handler_reach": 1.5,
            "handler_time": 0.6,
            "guard_reach": 3.0,
            "screen_reach": 1.2,
            "screen_speed": 1.5,
            "screen_time": 0.4,
            "basket_distance": [3.5, 10.0],
            "matchup_time": 2.0,
            "lead": 2.0,
        },
    },
    # docs/own_data.md says what each is.
    "own": {
        "frames": {"train": 49, "valid": 49, "test": 99},
        "stride": None,
        "columns": {},
        "names": None,
        "separator": ",",
        "time_unit": 1.0,
        "frame_interval": None,
        "velocities": [],
        "units": [],
        "shared_ranges": [],
        "objects": None,
        "gaps": "refuse",
        "max_gap": None,
        "split": {"by": "time", "train": 0.7, "valid": 0.15, "test": 0.15, "seed": 0},
        "edges": None,
        "edge_types": [],
        "edges_change": False,
    },
}


def resolve_datasets(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each data set's entry with the defaults of its source filled in."""
    return {name: resolve_dataset(entry) for name, entry in config["datasets"].items()}


def resolve_dataset(entry: dict[str, Any]) -> dict[str, Any]:
    """One entry with the defaults of its source, key by key in mappings such as `frames`."""
    defaults = DATASET_DEFAULTS[entry["source"]]
    mappings = {
        key: {**value, **entry.get(key, {})}
        for key, value in defaults.items()
        if isinstance(value, dict)
    }
    return {**defaults, **entry, **mappings}


def resolve_runs(config: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Each run by (data set, name), with all its training settings.

    Settings are layered: `training`, then the run's recipe, then the run's own. What is
    measured on other data sets belongs to the run's own study unless it names another.
    """
    runs = {}
    for run in config["runs"]:
        run = {**run, "encoder": run_encoder(run["encoder"]), "recipe": run.get("recipe", PAPER)}
        run["training"] = resolve_training(run, config)
        run.setdefault("seeds", config["seeds"])
        run.setdefault("study", "")
        run["test_on"] = [{"study": run["study"], **other} for other in run.get("test_on", [])]
        runs[run["dataset"], run_name(run)] = run
    return runs


def training_settings(run: dict[str, Any]) -> dict[str, Any]:
    """All of a run that a training depends on beside its data, its seed and its code."""
    return {key: run[key] for key in run.keys() - {"seeds", "study", "test_on"}}


def resolve_studies(runs: dict[tuple[str, str], dict[str, Any]]) -> dict[str, dict[str, str]]:
    """The study of each run on each data set it is tested on, where there is one.

    runs: as `resolve_runs`. {"springs5/mlp-mlp-k2": {"springs5_empty": "transfer"}}
    """
    studies = {}
    for (dataset, name), run in runs.items():
        tested = {dataset: run["study"]}
        tested |= {other["dataset"]: other["study"] for other in run["test_on"]}
        if tested := {where: study for where, study in tested.items() if study}:
            studies[f"{dataset}/{name}"] = tested
    return studies


def resolve_baselines(config: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Each baseline by (data set, name), with training settings where it is trained.

    Layered as those of runs. One that nothing random happens in has the first seed alone.
    """
    baselines = {}
    for baseline in config["baselines"]:
        baseline = {**baseline, "recipe": baseline.get("recipe", PAPER)}
        if baseline["baseline"] in UNTRAINED:
            baseline.setdefault("seeds", config["seeds"][:1])
        else:
            baseline["training"] = resolve_training(baseline, config)
            baseline.setdefault("seeds", config["seeds"])
        baselines[baseline["dataset"], baseline_name(baseline)] = baseline
    return baselines


def resolve_training(entry: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """All training settings of a run or baseline."""
    recipe = entry.get("recipe", PAPER)
    overrides = {} if recipe == PAPER else config["recipes"][recipe]
    return {**config["training"], **overrides, **entry.get("training", {})}
