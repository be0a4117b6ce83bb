"""Make the example of docs/own_data.md: python docs/examples/pendulums.py

Twelve scenes of five pendulums of one length that hang side by side; in each scene other pairs are
coupled by springs. Small swings: θ_i'' = -ω0² θ_i - κ Σ_j A_ij (θ_i - θ_j), integrated exactly.
"""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

SCENES, FRAMES, INTERVAL = 12, 240, 0.1  # s
FREQUENCY, COUPLING = 3.13, 5.0  # ω0 in 1/s (1 m long), κ in 1/s²
NAMES = np.array(["A", "B", "C", "D", "E"])

generator = np.random.default_rng(7)
count, time = len(NAMES), INTERVAL * np.arange(FRAMES)
pieces, edges = [], []
for scene in range(1, SCENES + 1):
    coupled = np.zeros((count, count))
    for i, j in combinations(range(count), 2):
        coupled[i, j] = coupled[j, i] = generator.random() < 0.5
    stiffness = FREQUENCY**2 * np.eye(count)
    stiffness += COUPLING * (np.diag(coupled.sum(1)) - coupled)
    squares, modes = np.linalg.eigh(stiffness)
    rates, phase = np.sqrt(squares), generator.uniform(0, 2 * np.pi, count)
    amplitude = modes.T @ generator.normal(0, 0.15, count)
    turns = np.outer(time, rates) + phase
    angle = (amplitude * np.cos(turns)) @ modes.T
    velocity = (-amplitude * rates * np.sin(turns)) @ modes.T
    pieces.append(
        pd.DataFrame(
            {
                "scene": scene,
                "time": np.repeat(time, count).round(1),
                "pendulum": np.tile(NAMES, FRAMES),
                "angle": angle.ravel().round(4),
                "velocity": velocity.ravel().round(4),
            }
        )
    )
    for receiver, sender in np.argwhere(coupled):
        edges.append((scene, NAMES[sender], NAMES[receiver], "spring"))

here = Path(__file__).parent
pd.concat(pieces).to_csv(here / "pendulums.csv", index=False, lineterminator="\n")
columns = ["sample", "sender", "receiver", "type"]
pd.DataFrame(edges, columns=columns).to_csv(
    here / "pendulums_edges.csv", index=False, lineterminator="\n"
)
