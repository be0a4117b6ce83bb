"""A simulated dataset: from its settings to its file, in pieces that fit in memory."""

import logging
import os

import numpy as np
from tqdm import tqdm

from nri.data.format import Metadata
from nri.data.simulated.randomness import generators
from nri.data.simulated.system import SimulatedSettings, System
from nri.data.splits import SPLITS
from nri.data.writer import DatasetWriter

__all__ = ["simulate_dataset", "simulate_samples"]

PIECE_BYTES = 2**26  # of the trajectories (float64) in memory at a time

log = logging.getLogger(__name__)


def simulate_samples(
    system: type[System], settings: SimulatedSettings, split: str, start: int, stop: int
) -> tuple[np.ndarray, np.ndarray]:
    """Samples [start, stop) of a split, the same whatever else is simulated.

    Returns trajectories (S, N, T, D) float64 and edges (S, N, N) int8.
    """
    streams = generators(settings.seed, split, start, stop)
    initial, edges = system.draw(settings, streams)
    return system.simulate(settings, initial, edges, settings.frames[split]), edges


def simulate_dataset(
    system: type[System], settings: SimulatedSettings, path: str | os.PathLike
) -> None:
    """Write the dataset file (docs/data_format.md) that `settings` describe.

    Shows progress as a bar on a terminal, elsewhere as a line in the log for each split. Uses all
    of numba's threads; the result does not depend on their number.

    Raises DataFormatError, leaving no file, for a trajectory that is not finite.
    """
    features = system.features(settings)
    metadata = Metadata(
        features=features,
        units=system.units(settings),
        frame_interval=system.frame_interval,
        edge_types=system.edge_types(settings),
        config=settings.model_dump(mode="json"),
        shared_ranges=system.shared_ranges,
    )
    objects = settings.objects
    with DatasetWriter(path, metadata) as writer:
        for split in SPLITS:
            samples, frames = settings.samples[split], settings.frames[split]
            writer.create_split(split, samples, objects, frames, with_edges=True)
            piece = max(1, PIECE_BYTES // (8 * objects * frames * len(features)))
            with tqdm(total=samples, desc=split, unit=" simulations", disable=None) as bar:
                for start in range(0, samples, piece):
                    stop = min(start + piece, samples)
                    trajectories, edges = simulate_samples(system, settings, split, start, stop)
                    writer.write(split, start, trajectories, edges)
                    bar.update(stop - start)
            if bar.disable:
                log.info("%s: %d simulations", split, samples)
