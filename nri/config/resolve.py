"""From the configuration to runs: settings layered, seeds and studies filled in."""

from collections.abc import Sequence

from nri.choices import ENCODERS
from nri.config.config import BASELINES, BaselineEntry, Config, RunEntry, Transfer
from nri.config.identity import PAPER
from nri.config.runs import Identity, Run
from nri.config.training import TrainingSettings
from nri.declare import setting
from nri.own_network import class_of

__all__ = [
    "Planned",
    "PlannedRun",
    "resolve_baselines",
    "resolve_labels",
    "resolve_runs",
    "resolve_studies",
]


class Planned(Identity):
    """What the pipeline scores, with what none of its jobs depends on."""

    seeds: list[int]
    label: str = ""
    study: str = ""
    test_on: list[Transfer] = setting([])


class PlannedRun(Planned, Run):
    """A training that the pipeline plans."""

    def job(self) -> str:
        """The `Run` in JSON, as a job gets it."""
        return self.model_dump_json(include=set(Run.model_fields))


def resolve_runs(config: Config) -> dict[tuple[str, str], PlannedRun]:
    """Each run that is wanted by (data set, name), in the order of the configuration."""
    runs = [
        PlannedRun(
            dataset=entry.dataset,
            encoder=entry.encoder,
            decoder=entry.decoder,
            edge_types=entry.edge_types,
            recipe=entry.recipe,
            training=resolve_training(entry, config),
            start_from=entry.start_from,
            seeds=entry.seeds or config.seeds,
            label=entry.label or "",
            study=entry.study or "",
            test_on=[
                Transfer(dataset=other.dataset, study=other.study or entry.study)
                for other in entry.test_on
            ],
        )
        for entry in config.runs
    ]
    every = {(run.dataset, run.name): run for run in runs}
    chosen = {key: run for key, run in every.items() if is_wanted(run, config.only)}
    starts = {
        (run.start_from.dataset, run.start_from.run) for run in chosen.values() if run.start_from
    }
    return {key: run for key, run in every.items() if key in chosen or key in starts}


def is_wanted(run: Planned, only: Sequence[str]) -> bool:
    """Whether a run or baseline is in the part of the configuration that is to be made.

    The paper's Table 1 is of graphs that are inferred, its Table 2 of motion that is predicted.
    """
    corr, network = run.baseline.startswith("corr"), run.encoder in ENCODERS and not run.baseline
    names = [run.dataset, f"{run.dataset}/{run.name}"]
    if not run.study:
        names += ["table_1"] if corr or network else []
        names += ["table_2"] if not corr and run.decoder != "none" else []
    return not only or bool({*names} & {*only})


def resolve_baselines(config: Config) -> dict[tuple[str, str], Planned]:
    """Each baseline that is wanted by (data set, name), in the order of the configuration.

    A `PlannedRun` where an LSTM is trained; others have the first seed alone by default, since
    nothing random happens in them.
    """
    baselines = [_baseline(entry, config) for entry in config.baselines]
    return {(one.dataset, one.name): one for one in baselines if is_wanted(one, config.only)}


def _baseline(entry: BaselineEntry, config: Config) -> Planned:
    decoder = BASELINES[entry.baseline]
    if not decoder:
        seeds = entry.seeds or config.seeds[:1]
        return Planned(dataset=entry.dataset, baseline=entry.baseline, seeds=seeds)
    return PlannedRun(
        dataset=entry.dataset,
        baseline=entry.baseline,
        # An LSTM ignores the graph; the full one has edges of a second type.
        encoder="full",
        decoder=decoder,
        edge_types=2,
        recipe=entry.recipe,
        training=resolve_training(entry, config),
        seeds=entry.seeds or config.seeds,
    )


def resolve_training(entry: RunEntry | BaselineEntry, config: Config) -> TrainingSettings:
    """All settings of a training: `training`, then the entry's recipe, then its own."""
    settings = config.training
    if entry.recipe != PAPER:
        settings = settings.overridden(config.recipes[entry.recipe])
    return settings.overridden(entry.training)


def resolve_studies(runs: dict[tuple[str, str], PlannedRun]) -> dict[str, dict[str, str]]:
    """The study of each run on each data set it is tested on, where there is one.

    {"springs5/mlp-mlp-k2": {"springs5_empty": "transfer"}}
    """
    studies = {}
    for (dataset, name), run in runs.items():
        tested = {dataset: run.study} | {other.dataset: other.study for other in run.test_on}
        if tested := {where: study for where, study in tested.items() if study}:
            studies[f"{dataset}/{name}"] = tested
    return studies


def resolve_labels(runs: dict[tuple[str, str], PlannedRun]) -> dict[str, str]:
    """What runs are called that have a label, or a network of the user's own: its class.

    {"springs5/my-encoder-mlp-k2": "MyEncoder"}
    """
    labels = {
        f"{dataset}/{name}": run.label or " + ".join(map(class_of, run.own_networks.values()))
        for (dataset, name), run in runs.items()
    }
    return {run: label for run, label in labels.items() if label}
