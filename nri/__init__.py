"""Neural Relational Inference (Kipf et al., ICML 2018): the library behind the pipeline.

import nri

model = nri.load("results/runs/springs5/mlp-mlp-k2-fast/seed1")
graphs = model.infer(trajectories)
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

# Loaded when asked for: programs that need no model do not wait for it, nor depend on its code.
FACE = dict.fromkeys(("Graphs", "TrainedModel", "load"), "nri.evaluation.trained")


def __getattr__(name: str) -> Any:
    if name not in FACE:
        raise AttributeError(f"module 'nri' has no attribute {name!r}")
    return getattr(import_module(FACE[name]), name)
