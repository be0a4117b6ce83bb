# What the rules share: which files a run, a baseline or a recording has.

# Data sets in the order in which runs first use them, so that reordering keys in the YAML changes no
# list of inputs.
TRAINED_ON = list(dict.fromkeys(dataset for dataset, _ in [*RUNS, *BASELINES]))
INFER = {
    name: entry for name, entry in CONFIG.infer_on.items() if (entry.dataset, entry.run) in RUNS
}
# Numbers that were measured elsewhere, which tables and figures show beside ours, where there are any.
EXTERNAL = {"external": "results/external.csv"} if CONFIG.external else {}


def user_file(path: str) -> str:
    """A file of the user's: from the directory of the results, else from that of the pipeline."""
    here = path.startswith("results/downloads/") or Path(path).exists()
    return pipeline_file(path) if not here and (BASE / path).exists() else path


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


def trained_key(wildcards) -> tuple[str, str, str]:
    """The training that the wildcards name."""
    return wildcards["group"], wildcards["dataset"], wildcards["run"]


def start_files(wildcards) -> list[str]:
    """What a training starts from: the weights of another run, its record and its data set."""
    start = TRAINED[trained_key(wildcards)].start_from
    if start is None:
        return []
    run = f"results/runs/{start.dataset}/{start.run}/seed{wildcards.seed}"
    return [f"{run}/model.safetensors", f"{run}/config.json", f"results/data/{start.dataset}.h5"]


def start_arguments(wildcards) -> list[str]:
    """`start_files` on the command line of a training."""
    if not (files := start_files(wildcards)):
        return []
    return ["--start", str(Path(files[0]).parent), "--start-data", files[2]]


def baseline_key(wildcards) -> tuple[str, str]:
    """The baseline that the wildcards name."""
    return wildcards.dataset, wildcards.baseline


def groups_of(keys) -> str:
    """A pattern for `group` that fits only before the data set and the name of one of the runs."""
    runs: dict[str, list[str]] = {}
    for group, dataset, run in keys:
        runs.setdefault(group, []).append(f"{dataset}/{run}")
    return "|".join(f"{group}(?=/{one_of(of)}/seed)" for group, of in runs.items()) or one_of([])


def other_data(wildcards) -> list[str]:
    """The other data sets that a run is tested on."""
    return [f"results/data/{other.dataset}.h5" for other in TRAINED[trained_key(wildcards)].test_on]


def all_files(name: str) -> list[str]:
    """A file of every seed of every run and baseline."""
    return [file for run in [*RUNS.values(), *BASELINES.values()] for file in seed_files(name, run)]


def gate_of(dataset: str, run: str) -> list[str]:
    """The verdict of a run on simulated data, once `scripts/gate.py` was used.

    It is no input: the configuration of the data does not know how to make it.
    """
    path = f"results/graphs/{dataset}_gate/{run}/verdict.json"
    return [path] if Path(path).exists() else []
