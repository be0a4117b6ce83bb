# The configuration: read, checked and frozen once, then resolved for every job.

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

# The directory of the pipeline, also where another workflow imports this one as a module.
BASE = Path(workflow.current_basedir).parent.parent
sys.path.insert(0, str(BASE))

from nri.config.resolve import (
    resolve_baselines,
    resolve_datasets,
    resolve_runs,
    resolve_studies,
    training_settings,
)
from nri.config.dependencies import code_digests, itemise
from nri.files import fingerprint, write_frozen
from nri.config.training import TrainingSettings
from nri.config.checks import ConfigError, validate
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import update_config

# Jobs on a cluster read the configuration when they start, which may be long after they were
# submitted. They are handed a copy under the name of its content, so that editing the files
# meanwhile changes nothing for them. A workflow that imports this one as a module reads its own
# configuration, in jobs too; like --configfile, it says what differs from the default one.
# `workflow.modifier.is_module`, 9.27.1: nothing documented tells a module from the main workflow.
if workflow.modifier.is_module:
    given, config = config, yaml.safe_load((BASE / "config" / "config.yaml").read_text())
    update_config(config, given)
elif workflow.is_main_process:

    configfile: BASE / "config" / "config.yaml"

    workflow.config_settings.configfiles = [write_frozen(config, Path(".snakemake/config"))]


if workflow.is_main_process:
    try:
        validate(config, yaml.safe_load((BASE / "workflow/schemas/config.schema.yaml").read_text()))
    except ConfigError as error:
        raise WorkflowError(str(error)) from None


DATASETS = resolve_datasets(config)
RUNS = resolve_runs(config)
BASELINES = resolve_baselines(config)


# Known names alone: those of data sets and runs stand side by side in names of figures.
wildcard_constraints:
    dataset="|".join(DATASETS),
    run="|".join(sorted({run for _, run in RUNS})) or "(?!)",
    seed=r"\d+",


STUDIES = resolve_studies(RUNS)

# Programs find the library beside this Snakefile and, unless Snakemake deploys their environment,
# the interpreter that runs it. Threads that spin while they wait would starve the job beside them.
DEPLOYED = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
INTERPRETER = "" if DEPLOYED else f"PATH={Path(sys.executable).parent}:$PATH "
shell.prefix(f"export {INTERPRETER}PYTHONPATH={BASE} OMP_WAIT_POLICY=passive; ")


# A changed param makes Snakemake run a job again and name the param. So that it names little, each
# setting and each source file is a param of its own. Params that are told the output files are not
# compared: what a job is handed as a whole is one of those.


def compared(settings: dict, job=lambda wildcards: ()) -> list:
    """The params that stand for a job's settings; `settings[job(wildcards)]` are those settings."""
    return per_job({name: itemise(values) for name, values in settings.items()}, job)


def per_job(texts: dict, job) -> list:
    """Params of a number that differs from job to job, filled up: all have a filler or more.

    Snakemake compares the set of a job's params, in which any number of fillers counts as one.
    """
    most = max(map(len, texts.values()), default=0)

    def param(number: int) -> Callable:
        return lambda wildcards: [*texts[job(wildcards)], *["-"] * (most + 1)][number]

    return [param(number) for number in range(most + 1)]


def settings_json(settings) -> Callable:
    """The settings of a job, a function of the wildcards, as one text for its command line."""
    return lambda wildcards, output: json.dumps(settings(wildcards), sort_keys=True)


# What says how a job went, and computes nothing.
UNTRACKED = ("nri/__init__.py", "nri/logs.py", "nri/provenance.py")


def code_of(program: str, without=()) -> list[str]:
    """One entry per source file that a program is made of; a changed one is a reason to rerun."""
    return code_digests(BASE / program, BASE, [BASE / path for path in (*UNTRACKED, *without)])


def code_fingerprint(program: str) -> Callable:
    """All of a program's code in one text, for the names of checkpoints."""
    return lambda wildcards, output: fingerprint(code_of(program))


def script(name: str) -> Callable:
    """Path of a program of the pipeline."""
    return lambda wildcards, output: str(BASE / "scripts" / name)


def beside(path: str):
    """A file of the pipeline as an input: a path that stays the same when all is moved together.

    Never looked for where results are stored, if that is a bucket.
    """
    return local(os.path.relpath(BASE / path))
