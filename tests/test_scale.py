"""Large data sets: memory for one copy of a split and some pieces, whatever its size."""

import tracemalloc

import numpy as np
import pytest
import torch

from nri.data.format import Dataset, Metadata
from nri.data.samples import load_samples
from nri.data.writer import DatasetWriter
from nri.graph import matrix_to_edges

CPU = torch.device("cpu")
SAMPLES, PIECE, OBJECTS, FRAMES = 20_000, 1000, 5, 50


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """80 MB of trajectories, written in pieces."""
    path = tmp_path_factory.mktemp("large") / "data.h5"
    metadata = Metadata(("x", "y", "vx", "vy"), ("",) * 4, 0.1, ("none", "some"))
    random = np.random.default_rng(0)
    motion = random.integers(-9, 10, (PIECE, OBJECTS, FRAMES, 4)).astype(np.float32)
    edges = random.integers(0, 2, (PIECE, OBJECTS, OBJECTS))
    with DatasetWriter(path, metadata) as writer:
        writer.create_split("train", SAMPLES, OBJECTS, FRAMES, with_edges=True)
        for start in range(0, SAMPLES, PIECE):
            writer.write("train", start, motion + start, edges)
    return path


def test_pieces_are_all_samples_once(path):
    with Dataset(path) as data:
        pieces = list(data.pieces("train"))
        assert len(pieces) > 3
        assert [number for place in pieces for number in range(place.start, place.stop)] == list(
            range(data.shape("train")[0])
        )


def test_what_is_loaded_in_pieces_is_what_is_stored(path):
    loaded = load_samples(path, "train", CPU)
    with Dataset(path) as data:
        whole, normalisation = data.split("train"), data.metadata.normalisation
    expected = normalisation.apply(whole.trajectories)
    assert np.array_equal(loaded.x.numpy(), expected)
    assert np.array_equal(loaded.edges.numpy(), matrix_to_edges(whole.edges))


def test_loading_takes_one_copy_and_some_pieces(path):
    """tracemalloc sees NumPy's arrays, and not torch's: all but the copy that is returned."""
    tracemalloc.start()
    try:
        loaded = load_samples(path, "train", CPU)
        beside = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = loaded.x.numel() * loaded.x.element_size()
    assert size > 75e6
    assert beside < size / 2  # as a whole, a split took five times its size
