# Which figures there are, and what each of them shows.

import html
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from nri.config.identity import GIVEN_GRAPHS

# A figure is drawn by a module nri/figures/KIND.py, which is a program of its own. To add a figure,
# write that module and add a line to FIGURES. All else follows from the table: what the rule runs,
# which code it depends on, the targets, and the order on the page and in the report.


class Figure(NamedTuple):
    """What one figure shows: `subject` is (), (data set,) or (data set, run); files by argument."""

    kind: str
    subject: tuple[str, ...]
    inputs: dict[str, str | list[str]]


def figures(
    kind: str, subjects: Iterable[tuple[str, ...]], **inputs: Callable[..., str | list[str]]
) -> dict[str, Figure]:
    """The figures KIND_DATASET_RUN of a kind, one for each subject.

    inputs: the program gets each as `--NAME PATH …`; functions of the subject.
    """
    return {
        "_".join([kind, *subject]): Figure(
            kind, subject, {name: files(*subject) for name, files in inputs.items()}
        )
        for subject in subjects
    }


def once(wanted) -> list[tuple[()]]:
    """The subject of a figure that is there once, if it is wanted at all."""
    return [()] if wanted else []


def each_dataset(datasets: Iterable[str]) -> list[tuple[str]]:
    """The subjects of figures of single data sets, without repetition."""
    return [(dataset,) for dataset in dict.fromkeys(datasets)]


def from_source(source: str, runs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The runs on data sets from a source."""
    return [(dataset, run) for dataset, run in runs if DATASETS[dataset].source == source]


def data_file(dataset: str, run: str = "") -> str:
    """The data set itself."""
    return f"results/data/{dataset}.h5"


def first_seed(name: str) -> Callable[[str, str], str]:
    """A file of the first seed of a run: figures of single samples show that one, unchosen."""
    return lambda dataset, run: run_seeds(name, dataset, run)[0]


def every_seed(name: str) -> Callable[[str, str], list[str]]:
    """A file of every seed of a run."""
    return lambda dataset, run: run_seeds(name, dataset, run)


def of_dataset(name: str) -> Callable[[str], list[str]]:
    """A file of every seed of all that was trained on a data set, for studies and as baselines too."""
    return lambda dataset: [
        file for run in TRAINED.values() if run.dataset == dataset for file in seed_files(name, run)
    ]


def shows_motion(run) -> bool:
    """Whether a run has both a graph to show and motion predicted under it."""
    return run.encoder not in GIVEN_GRAPHS and run.decoder != "none"


def example_systems() -> list[str]:
    """The first data set of each simulated system that something is trained on."""
    first = {
        DATASETS[dataset].source: dataset
        for dataset in reversed(TRAINED_ON)
        if SOURCE_OF[dataset].simulated
    }
    return [first[source] for source in SOURCES if source in first]


def phase_models(dataset: str) -> list:
    """The models whose predicted phases are compared: LSTM (joint), and NRI on its own graph."""
    lstms = [run for run in BASELINES.values() if run.baseline == "lstm-joint"]
    return [run for run in [*lstms, *SHOWN.values()] if run.dataset == dataset]


def phase_files(name: str) -> Callable[[str], list[str]]:
    """A file of the first seed of each of `phase_models`."""
    return lambda dataset: [seed_files(name, run)[0] for run in phase_models(dataset)]


def compares_phases(dataset: str) -> bool:
    """Whether a data set of oscillators has both models to compare."""
    features = SOURCE_OF[dataset].features(DATASETS[dataset])
    groups = {run.group for run in phase_models(dataset)}
    return any(name.startswith("sin_") for name in features) and groups == {"baselines", "runs"}


def confident_runs(dataset: str) -> list:
    """The runs whose confidence is compared: those that refine graphs, if true ones are known."""
    settings, source = DATASETS[dataset], SOURCE_OF[dataset]
    known = source.edge_types(settings) and not source.edges_change(settings)
    if not (known and CONFIG.evaluation.refine):
        return []
    return [run for run in SHOWN.values() if run.dataset == dataset]


def confident_files(name: str) -> Callable[[str], list[str]]:
    """A file of the first seed of each of `confident_runs`."""
    return lambda dataset: [seed_files(name, run)[0] for run in confident_runs(dataset)]


# Runs of a study are shown in its table and by their curves; other figures are of the paper's models.
MAIN = {key: run for key, run in RUNS.items() if not run.study}
SHOWN = {key: run for key, run in MAIN.items() if shows_motion(run)}
PREDICTING = [key for key, run in MAIN.items() if run.decoder != "none"]
PREDICTS = PREDICTING or any(
    not baseline.baseline.startswith("corr") for baseline in BASELINES.values()
)
EXAMPLE_SYSTEMS = example_systems()
GAMES = [dataset for dataset in TRAINED_ON if DATASETS[dataset].source == "basketball"]

EXAMPLES = {"examples": first_seed("examples.npz"), "config": first_seed("config.json")}
POSTERIOR = {"posterior": first_seed("posterior.npz"), "config": first_seed("config.json")}
ALL_RESULTS = {
    "metrics": lambda *dataset: rules.collect.output.metrics,
    "runs": lambda *dataset: rules.collect.output.runs,
}

MEASURED_ELSEWHERE = {name: lambda path=path: path for name, path in EXTERNAL.items()}

# In the order of the paper's figures: 1, 4 to 11; then those that it does not have.
FIGURES = {
    **figures("simulation", once(EXAMPLE_SYSTEMS), data=lambda: data_file(EXAMPLE_SYSTEMS[0])),
    **figures("systems", once(EXAMPLE_SYSTEMS), data=lambda: [*map(data_file, EXAMPLE_SYSTEMS)]),
    **figures(
        "trajectories",
        [key for key in SHOWN if DATASETS[key[0]].source not in ("mocap", "basketball")],
        **EXAMPLES,
    ),
    **figures("horizon", once(PREDICTS), **ALL_RESULTS, **MEASURED_ELSEWHERE),
    **figures("skeleton", from_source("mocap", SHOWN), **EXAMPLES, data=data_file),
    **figures("roles", from_source("basketball", SHOWN), **POSTERIOR, data=data_file),
    **figures(
        "phases",
        each_dataset(filter(compares_phases, TRAINED_ON)),
        examples=phase_files("examples.npz"),
        configs=phase_files("config.json"),
    ),
    **figures("poses", from_source("mocap", PREDICTING), **EXAMPLES, data=data_file),
    **figures("court", from_source("basketball", SHOWN), **EXAMPLES, data=data_file),
    **figures(
        "segments",
        each_dataset(GAMES),
        data=data_file,
        segments=lambda dataset: f"results/data/{dataset}.segments.csv",
    ),
    **figures(
        "edges",
        from_source("own", SHOWN),
        edges=lambda dataset, run: f"results/graphs/{dataset}/{run}/edges.csv",
        verdict=lambda dataset, run: f"results/graphs/{dataset}/{run}/verdict.json",
        configs=every_seed("config.json"),
    ),
    **figures(
        "changing_edges",
        each_dataset(key[0] for key in SHOWN if SOURCE_OF[key[0]].edges_change(DATASETS[key[0]])),
        **ALL_RESULTS,
        data=data_file,
    ),
    **figures(
        "calibration",
        each_dataset(filter(confident_runs, TRAINED_ON)),
        posteriors=confident_files("posterior.npz"),
        configs=confident_files("config.json"),
        data=data_file,
    ),
    **figures(
        "curves",
        each_dataset(dataset for dataset, _ in RUNS),
        curves=of_dataset("curve.csv"),
        configs=of_dataset("config.json"),
    ),
}
FIGURE_FILES = [
    f"results/figures/{figure}.{extension}" for figure in FIGURES for extension in ("svg", "png")
]


def labels_of(figure: Figure) -> dict[str, str]:
    """What the runs are called that a figure reads files of."""
    files = " ".join(map(str, figure.inputs.values()))
    runs = dict.fromkeys(re.findall("results/runs/([^/]+/[^/]+)/", files))
    return {run: LABELS[run] for run in runs if run in LABELS}


# Figures of all results find it in runs.csv.
FIGURE_LABELS = {name: labels_of(figure) for name, figure in FIGURES.items()}
FIGURE_CODE = {
    kind: source_digests(f"nri/figures/{kind}.py")
    for kind in dict.fromkeys(figure.kind for figure in FIGURES.values())
}


def figure_labels(wildcards) -> dict[str, str]:
    """What the report says of a figure in its list."""
    kind, subject, _ = FIGURES[wildcards.figure]
    dataset, run = (*subject, "all", "all")[:2]
    return {"figure": kind.replace("_", " "), "data set": dataset, "run": run}


def report_caption(wildcards, output) -> str:
    """The caption inside a finished figure, as reStructuredText; "" of one that is not drawn yet."""
    if not Path(output.svg).exists():
        return ""
    with open(output.svg, encoding="utf-8") as file:
        found = re.search("<dc:description>(.*?)</dc:description>", file.read(20_000), re.DOTALL)
    return re.sub(r"([\\*_`|])", r"\\\1", html.unescape(found[1])) if found else ""


# The graphs of own data, for the user's own tools.
GRAPHS = [f"results/graphs/{dataset}/{run}/edges.csv" for dataset, run in from_source("own", SHOWN)]
GRAPHS += [f"results/inferred/{name}/edges.csv" for name in INFER]
