"""Simulated recordings of the same size and shape as own data, with known edges.

What a method finds in them is what this amount of data can show at all. The system is springs, of
which half of the pairs are joined.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nri.data.own.windows import SEPARATOR
from nri.data.simulated.prepare import simulate_samples
from nri.data.simulated.springs import Springs, SpringsSettings

__all__ = ["simulate_like"]


def simulate_like(
    windows: pd.DataFrame, frames: Mapping[str, int], frame_interval: float, seed: int = 0
) -> dict[str, dict[str, np.ndarray]]:
    """For each split `trajectories` (S, N, T, 4), NaN after the end of a recording, and `edges`.

    windows: rows of `WINDOW_COLUMNS`. frames: of a sample of each split. A simulation stands for
    the objects of a recording as long as windows show them, with as many frames.
    """
    lengths, counts = {}, set()
    for split, rows in windows.groupby("split"):
        shown = rows.groupby(["recording", "objects"], sort=False)["start"]
        span = (shown.max() - shown.min()) / frame_interval
        lengths[str(split)] = span.round().astype(int).to_numpy() + frames[str(split)]
        counts |= set(rows["objects"].str.count(SEPARATOR) + 1)
    (objects,) = counts
    settings = SpringsSettings.model_validate(
        {
            "source": "springs",
            "objects": int(objects),
            "samples": {split: len(each) for split, each in lengths.items()},
            "frames": {split: int(each.max()) for split, each in lengths.items()},
            "seed": seed,
        }
    )
    found = {}
    for split, each in lengths.items():
        x, edges = simulate_samples(Springs, settings, split, 0, len(each))
        x[np.broadcast_to(np.arange(x.shape[2]) >= each[:, None, None], x.shape[:3])] = np.nan
        found[split] = {"trajectories": x, "edges": edges}
    return found
