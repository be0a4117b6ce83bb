# All uses of what Snakemake does not document: attributes of `workflow`, each as in the version
# 9.27.1. A newer Snakemake that renames one breaks this file alone.

from pathlib import Path

from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod


def is_main_process() -> bool:
    """Whether this is the process that plans, and not a job that reads the rules again.

    `workflow.is_main_process`, 9.27.1: a job on a cluster must read the frozen configuration, not
    the default one, which may have been edited since it was submitted.
    """
    return workflow.is_main_process


def is_module() -> bool:
    """Whether another workflow imports this one (`module`, `use rule`).

    `workflow.modifier.parent_modifier`, 9.27.1: the workflow that is run has none. (`is_module` is
    true of that workflow, too.) Who imports has its own configuration files, which are not ours to
    replace.
    """
    return workflow.modifier.parent_modifier is not None


def files_of_configuration() -> list[Path]:
    """The files that the configuration was merged from; none in a job or where it was handed over.

    `workflow.configfiles`, 9.27.1: those of the command line, then those of `configfile:`.
    """
    return [] if is_module() or not is_main_process() else list(map(Path, workflow.configfiles))


def given_configuration() -> tuple[list[Path], dict]:
    """The configuration files and the settings of the command line, before `hand_to_jobs`.

    `workflow.config_settings.configfiles` and `config`, 9.27.1: `--configfile` and `--config`.
    """
    given = workflow.config_settings
    return list(map(Path, given.configfiles)), dict(given.config)


def hand_to_jobs(configuration: Path) -> None:
    """Let jobs read this configuration file alone.

    `workflow.config_settings.configfiles`, 9.27.1: what Snakemake hands to its jobs as
    `--configfiles`. There is no documented way to replace it.
    """
    workflow.config_settings.configfiles = [configuration]


def deploys_environments() -> bool:
    """Whether jobs run in conda environments that Snakemake makes.

    `workflow.deployment_settings`, 9.27.1: the only trace of `--software-deployment-method`.
    """
    return DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method


def limit_local_gpus(gpus: int) -> None:
    """Let local jobs that want a GPU wait for one of these, unless `--resources gpu=N` says more.

    `workflow.resource_settings.nodes`, `workflow.global_resources` and
    `workflow.register_resource`, 9.27.1: Snakemake counts cores and memory, but no GPUs. `nodes`
    is set where a cluster's executor runs the jobs.
    """
    local = is_main_process() and workflow.resource_settings.nodes is None
    if gpus and local and "gpu" not in workflow.global_resources:
        workflow.register_resource("gpu", gpus)


def drop_resources(*unwanted: str) -> None:
    """Take resources out of the `set-resources` of a profile.

    `workflow.resource_settings.overwrite_resources`, 9.27.1: a profile cannot depend on the
    configuration.
    """
    workflow.resource_settings.overwrite_resources = {
        name: type(given)({key: given[key] for key in given if key not in unwanted})
        for name, given in workflow.resource_settings.overwrite_resources.items()
    }


def take_over_terminal() -> None:
    """Let `nri.terminal` show the run, where a person watches it and asked for nothing else.

    `workflow.output_settings`, `workflow.logger_manager.get_logfile`, `workflow.dag.needrun_jobs`,
    and the handler that is called DefaultStreamHandler, 9.27.1: a logger plugin would have to be
    installed. `--verbose`, `--printshellcmds`, `--quiet` and `--logger` give Snakemake's own words,
    as a dry run does.
    """
    said = workflow.output_settings
    own = said.dryrun or said.verbose or said.printshellcmds or said.debug_dag or said.quiet
    if own or not is_main_process() or is_module():
        return
    default = [each for each in logger.handlers if each.name == "DefaultStreamHandler"]
    for handler in default:
        terminal = Terminal(handler.stream, handler.is_tty, colours=not handler.nocolor)
        log = ", ".join(map(str, workflow.logger_manager.get_logfile()))
        logger.removeHandler(handler)
        logger.addHandler(Screen(terminal, seconds_of_jobs, log))


def seconds_of_jobs() -> dict[int, float]:
    """The CPU seconds that each job that has to run should take, by its number."""
    return {
        workflow.dag.jobid(job): float(
            job.resources.get("cpu_seconds", START_SECONDS.get(job.rule.name, OTHER_START))
        )
        for job in workflow.dag.needrun_jobs()
    }
