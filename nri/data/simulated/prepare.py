"""A simulated dataset: from its settings to its file, in pieces that fit in memory."""

import logging
import os

import numpy as np
from tqdm import tqdm

from nri.data.format import Metadata
from nri.data.simulated.charged import Charged
from nri.data.simulated.kuramoto import Kuramoto
from nri.data.simulated.randomness import generators
from nri.data.simulated.springs import Springs
from nri.data.writer import DatasetWriter

__all__ = ["FRAME_INTERVAL", "System", "simulate_dataset", "simulate_samples", "system_of"]

System = Springs | Charged | Kuramoto

FRAME_INTERVAL = 0.1  # seconds, of all three systems
PIECE_BYTES = 2**26  # of the trajectories (float64) in memory at a time

log = logging.getLogger(__name__)


def system_of(settings: dict) -> System:
    """The system that a dataset's settings describe.

    Raises ValueError if they contradict themselves or name an unknown source.
    """
    match settings["source"]:
        case "springs":
            strengths, probabilities = settings["strengths"], settings["probabilities"]
            if len(strengths) != len(probabilities):
                raise ValueError(
                    f"probabilities: {len(probabilities)} given for {len(strengths)} strengths; "
                    "give one for each"
                )
            system = Springs(tuple(strengths), tuple(probabilities))
        case "charged":
            return Charged()
        case "kuramoto":
            system = Kuramoto(tuple(settings["probabilities"]))
            if len(system.probabilities) != 2:
                raise ValueError("probabilities: give two, of 'none' and of 'coupled'")
        case source:
            raise ValueError(f"source: '{source}' is not one of springs, charged, kuramoto")
    if min(system.probabilities) < 0 or abs(sum(system.probabilities) - 1) > 1e-9:
        raise ValueError(f"probabilities: {list(system.probabilities)} do not add up to 1")
    return system


def simulate_samples(
    system: System, settings: dict, split: str, start: int, stop: int
) -> tuple[np.ndarray, np.ndarray]:
    """Samples [start, stop) of a split, the same whatever else is simulated.

    Returns trajectories (samples, objects, frames, features) float64 and edges (samples,
    objects, objects) int8.
    """
    streams = generators(settings["seed"], split, start, stop)
    initial, edges = system.draw(streams, settings["objects"])
    return system.simulate(initial, edges, settings["frames"][split]), edges


def simulate_dataset(settings: dict, path: str | os.PathLike) -> None:
    """Write the dataset file (docs/data_format.md) that `settings` describe.

    Progress is a bar on a terminal, a line in the log per split elsewhere. Uses all of
    numba's threads (`numba.set_num_threads`); the result does not depend on their number.

    Raises ValueError for settings that contradict themselves, before anything is written,
    and DataFormatError, leaving no file, for a trajectory that is not finite.
    """
    system = system_of(settings)
    metadata = Metadata(
        features=system.features,
        units=system.units,
        frame_interval=FRAME_INTERVAL,
        edge_types=system.edge_types,
        config=settings,
        shared_ranges=system.shared_ranges,
    )
    objects = settings["objects"]
    with DatasetWriter(path, metadata) as writer:
        for split, samples in settings["samples"].items():
            frames = settings["frames"][split]
            writer.create_split(split, samples, objects, frames, with_edges=True)
            piece = max(1, PIECE_BYTES // (8 * objects * frames * len(system.features)))
            with tqdm(total=samples, desc=split, unit=" simulations", disable=None) as bar:
                for start in range(0, samples, piece):
                    stop = min(start + piece, samples)
                    trajectories, edges = simulate_samples(system, settings, split, start, stop)
                    writer.write(split, start, trajectories, edges)
                    bar.update(stop - start)
            if bar.disable:
                log.info("%s: %d simulations", split, samples)
