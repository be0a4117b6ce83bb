# What the rules share: which files a run, a baseline or a recording has.

MOCAP = {name: settings for name, settings in DATASETS.items() if settings["source"] == "mocap"}
SPORTVU = {
    name: settings for name, settings in DATASETS.items() if settings["source"] == "basketball"
}
# In the order of runs and baselines: that of the keys in a YAML file means nothing.
TRAINED_ON = list(dict.fromkeys(dataset for dataset, _ in [*RUNS, *BASELINES]))
OWN = {name: settings for name, settings in DATASETS.items() if settings["source"] == "own"}
INFER = {name: {"settings": {}, **entry} for name, entry in config["infer_on"].items()}
# The class and the settings of each data set.
SOURCE_OF = {name: load(SOURCES[entry["source"]]) for name, entry in DATASETS.items()}
SETTINGS_OF = {name: SOURCE_OF[name].Settings(**entry) for name, entry in DATASETS.items()}


def user_file(path: str) -> str:
    """A file of the user's: from the directory of the results, else from that of the pipeline."""
    here = path.startswith("results/downloads/") or Path(path).exists()
    return beside(path) if not here and (BASE / path).exists() else path


def run_seeds(name: str, dataset: str, run: str) -> list[str]:
    """A file of every seed of a run."""
    seeds = RUNS[dataset, run]["seeds"]
    return [f"results/runs/{dataset}/{run}/seed{seed}/{name}" for seed in seeds]


def all_seeds(name: str, wildcards) -> list[str]:
    """A file of every seed of the run that the wildcards name."""
    return run_seeds(name, wildcards.dataset, wildcards.run)


def infer_seeds(name: str, wildcards) -> list[str]:
    """A file of every seed of the run that infers graphs from new data."""
    entry = INFER[wildcards.name]
    return run_seeds(name, entry["dataset"], entry["run"])


def run_of(wildcards) -> tuple[str, str]:
    """The run that the wildcards name."""
    return wildcards.dataset, wildcards.run


def baseline_of(wildcards) -> tuple[str, str]:
    """The baseline that the wildcards name."""
    return wildcards.dataset, wildcards.baseline


def used_evaluation(entry) -> dict:
    """What of `evaluation` a baseline depends on: correlations predict no motion, and only what is
    trained keeps examples."""
    used = {"horizon": not entry["baseline"].startswith("corr"), "examples": "training" in entry}
    return {key: value for key, value in config["evaluation"].items() if used[key]}


def other_data(wildcards) -> list[str]:
    """The other data sets that a run is tested on."""
    others = RUNS[wildcards.dataset, wildcards.run]["test_on"]
    return [f"results/data/{other['dataset']}.h5" for other in others]


def run_files(name: str, wanted=lambda run: True) -> list[str]:
    """A file of every seed of the runs that are wanted."""
    return [
        file
        for (dataset, run), settings in RUNS.items()
        if wanted(settings)
        for file in run_seeds(name, dataset, run)
    ]


def baseline_files(name: str) -> list[str]:
    """A file of every seed of every baseline."""
    return [
        f"results/baselines/{dataset}/{baseline}/seed{seed}/{name}"
        for (dataset, baseline), settings in BASELINES.items()
        for seed in settings["seeds"]
    ]


def shows_motion(run) -> bool:
    """Whether a run has both a graph to show and motion predicted under it."""
    return run["encoder"] in ("mlp", "cnn", "node-cnn") and run["decoder"] != "none"


def first_seed(name: str, wildcards) -> str:
    """A file of the first seed of a run: figures of single samples show that one, unchosen."""
    return all_seeds(name, wildcards)[0]


def example_systems() -> list[str]:
    """The first data set of each simulated system that something is trained on, springs first."""
    first = {}
    for dataset in TRAINED_ON:
        first.setdefault(DATASETS[dataset]["source"], dataset)
    return [first[source] for source in ("springs", "charged", "kuramoto") if source in first]


def phase_files(name: str, dataset: str) -> list[str]:
    """A file of the first seed of every model whose predicted phases are compared.

    LSTM (joint) and NRI on a graph of its own; runs of a study are compared elsewhere.
    """
    models = {
        f"results/baselines/{dataset}/{key[1]}": baseline
        for key, baseline in BASELINES.items()
        if key[0] == dataset and baseline["baseline"] == "lstm-joint"
    } | {
        f"results/runs/{dataset}/{key[1]}": run
        for key, run in RUNS.items()
        if key[0] == dataset and shows_motion(run)
    }
    return [
        f"{directory}/seed{settings['seeds'][0]}/{name}"
        for directory, settings in models.items()
        if not settings.get("study")
    ]


def compares_phases(dataset: str) -> bool:
    """Whether a data set of oscillators has both models to compare."""
    files = phase_files("examples.npz", dataset)
    kinds = {file.split("/")[1] for file in files}
    return DATASETS[dataset]["source"] == "kuramoto" and kinds == {"baselines", "runs"}
