# What jobs ask a scheduler for, and how many may use the GPUs of one machine at once.

import math

from nri.gpus import visible_gpus

# Time limits follow from the settings: updates × seconds of an update × a factor for safety, times
# the attempt. The seconds are assumptions from above for the paper's model with 5 objects. A limit
# that is too short costs little: the profile resubmits the training with a longer one, and it
# continues from its checkpoint. `--set-resources train:runtime=MINUTES` overrides.
SECONDS_PER_UPDATE = 0.1 if config["gpu"] else 2.0
SAFETY = 2
LEAST_MINUTES = 15


def training_minutes(entry, attempt: int) -> int:
    """The time limit of a run's or a baseline's training, in minutes."""
    if "training" not in entry:
        return LEAST_MINUTES * attempt
    stages = TrainingSettings.from_dict(entry["training"]).resolved_stages()
    dataset = entry["dataset"]
    samples = SOURCE_OF[dataset].training_samples(SETTINGS_OF[dataset])
    updates = sum(stage.epochs * math.ceil(samples / stage.batch_size) for stage in stages)
    return attempt * max(LEAST_MINUTES, math.ceil(updates * SECONDS_PER_UPDATE * SAFETY / 60))


# On this machine (a cluster's executor counts jobs, "nodes", instead) jobs that want a GPU queue for
# those that exist. Without one they compute on cores, and nothing is to be queued for.
if (
    workflow.is_main_process
    and workflow.resource_settings.nodes is None
    and "gpu" not in workflow.global_resources
    and (gpus := len(visible_gpus()))
):
    workflow.register_resource("gpu", gpus)

# For LSF and HTCondor the profile asks for the GPU, in words of theirs: not where none is wanted.
if not config["gpu"]:
    overwritten = workflow.resource_settings.overwrite_resources
    workflow.resource_settings.overwrite_resources = {
        name: type(given)(
            {key: given[key] for key in given if key not in ("lsf_extra", "request_gpus")}
        )
        for name, given in overwritten.items()
    }
