# What the rules share: which files a run, a baseline or a recording has.

MOCAP = {name: settings for name, settings in DATASETS.items() if settings.source == "mocap"}
SPORTVU = {
    name: settings for name, settings in DATASETS.items() if settings.source == "basketball"
}
# Data sets in the order in which runs first use them, so that reordering keys in the YAML changes no
# list of inputs.
TRAINED_ON = list(dict.fromkeys(dataset for dataset, _ in [*RUNS, *BASELINES]))
OWN = {name: settings for name, settings in DATASETS.items() if settings.source == "own"}
INFER = CONFIG.infer_on
SPORTVU_ARCHIVES = (
    "results/downloads/raw.githubusercontent.com/linouk23/NBA-Player-Movements/"
    "master/data/2016.NBA.Raw.SportVU.Game.Logs"
)


def mocap_directory(wildcards) -> str:
    """Where the files of a dataset's subject are downloaded to."""
    return f"results/downloads/mocap.cs.cmu.edu/subjects/{MOCAP[wildcards.dataset].subject:02}"


def mocap_files(wildcards) -> list[str]:
    """Skeleton and trials of a dataset."""
    settings, directory = MOCAP[wildcards.dataset], mocap_directory(wildcards)
    subject = f"{settings.subject:02}"
    trials = [trial for split in ("train", "valid", "test") for trial in settings.trials[split]]
    return [
        f"{directory}/{subject}.asf",
        *(f"{directory}/{subject}_{trial:02}.amc" for trial in trials),
    ]


def sportvu_files(wildcards) -> list[str]:
    """The file of each game of a dataset: a download for a name, or one that is there already."""
    games = SPORTVU[wildcards.dataset].games
    return [
        (
            str(Path(CONFIG.mirror or "", game))
            if game.endswith((".7z", ".json"))
            else f"{SPORTVU_ARCHIVES}/{game}.7z"
        )
        for split in ("train", "valid", "test")
        for game in games[split]
    ]


def own_path(path: str) -> str:
    """A file of the user's: from the directory of the results, else from that of the pipeline."""
    return path if Path(path).exists() else pipeline_file(path)


def own_files(wildcards) -> list[str]:
    """All files of own data, in the order of the splits where they have files of their own."""
    path = OWN[wildcards.dataset].path
    if isinstance(path, dict):
        path = [file for split in ("train", "valid", "test") for file in path[split]]
    return [own_path(file) for file in ([path] if isinstance(path, str) else path)]


def own_edges(wildcards) -> list[str]:
    """The table of known edges, where there is one."""
    edges = OWN[wildcards.dataset].edges
    return [own_path(edges)] if edges else []


def seed_files(name: str, run: Planned) -> list[str]:
    """A file of every seed of a run or baseline."""
    directory = f"results/{run.group}/{run.dataset}/{run.name}"
    return [f"{directory}/seed{seed}/{name}" for seed in run.seeds]


def run_seeds(name: str, dataset: str, run: str) -> list[str]:
    """A file of every seed of a run, which its data set and its name tell."""
    return seed_files(name, RUNS[dataset, run])


def all_seeds(name: str, wildcards) -> list[str]:
    """A file of every seed of the run that the wildcards name."""
    return run_seeds(name, wildcards.dataset, wildcards.run)


def infer_seeds(name: str, wildcards) -> list[str]:
    """A file of every seed of the run that infers graphs from new data."""
    entry = INFER[wildcards.name]
    return run_seeds(name, entry.dataset, entry.run)


def other_data(wildcards) -> list[str]:
    """The other data sets that a run is tested on."""
    return [f"results/data/{other.dataset}.h5" for other in TRAINED[trained_key(wildcards)].test_on]


def all_files(name: str) -> list[str]:
    """A file of every seed of every run and baseline."""
    return [file for run in [*RUNS.values(), *BASELINES.values()] for file in seed_files(name, run)]
