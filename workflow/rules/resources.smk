# What jobs ask a scheduler for, and how many may use the GPUs of one machine at once.

import math

from nri.gpus import visible_gpus
from nri.planning.shapes import Shape, shape_of
from nri.planning.work import (
    OTHER_START,
    START_SECONDS,
    data_bytes,
    evaluation_seconds,
    simulation_seconds,
    training_seconds,
    training_updates,
)

# Time limits follow from the CPU seconds that a job should take (nri/planning/work.py): times a factor
# for safety, times the attempt. A limit that is too short costs little: the profile resubmits the job
# with a longer one, and a training continues from its checkpoint.
# `--set-resources train:runtime=MINUTES` overrides.
SAFETY = 3
# Seconds of an update on a GPU, assumed from above; none was measured.
GPU_UPDATE = 0.1


@cache
def shape(dataset: str) -> Shape:
    """How large a data set is, or will be at most."""
    settings, source = DATASETS[dataset], SOURCE_OF[dataset]
    files = [] if source.simulated else source.inputs(settings, CONFIG.mirror).get("files", [])
    return shape_of(settings, map(user_file, files))


@cache
def seconds_to_train(key: tuple[str, str, str]) -> int:
    """CPU seconds of a training."""
    return math.ceil(training_seconds(TRAINED[key], shape(TRAINED[key].dataset)))


@cache
def seconds_to_evaluate(key: tuple[str, str, str]) -> int:
    """CPU seconds of an evaluation, on all data sets that it tests."""
    run, settings = TRAINED[key], CONFIG.evaluation
    tested = [run.dataset, *(other.dataset for other in run.test_on)]
    return math.ceil(
        sum(
            evaluation_seconds(run, shape(each), settings.horizon, settings.refine)
            for each in tested
        )
    )


@cache
def waiting_for() -> dict[tuple[str, str, str], list[tuple[str, str, str]]]:
    """The trainings that start from the weights of each training."""
    waiting = {key: [] for key in TRAINED}
    for key, run in TRAINED.items():
        if start := run.start_from:
            waiting["runs", start.dataset, start.run].append(key)
    return waiting


@cache
def seconds_of_chain(key: tuple[str, str, str]) -> int:
    """CPU seconds of a training and of what has to wait for it, one after the other."""
    evaluated = seconds_to_evaluate(key) if key in EVALUATED else 0
    return seconds_to_train(key) + max([evaluated, *map(seconds_of_chain, waiting_for()[key])])


@cache
def priority_of_data() -> int:
    """Above that of all trainings: simulations ask for several cores, and once trainings have begun
    these are never free at the same moment.
    """
    return 1 + max(map(seconds_of_chain, TRAINED), default=0)


def minutes(seconds: float, attempt: int, least: int) -> int:
    """The time limit of a job that should take so many seconds, in minutes."""
    return attempt * max(least, math.ceil(seconds * SAFETY / 60))


def training_minutes(wildcards, attempt: int) -> int:
    """The time limit of a training; a GPU is taken to be no slower than a core."""
    key = trained_key(wildcards)
    seconds = seconds_to_train(key)
    if CONFIG.gpu:
        run = TRAINED[key]
        updates = training_updates(run, shape(run.dataset).samples["train"])
        seconds = min(seconds, updates * GPU_UPDATE)
    return minutes(seconds, attempt, least=15)


# Local runs only (cluster executors limit jobs by `nodes`): jobs with `gpu: 1` wait for one of the
# GPUs of this machine. Without one they compute on cores, and nothing has to wait.
limit_local_gpus(len(visible_gpus()))

# For LSF and HTCondor the profile asks for the GPU, in the words of each: not where none is wanted.
if not CONFIG.gpu:
    drop_resources("lsf_extra", "request_gpus")
