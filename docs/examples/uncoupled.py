"""Make pendulums on which nothing acts: python docs/examples/uncoupled.py OWN.csv SAME.csv

The example of docs/verdict.md: twelve scenes of five pendulums as in pendulums.py, without springs.
In the first file each of the five has a frequency of its own, in the second all have the same.
"""

import sys

import numpy as np
import pandas as pd

SCENES, FRAMES, INTERVAL, FREQUENCY = 12, 240, 0.1, 3.13
NAMES = np.array(["A", "B", "C", "D", "E"])
SPREAD = {"own": np.array([0.7, 0.85, 1.0, 1.15, 1.3]), "same": np.ones(5)}

for path, spread in zip(sys.argv[1:3], SPREAD.values(), strict=True):
    generator, time = np.random.default_rng(7), INTERVAL * np.arange(FRAMES)
    rates, pieces = FREQUENCY * spread, []
    for scene in range(1, SCENES + 1):
        phase = generator.uniform(0, 2 * np.pi, len(NAMES))
        amplitude = generator.normal(0, 0.15, len(NAMES))
        turns = np.outer(time, rates) + phase
        columns = {
            "scene": scene,
            "time": np.repeat(time, len(NAMES)).round(1),
            "pendulum": np.tile(NAMES, FRAMES),
            "angle": (amplitude * np.cos(turns)).ravel().round(4),
            "velocity": (-amplitude * rates * np.sin(turns)).ravel().round(4),
        }
        pieces.append(pd.DataFrame(columns))
    pd.concat(pieces).to_csv(path, index=False, lineterminator="\n")
