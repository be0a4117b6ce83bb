# The configuration: parsed and frozen once, then resolved for every job.

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile

import yaml

# The directory of the pipeline, also where another workflow imports it as a module.
BASE = Path(workflow.current_basedir).parent.parent
sys.path.insert(0, str(BASE))

from nri.choices import DECODERS, ENCODERS, SOURCES, load
from nri.config.dependencies import code_digests, itemise
from nri.config.parse import ConfigError, parse_config
from nri.config.patterns import one_of
from nri.config.resolve import (
    Planned,
    PlannedRun,
    resolve_baselines,
    resolve_labels,
    resolve_runs,
    resolve_studies,
)
from nri.config.runs import Run
from nri.config.yaml_file import origin, refuse_repeated_keys
from nri.data.download import read_checksums
from nri.files import fingerprint, sha256, write_frozen
from nri.own_network import is_own, own_file
from nri.terminal.live import Terminal
from nri.terminal.screen import Screen
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

take_over_terminal()


def called_command(files: list[Path], settings: dict) -> str:
    """What makes the same results from the directory that they lie in."""
    if Path.cwd() == BASE and not files and not settings:
        return "make results"
    words = ["snakemake", "--cores", "all"]
    if Path.cwd() != BASE:
        words += ["--snakefile", os.path.relpath(BASE / "Snakefile")]
    if files:
        words += ["--configfile", *map(os.path.relpath, files)]
    if settings:
        words.append("--config")
    for name, value in settings.items():
        shown = f"[{','.join(value)}]" if isinstance(value, list) else value
        words.append(f"{name}={shown}")
    return shlex.join(words)


# Jobs on a cluster read the configuration when they start, which may be long after they were
# submitted. They get a copy that is named by its content, so that an edit meanwhile changes nothing
# for them. A workflow that imports this one as a module reads its own configuration, in jobs too; as
# with --configfile, it says what differs from the default.
DEFAULT = BASE / "config" / "config.yaml"
if is_module():
    given, config = config, {}
    # First into an empty mapping: what an anchor repeats in the file would be one mapping, not two.
    update_config(config, yaml.safe_load(DEFAULT.read_text(encoding="utf-8")))
    update_config(config, given)
elif is_main_process():
    try:  # before Snakemake reads them, which says neither file nor line of wrong syntax
        for path in (DEFAULT, *given_configuration()[0]):
            refuse_repeated_keys(path)
    except ConfigError as error:
        raise WorkflowError(str(error)) from None

    configfile: DEFAULT

    # What the page says: not the default's, which other files would inherit without having it run.
    config.setdefault("command", called_command(*given_configuration()))
    hand_to_jobs(write_frozen(config, Path(".snakemake/config")))


try:
    CONFIG = parse_config(config)
except ConfigError as error:
    raise WorkflowError(origin(error, config, files_of_configuration())) from None

# The solver of Snakemake's scheduler writes into these, and where it cannot its own error names neither.
for name in sorted({"TMPDIR", "TMP"} & os.environ.keys()) if is_main_process() else []:
    try:
        TemporaryFile(dir=os.environ[name]).close()
    except OSError as error:
        raise WorkflowError(
            f"{name} is {os.environ[name]!r}, where nothing can be written ({error.strerror}); let it"
            " name a directory of yours, or unset it"
        ) from None

DATASETS = CONFIG.datasets
SOURCE_OF = {name: load(SOURCES[settings.source]) for name, settings in DATASETS.items()}
RUNS = resolve_runs(CONFIG)
BASELINES = resolve_baselines(CONFIG)
STUDIES = resolve_studies(RUNS)
LABELS = resolve_labels(RUNS)


# Networks of the user's own are tried on a tiny batch whenever a call plans, in a process of its own
# (which loads torch): their errors come before any data are made.
OWN = [
    {
        "run": run.model_dump(include=set(Run.model_fields)),
        "dataset": DATASETS[run.dataset].model_dump(),
    }
    for run in RUNS.values()
    if run.own_networks
]
if OWN and is_main_process() and find_spec("torch"):
    tried = subprocess.run(
        [sys.executable, "-P", "-m", "nri.model.own_check"],
        input=json.dumps(OWN),
        env=os.environ | {"PYTHONPATH": str(BASE)},
        capture_output=True,
        text=True,
    )
    if tried.returncode:
        raise WorkflowError(tried.stderr.strip())


# Known names only: figures are named by a data set and a run, joined by "_".
wildcard_constraints:
    dataset=one_of(DATASETS),
    run=one_of(run for _, run in RUNS),
    seed=r"\d+",


# Programs find the library beside this Snakefile and, unless Snakemake makes their environment, use
# the interpreter that runs Snakemake. Threads that spin while they wait would starve other jobs.
INTERPRETER = shlex.quote(str(Path(sys.executable).parent)) + ':"$PATH"'
SEARCH = "" if deploys_environments() else f"PATH={INTERPRETER} "
PREFIX = f"export {SEARCH}PYTHONPATH={shlex.quote(str(BASE))} OMP_WAIT_POLICY=passive; "
# Snakemake fills in what stands in braces, and paths may have some.
shell.prefix(PREFIX.replace("{", "{{").replace("}", "}}"))


# Snakemake reruns a job when the set of its params changes and prints the difference. Each setting
# and each source file is therefore its own param, so that the difference is exactly the edit. Values
# that only repeat them (JSON, paths) are `untracked`: Snakemake does not compare params whose
# function takes `output`.


def tracked(settings: dict, job=lambda wildcards: ()) -> list:
    """Params for the settings of a job, which are `settings[job(wildcards)]`."""
    return padded({name: itemise(values) for name, values in settings.items()}, job)


def padded(texts: dict, job) -> list:
    """Params for the texts of a job, which are `texts[job(wildcards)]`.

    A rule has a fixed number of params, but its jobs differ in how many they need. Shorter lists
    are padded with "-"; params are compared as a set, so padding never shows as a change. What all
    jobs share is a text, not a function: Snakemake looks at the signature of each function for
    each job, which takes most of the time of a plan of thousands of jobs.
    """
    sets = [set(part) for part in texts.values()]
    # Snakemake fills in what stands in the braces of a text.
    shared = {text for text in set.intersection(*sets) if "{" not in text} if sets else set()
    own = {name: [text for text in part if text not in shared] for name, part in texts.items()}
    most = max(map(len, own.values()), default=0)

    def param(number: int) -> Callable:
        return lambda wildcards: [*own[job(wildcards)], *["-"] * (most + 1)][number]

    return [*sorted(shared), *(param(number) for number in range(most + 1))]


def untracked(value: Callable) -> Callable:
    """A param, a function of the wildcards, that Snakemake does not compare."""
    return lambda wildcards, output: value(wildcards)


def settings_json(settings: Callable) -> Callable:
    """The settings of a job, a function of the wildcards, in JSON for its command line."""
    return untracked(lambda wildcards: json.dumps(settings(wildcards), sort_keys=True))


# What says how a job went, and computes nothing.
UNTRACKED = ("nri/__init__.py", "nri/logs.py", "nri/provenance.py")


@cache
def source_digests(program: str, *chosen: str) -> list[str]:
    """One entry per source file that a program is made of; a changed one is a reason to rerun.

    Of the tables in nri/choices.py only the `chosen` entries count, which are named as there:
    "nri.model.encoders.mlp:MLPEncoder". Without any, all of them count. A class in a file of the
    user's own is chosen as in the configuration.
    """
    untracked_files = [BASE / path for path in UNTRACKED]
    if not chosen:
        return code_digests(BASE / program, BASE, untracked_files)
    names = [choice.partition(":")[0].split(".") for choice in chosen if not is_own(choice)]
    modules = [BASE.joinpath(*name).with_suffix(".py") for name in names]
    modules += [own_file(choice) for choice in chosen if is_own(choice)]
    without = [*untracked_files, BASE / "nri" / "choices.py"]
    found = (code_digests(path, BASE, without) for path in (BASE / program, *modules))
    return sorted(set().union(*found))


def networks_of(run: PlannedRun) -> list[str]:
    """The choices that a run makes; the simulation decoder also computes as its source does."""
    return [
        *([ENCODERS[run.encoder]] if run.encoder in ENCODERS else []),
        *([DECODERS[run.decoder].choice] if run.decoder in DECODERS else []),
        *run.own_networks.values(),
        *([SOURCES[DATASETS[run.dataset].source]] if run.decoder == "sim" else []),
    ]


def script(name: str) -> Callable:
    """Path of a program of the pipeline."""
    return untracked(lambda wildcards: str(BASE / "scripts" / name))


def pipeline_file(path: str):
    """Relative path of a file that ships with the pipeline, so that moving checkout and results
    together changes nothing. `local()` keeps it off a default storage provider such as S3.
    """
    return local(os.path.relpath(BASE / path))
