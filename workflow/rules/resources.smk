# What jobs ask a scheduler for, and how many may use the GPUs of one machine at once.

import math

from nri.gpus import visible_gpus

# Time limits follow from the settings: updates × seconds of an update × a factor for safety, times
# the attempt. The seconds are assumptions from above for the paper's model with 5 objects. A limit
# that is too short costs little: the profile resubmits the training with a longer one, and it
# continues from its checkpoint. `--set-resources train:runtime=MINUTES` overrides.
SECONDS_PER_UPDATE = 0.1 if CONFIG.gpu else 2.0
SAFETY = 2
LEAST_MINUTES = 15


def training_updates(run: PlannedRun) -> int:
    """All updates of a training."""
    stages = run.training.resolved_stages()
    samples = SOURCE_OF[run.dataset].training_samples(DATASETS[run.dataset])
    return sum(
        max(1, round(stage.epochs * math.ceil(samples / stage.batch_size))) for stage in stages
    )


def training_minutes(run: PlannedRun, attempt: int) -> int:
    """The time limit of a training, in minutes."""
    seconds = training_updates(run) * SECONDS_PER_UPDATE * SAFETY
    return attempt * max(LEAST_MINUTES, math.ceil(seconds / 60))


# Local runs only (cluster executors limit jobs by `nodes`): jobs with `gpu: 1` wait for one of the
# GPUs of this machine. Without one they compute on cores, and nothing has to wait.
limit_local_gpus(len(visible_gpus()))

# For LSF and HTCondor the profile asks for the GPU, in the words of each: not where none is wanted.
if not CONFIG.gpu:
    drop_resources("lsf_extra", "request_gpus")
