"""A whole, commented configuration for a file of the user's own: what `make own` runs."""

import re
import unicodedata
from pathlib import Path
from typing import Any

import yaml

from nri.data.own.guess.tell import Look

__all__ = ["configuration", "dataset_name"]

UPDATES = (1500, 300)
"""Updates of the joint training and of the refitted decoder, whatever the number of samples."""
BATCH = 16  # samples of an update in `recipe: fast` of config/config.yaml
MOST_EPOCHS = 400
REFINED = 13  # objects up to which the posterior by the decoder takes seconds

COMMENTS = {
    "names": ("names",),
    "columns": ("time", "recordings", "objects"),
    "time_unit": ("time",),
    "frame_interval": ("time",),
    "features": ("features",),
    "gaps": ("gaps",),
    "split": ("split",),
}
"""The matters of `Look.assumed` that stand above a setting."""

KNOWN = """\
    # Where the true graph is known, name its table and its types (docs/own_data.md):
    # edges: my_edges.csv
    # edge_types: [none, spring]
"""


def dataset_name(path: Path) -> str:
    """What the data set of a file is called: its name in lower-case letters, digits and `_`."""
    plain = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_") or "own"


def configuration(look: Look, path: Path, command: str) -> str:
    """The YAML that reads `path` as it was found to be, and trains on it."""
    name, frames = dataset_name(path), look.settings["frames"]
    first, second = (_epochs(updates, look.samples["train"]) for updates in UPDATES)
    steps = min(10, frames["train"] - 2)
    unrolled = f"likelihood: gaussian, prediction_steps: {steps}, loss_windows: 1"
    horizon = min(20, frames["test"] - frames["train"] - 1)
    refine = "" if look.objects <= REFINED else ", refine: false"
    samples = ", ".join(f"{look.samples[split]} {split}" for split in ("train", "valid", "test"))
    return f"""\
# How {path.name} is read, and what is trained on it. Above a setting stands what it rests on:
# change what is wrong, and call the command again, which runs this file as it is.
# docs/own_data.md explains the settings of the data, docs/config.md all others.

command: {_flow(command)}

seeds: [1, 2, 3]
evaluation: {{horizon: {horizon}, examples: 4{refine}}}

datasets:
  {name}:
    source: own
    path: {_flow(str(path))}
{_settings(look)}{"" if "edge_types" in look.settings else KNOWN}
# {samples} samples of {look.objects} objects. Epochs are chosen for some {UPDATES[0]:,} updates.
recipes:
  fast:
    epochs: {first}
    # Type 0 means that nothing acts.
    skip_first: true
    stages:
      - {{}}
      - {{freeze: encoder, {unrolled}, epochs: {second}}}

runs:
  - {{dataset: {name}, encoder: mlp, decoder: mlp, edge_types: 2, recipe: fast}}
  # To compare with: everything acts on everything, nothing moves, and a network without a graph.
  - dataset: {name}
    encoder: full
    decoder: mlp
    edge_types: 2
    recipe: fast
    training:
      stages: [{{freeze: encoder, {unrolled}, epochs: {first}}}]

baselines:
  - {{dataset: {name}, baseline: static}}
  - dataset: {name}
    baseline: lstm-joint
    recipe: fast
    training:
      {{decoder_hidden: 32, likelihood: gaussian, prediction_steps: {steps}, loss_windows: all,
      epochs: {first}, stages: []}}
"""


def _epochs(updates: int, samples: int) -> int:
    """Passes over the training samples that make so many updates."""
    return max(1, min(MOST_EPOCHS, round(updates / -(-samples // BATCH))))


def _settings(look: Look) -> str:
    """The settings of the data, each below what was assumed for it."""
    lines = []
    for key, value in look.settings.items():
        told = [look.assumed.get(matter, "") for matter in COMMENTS.get(key, ())]
        lines += [f"    # {words}" for words in told if words]
        lines.append(f"    {key}: {_flow(value)}")
    return "".join(f"{line}\n" for line in lines)


def _flow(value: Any) -> str:
    """A value as YAML in one line."""
    text = yaml.safe_dump(
        value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")
