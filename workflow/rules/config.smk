# The configuration: read, checked and frozen once, then resolved for every job.

import json
import os
import sys
from pathlib import Path

import yaml

BASE = Path(workflow.basedir)
sys.path.insert(0, str(BASE))

from nri.config import (
    resolve_baselines,
    resolve_datasets,
    resolve_runs,
    resolve_studies,
    training_settings,
)
from nri.files import write_frozen
from nri.provenance import code_digests, fingerprint
from nri.settings import TrainingSettings
from nri.validation import ConfigError, validate
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

# Jobs on a cluster read the configuration when they start, which may be long after they were
# submitted. They are handed a copy under the name of its content, so that editing the files
# meanwhile changes nothing for them.
if workflow.is_main_process:

    configfile: BASE / "config" / "config.yaml"

    try:
        validate(
            config, yaml.safe_load((BASE / "workflow/schemas/config.schema.yaml").read_text())
        )
    except ConfigError as error:
        raise WorkflowError(str(error)) from None
    workflow.config_settings.configfiles = [write_frozen(config, Path(".snakemake/config"))]


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


def settings_json(settings) -> str:
    """Settings as one canonical text, the form in which jobs take and Snakemake compares them."""
    return json.dumps(settings, sort_keys=True)


def code_of(program: str) -> list[str]:
    """One entry per source file that a program is made of; a changed one is a reason to rerun."""
    return code_digests(BASE / program, BASE)


def script(name: str) -> str:
    """Path of a program of the pipeline."""
    return str(BASE / "scripts" / name)
