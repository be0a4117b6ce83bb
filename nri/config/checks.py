"""Contradictions: settings that are right one by one and cannot work together."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from pydantic import ValidationError

from nri.choices import SOURCES, decoder_choice, load
from nri.config.config import BASELINES, BaselineEntry, Config, RunEntry, Transfer
from nri.config.errors import explain, nearest
from nri.config.identity import GIVEN_GRAPHS, PAPER
from nri.config.own_checks import unusable
from nri.config.resolve import resolve_training
from nri.config.runs import Identity
from nri.config.training import ModelSettings, StageSettings, TrainingSettings
from nri.data.own.settings import OwnSettings, of_other_source
from nri.data.source import DatasetSettings, Source

__all__ = ["Contradiction", "contradictions"]

NETWORKS = ("encoder", "decoder")

Contradiction = tuple[str, str]
"""A place below the configuration, such as "runs[0].encoder", and the problem there."""


def contradictions(config: Config) -> Iterator[Contradiction]:
    """All places and problems, in the order of the configuration."""
    if PAPER in config.recipes:
        yield f"recipes.{PAPER}", "this name means `training` alone; give the recipe another one"
    for name, dataset in config.datasets.items():
        for below, problem in _source(dataset).contradictions(dataset):
            yield f"datasets.{name}.{below}", problem
        files = _source(dataset).inputs(dataset, config.mirror)
        for path in itertools.chain.from_iterable(files.values()):
            yield from _braces(f"datasets.{name}", path)
    names = set()
    scored: dict[str, Sequence[RunEntry | BaselineEntry]] = {
        "runs": config.runs,
        "baselines": config.baselines,
    }
    for kind, entries in scored.items():
        for number, entry in enumerate(entries):
            place = f"{kind}[{number}]"
            yield from _undeclared(place, entry, config)
            name = f"{entry.dataset}/{_name(entry)}"
            if name in names:
                yield place, f"a second {name}; remove one of them or give it a recipe"
            names.add(name)
            if isinstance(entry, RunEntry):
                yield from _run(place, entry, config)
            else:
                yield from _baseline(place, entry, config)
    yield from _part(config, names)
    yield from _horizon(config)
    yield from _braces("external", config.external or "")
    yield from _inferences(config)


def _part(config: Config, runs: Iterable[str]) -> Iterator[Contradiction]:
    """Names in `only` of which there is nothing. runs: those of all runs and baselines."""
    datasets = dict.fromkeys(name.split("/")[0] for name in sorted(runs))
    known = ["table_1", "table_2", *datasets, *sorted(runs)]
    for name in (name for name in config.only if name not in known):
        there = ", ".join(known[: 2 + len(datasets)])
        yield (
            "only",
            f"{name!r} is not there{nearest(name, known)}; there are: {there} and their runs",
        )


def _horizon(config: Config) -> Iterator[Contradiction]:
    """More steps than any test trajectory has; where some have, others are scored on theirs."""
    predicted = [entry.dataset for entry in config.runs if entry.decoder != "none"]
    predicted += [one.dataset for one in config.baselines if not one.baseline.startswith("corr")]
    frames = {name: config.datasets[name].frames for name in predicted}
    rooms = {name: each.test - each.train - 1 for name, each in frames.items()}
    wanted = config.evaluation.horizon
    if rooms and max(rooms.values()) < wanted:
        name = max(rooms, key=lambda name: rooms[name])
        problem = f"{wanted} steps, but test trajectories have {rooms[name]} after the"
        problem += f" {frames[name].train + 1} frames that are given ({name}); lower it, or raise"
        yield "evaluation.horizon", f"{problem} datasets.{name}.frames.test"


def _braces(place: str, path: str) -> Iterator[Contradiction]:
    """A path that Snakemake would take for a pattern."""
    if "{" in path or "}" in path:
        yield place, f"the path {path!r} has braces, which Snakemake fills in; rename it"


def _name(entry: RunEntry | BaselineEntry) -> str:
    """The directory of a run or baseline below its data set."""
    values = {key: value for key, value in vars(entry).items() if key in Identity.model_fields}
    return Identity(**values).name


def _undeclared(
    place: str, entry: RunEntry | BaselineEntry | Transfer, config: Config
) -> Iterator[Contradiction]:
    """Names of data sets, recipes and studies that are declared nowhere."""
    for key, where in (("dataset", "datasets"), ("recipe", "recipes"), ("study", "studies")):
        name, declared = getattr(entry, key, None), getattr(config, where)
        if name is None or name in declared or (key == "recipe" and name == PAPER):
            continue
        known = ", ".join(declared) or "none"
        guess = nearest(name, declared)
        yield f"{place}.{key}", f"{name!r} is not declared in {where}{guess}; declared: {known}"


def _source(dataset: DatasetSettings) -> type[Source]:
    return load(SOURCES[dataset.source])


def _edge_types(dataset: DatasetSettings) -> int:
    """How many edge types are known; 0 where none are."""
    return len(_source(dataset).edge_types(dataset))


def _run(place: str, run: RunEntry, config: Config) -> Iterator[Contradiction]:
    unknown = [(role, each) for role in NETWORKS for each in unusable(getattr(run, role))]
    if unknown:
        yield from ((f"{place}.{role}", problem) for role, problem in unknown)
        return
    dataset, network = config.datasets[run.dataset], run.encoder not in GIVEN_GRAPHS
    source, types = _source(dataset), _edge_types(dataset)
    if run.decoder == "none" and not (network and types):
        yield f"{place}.decoder", "'none' needs an encoder network and a data set with known edges"
    if run.decoder == "sim" and not (network and source.pair_forces(dataset)):
        problem = "'sim' needs an encoder network and a source that says its pair forces"
        yield f"{place}.decoder", problem
    if run.encoder == "true" and not types:
        yield f"{place}.encoder", f"'true' needs known edges; {run.dataset} has none"
    if run.encoder == "true" and source.edges_change(dataset):
        problem = f"'true' is one graph of a sample; the edges of {run.dataset} change in time"
        yield f"{place}.encoder", problem
    if run.encoder == "empty" and not resolve_training(run, config).skip_first:
        yield f"{place}.encoder", "'empty' needs a type without messages; set `skip_first: true`"
    if run.encoder == "skeleton" and not source.has_skeleton:
        yield f"{place}.encoder", f"'skeleton' needs a skeleton; {run.dataset} has none"
    known_types = run.encoder == "true" or run.decoder in ("sim", "none")
    if types and known_types and run.edge_types != types:
        yield f"{place}.edge_types", f"{run.edge_types}: {run.dataset} has {types} edge types"
    yield from _transfers(place, run, config)
    yield from _start(place, run, config)
    for number, stage in enumerate(resolve_training(run, config).resolved_stages()):
        problems = [
            *_found_graphs(number, stage),
            *_stage(stage, run, dataset),
            *_forcing(stage, run.decoder, dataset),
        ]
        yield from _where_they_stand(problems, place, run, number, config)


def _where_they_stand(
    problems: Iterable[Contradiction],
    place: str,
    entry: RunEntry | BaselineEntry,
    stage: int,
    config: Config,
) -> Iterator[Contradiction]:
    """Problems of single settings of a stage, each at the place that the setting's value is from.

    That is the entry's own `training`, its recipe, or `training` for all.
    """
    layers = {f"{place}.training": entry.training}
    if entry.recipe != PAPER:
        layers[f"recipes.{entry.recipe}"] = config.recipes[entry.recipe]
    layers["training"] = config.training
    run = f"{entry.dataset}/{_name(entry)}"
    stages = next(((at, each.stages) for at, each in layers.items() if _sets(each, "stages")), None)
    for key, problem in problems:
        found = [f"{layer}.{key}" for layer, settings in layers.items() if _sets(settings, key)]
        if stages is not None and stages[1] and _sets(stages[1][stage], key):
            found.insert(0, f"{stages[0]}.stages[{stage}].{key}")
        where = found[0] if found else f"{place}: by default {key}"
        yield where, problem if where.startswith(place) else f"{problem} (of {run})"


def _sets(settings: StageSettings, key: str) -> bool:
    return key in settings.model_fields_set


def _transfers(place: str, run: RunEntry, config: Config) -> Iterator[Contradiction]:
    """Data sets that a trained model cannot be tested on. The number of objects is free."""
    trained, seen = config.datasets[run.dataset], {run.dataset}
    for number, other in enumerate(run.test_on):
        here = f"{place}.test_on[{number}]"
        yield from _undeclared(here, other, config)
        here, tested = f"{here}.dataset", config.datasets[other.dataset]
        if other.dataset in seen:
            yield here, f"the run is tested on {other.dataset} anyway; remove the entry"
        seen.add(other.dataset)
        if run.encoder == "skeleton":
            problem = f"the skeleton is that of {run.dataset} alone; use a network"
            yield here, f"{other.dataset}: {problem}"
        if tested.source != trained.source:
            problem = f"source {tested.source}, but the model is trained on {trained.source}"
            yield here, f"{other.dataset}: {problem}"
        rate, expected = (_source(each).frame_rate(each) for each in (tested, trained))
        if rate != expected:
            problem = f"{rate} frames a second, but the model is trained on {expected}"
            yield here, f"{other.dataset}: {problem}"
        frames, expected = tested.frames.train, trained.frames.train
        if frames != expected:
            problem = f"frames.train is {frames}, but the model sees {expected} frames"
            yield here, f"{other.dataset}: {problem}"
        types, known = _edge_types(tested), _edge_types(trained)
        if types > known:
            yield here, f"{other.dataset} has {types} edge types, {run.dataset} only {known}"


def _start(place: str, run: RunEntry, config: Config) -> Iterator[Contradiction]:
    """A run to start from that is not there, or whose weights do not fit."""
    if run.start_from is None:
        return
    here, runs = f"{place}.start_from", {f"{one.dataset}/{_name(one)}": one for one in config.runs}
    wanted = f"{run.start_from.dataset}/{run.start_from.run}"
    other = runs.get(wanted)
    if other is None:
        yield here, _no_such_run(wanted, runs)
        return
    if other.start_from is not None:
        yield here, f"{wanted} starts from another run itself; start from that one, or from none"
    for key in ("encoder", "decoder", "edge_types"):
        value, expected = getattr(run, key), getattr(other, key)
        if value != expected:
            yield here, f"{key} is {value}, but that of {wanted} is {expected}"
    settings = (resolve_training(one, config) for one in (run, other))
    mine, theirs = (each.model_dump(include=set(ModelSettings.model_fields)) for each in settings)
    for key in (key for key in mine if mine[key] != theirs[key]):
        yield here, f"{key} is {mine[key]}, but that of {wanted} is {theirs[key]}"
    features = [
        _source(config.datasets[name]).features(config.datasets[name])
        for name in (run.dataset, other.dataset)
    ]
    if features[0] != features[1]:
        yield here, f"{wanted} has features {', '.join(features[1])}; choose data of the same kind"
    if missing := set(run.seeds or config.seeds) - set(other.seeds or config.seeds):
        lacking = ", ".join(map(str, sorted(missing)))
        yield here, f"{wanted} has no seed {lacking}; add it there"


def _baseline(place: str, entry: BaselineEntry, config: Config) -> Iterator[Contradiction]:
    dataset, name = config.datasets[entry.dataset], entry.baseline
    if name.startswith("corr"):
        types = _edge_types(dataset)
        if not types:
            yield f"{place}.baseline", f"{name!r} needs known edges; {entry.dataset} has none"
        elif _source(dataset).edges_change(dataset):
            problem = f"{name!r} finds one graph of a sample; those of {entry.dataset} change"
            yield f"{place}.baseline", problem
        elif types != 2:
            problem = f"{name!r} tells two edge types apart; {entry.dataset} has {types}"
            yield f"{place}.baseline", problem
    if decoder := BASELINES[name]:
        for number, stage in enumerate(resolve_training(entry, config).resolved_stages()):
            problems = _forcing(stage, decoder, dataset)
            yield from _where_they_stand(problems, place, entry, number, config)
    else:
        for key in sorted(entry.model_fields_set & {"training", "recipe"}):
            yield f"{place}.{key}", f"{name!r} trains nothing; remove the key"


def _stage(
    stage: TrainingSettings, run: RunEntry, dataset: DatasetSettings
) -> Iterator[Contradiction]:
    """Settings that do not fit the model or the data; the key of each, and the problem."""
    prior, ramp, wanted = stage.prior, stage.noise_ramp, stage.likelihood_features
    if prior != "uniform":
        if len(prior) != run.edge_types:
            yield "prior", f"{prior} for {run.edge_types} edge types"
        if abs(sum(prior) - 1) > 1e-6:
            yield "prior", f"{prior} sums to {sum(prior)}, not to 1"
    if ramp is not None and ramp[0] >= ramp[1]:
        yield "noise_ramp", f"{ramp}: the first must be below the second"
    known = _source(dataset).features(dataset)
    for name in [] if wanted == "all" else [name for name in wanted if name not in known]:
        yield "likelihood_features", f"{name!r} is none of {', '.join(known)}"
    method = stage.posterior_method
    tables = run.decoder == "none" or decoder_choice(run.decoder).tables
    if method in ("exact", "blocks") and not tables:
        problem = f"{method!r} needs a decoder with tables, which {run.decoder!r} has not"
        yield "posterior_method", f"{problem}; use 'mean_field'"
    if method == "blocks" and not stage.undirected:
        yield "posterior_method", "'blocks' needs `undirected: true`; use 'exact'"
    if stage.freeze == "encoder" and run.decoder in ("none", "sim"):
        yield "freeze", f"'encoder': the decoder {run.decoder!r} has no weights"
    if stage.graph == "posterior" and stage.freeze == "encoder" and run.decoder == "sim":
        yield "graph", "'posterior': the decoder 'sim' has no weights; train the encoder"


def _found_graphs(number: int, stage: TrainingSettings) -> Iterator[Contradiction]:
    """A stage cannot refine graphs that no stage before it has taught a decoder."""
    if number == 0 and stage.graph == "refined":
        problem = "'refined' in the first stage: its decoder has learned nothing yet"
        yield "graph", f"{problem}; begin with a stage of 'sampled' or 'posterior'"


def _forcing(
    stage: TrainingSettings, decoder: str, dataset: DatasetSettings
) -> Iterator[Contradiction]:
    """Windows and steps that a decoder cannot have on trajectories of this length."""
    memory = decoder != "none" and decoder_choice(decoder).memory
    if memory and stage.loss_windows != "all":
        yield "loss_windows", "must be 'all' for a recurrent network, which has no windows"
    if stage.prediction_steps >= dataset.frames.train:
        problem = f"{stage.prediction_steps} of {dataset.frames.train} frames"
        yield "prediction_steps", problem


def _no_such_run(wanted: str, runs: Iterable[str]) -> str:
    known = ", ".join(sorted(runs)) or "none"
    return f"{wanted} is not among the runs{nearest(wanted, list(runs))}; there are: {known}"


def _inferences(config: Config) -> Iterator[Contradiction]:
    """Runs that are not trained, and settings that the data set of a run does not have."""
    runs = [f"{run.dataset}/{_name(run)}" for run in config.runs]
    for name, entry in config.infer_on.items():
        wanted = f"{entry.dataset}/{entry.run}"
        yield from _braces(f"infer_on.{name}.path", entry.path)
        if wanted not in runs:
            yield f"infer_on.{name}.run", _no_such_run(wanted, runs)
        dataset = config.datasets[entry.dataset]
        kind, base = type(dataset), dataset.model_dump()
        if kind is not OwnSettings:
            features = _source(dataset).features(dataset)
            kind, base = OwnSettings, of_other_source(entry.path, features, base["frames"])
        settings = {**base, **entry.settings}
        try:
            kind.model_validate(settings)
        except ValidationError as error:
            place, problem = explain(error, settings)
            yield ".".join(filter(None, (f"infer_on.{name}.settings", place))), problem
