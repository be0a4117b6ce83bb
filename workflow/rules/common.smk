# What the rules share: which files a run, a baseline or a recording has.

MOCAP = {name: settings for name, settings in DATASETS.items() if settings["source"] == "mocap"}
SPORTVU = {
    name: settings for name, settings in DATASETS.items() if settings["source"] == "basketball"
}
# In the order of runs and baselines: that of the keys in a YAML file means nothing.
TRAINED_ON = list(dict.fromkeys(dataset for dataset, _ in [*RUNS, *BASELINES]))
OWN = {name: settings for name, settings in DATASETS.items() if settings["source"] == "own"}
INFER = {name: {"settings": {}, **entry} for name, entry in config["infer_on"].items()}
SPORTVU_ARCHIVES = (
    "results/downloads/raw.githubusercontent.com/linouk23/NBA-Player-Movements/"
    "master/data/2016.NBA.Raw.SportVU.Game.Logs"
)


def mocap_directory(wildcards) -> str:
    """Where the files of a dataset's subject are downloaded to."""
    return f"results/downloads/mocap.cs.cmu.edu/subjects/{MOCAP[wildcards.dataset]['subject']:02}"


def mocap_files(wildcards) -> list[str]:
    """Skeleton and trials of a dataset."""
    settings, directory = MOCAP[wildcards.dataset], mocap_directory(wildcards)
    subject = f"{settings['subject']:02}"
    trials = [trial for split in settings["trials"].values() for trial in split]
    return [
        f"{directory}/{subject}.asf",
        *(f"{directory}/{subject}_{trial:02}.amc" for trial in trials),
    ]


def sportvu_files(wildcards) -> list[str]:
    """The file of each game of a dataset: a download for a name, or one that is there already."""
    games = SPORTVU[wildcards.dataset]["games"]
    return [
        (
            str(Path(config["mirror"] or "", game))
            if game.endswith((".7z", ".json"))
            else f"{SPORTVU_ARCHIVES}/{game}.7z"
        )
        for split in ("train", "valid", "test")
        for game in games[split]
    ]


def own_path(path: str) -> str:
    """A file of the user's: from the directory of the results, else from that of the pipeline."""
    return path if Path(path).exists() else beside(path)


def own_files(wildcards) -> list[str]:
    """All files of own data, in the order of the splits where they have files of their own."""
    path = OWN[wildcards.dataset]["path"]
    if isinstance(path, dict):
        path = [file for split in ("train", "valid", "test") for file in path[split]]
    return [own_path(file) for file in ([path] if isinstance(path, str) else path)]


def own_edges(wildcards) -> list[str]:
    """The table of known edges, where there is one."""
    edges = OWN[wildcards.dataset]["edges"]
    return [own_path(edges)] if edges else []


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
