"""predictions.h5: what a model saw, predicted and inferred of every test sample, in own units.

The format is that of docs/results.md. It is for other tools, and is written on demand.
"""

import json
import os
from typing import Any

import h5py
import numpy as np
from torch import Tensor

from nri import __version__
from nri.data.format import Split, StoredMetadata
from nri.data.samples import Samples
from nri.evaluation.posterior_file import StoredPosterior
from nri.evaluation.protocol import BATCH, predict
from nri.files import atomic_path
from nri.graph import edges_to_matrix
from nri.matching import true_order
from nri.model.latent import one_hot
from nri.model.nri import NRI

__all__ = ["FORMAT", "write_predictions"]

FORMAT = "nri-predictions"


def write_predictions(
    path: str | os.PathLike,
    model: NRI,
    metadata: StoredMetadata,
    split: Split,
    samples: Samples,
    run: dict[str, Any],
    found: StoredPosterior | None,
) -> None:
    """Write the file: predictions from the frame that evaluation starts from, to the last one.

    split: the test split in own units; samples: the same as the model sees it. run: what it is, as
    config.json says. found: the graphs that evaluation found, None of a model that infers none.
    """
    frames = metadata.config["frames"]["train"]
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs.update(
            format=FORMAT,
            version=1,
            features=metadata.features,
            units=metadata.units,
            frame_interval=metadata.frame_interval,
            edge_types=metadata.edge_types,
            run=json.dumps(run, sort_keys=True),
            created_by=f"nri {__version__}",
        )
        _write(file, "observed", split.trajectories[:, :, : frames + 1])
        _write(file, "truth", split.trajectories[:, :, frames + 1 :])
        if split.edges is not None:
            _write(file, "edges", split.edges)
        if found is not None:
            _write_posteriors(file, found, samples.x.shape[1])
        if model.decoder is not None:
            _write(file, "predicted", _motion(model, metadata, samples, frames, None))
            if found is not None and found.refined is not None:
                edges = one_hot(_tensor(found.refined, samples))
                motion = _motion(model, metadata, samples, frames, edges)
                _write(file, "predicted_refined", motion)


def _tensor(values: np.ndarray, samples: Samples) -> Tensor:
    """An array on the device of the samples."""
    return samples.x.new_tensor(values)


def _write_posteriors(file: h5py.File, found: StoredPosterior, nodes: int) -> None:
    """Probabilities (S, N, N, K), [sample, receiver, sender], types in the order of true ones."""
    for name, posterior, matching in (
        ("posterior", found.inferred, found.matching),
        ("refined", found.refined, found.refined_matching),
        ("tempered", found.tempered, found.refined_matching),
    ):
        if posterior is None:
            continue
        order = np.arange(posterior.shape[-1]) if matching is None else true_order(matching)
        matrices = edges_to_matrix(np.moveaxis(posterior[..., order], -1, 1), nodes)
        _write(file, name, np.moveaxis(matrices, 1, -1))


def _motion(
    model: NRI, metadata: StoredMetadata, samples: Samples, frames: int, edges: Tensor | None
) -> np.ndarray:
    """All frames after the one that predictions start from: (S, N, H, D) in own units.

    edges (S, E, K): the graph to predict under; the model's own by default.
    """
    horizon = samples.x.shape[2] - frames - 1
    pieces = []
    for number, batch in enumerate(samples.batches(BATCH)):
        rows = slice(number * BATCH, number * BATCH + len(batch))
        given = None if edges is None else edges[rows]
        motion = predict(model, batch, frames, horizon, edges=given).transpose(1, 2)
        pieces.append(metadata.normalisation.invert(motion.cpu().numpy()))
    return np.concatenate(pieces)


def _write(file: h5py.File, name: str, values: np.ndarray) -> None:
    """One array, in chunks of samples, compressed with what every HDF5 reads."""
    chunk = max(1, min(len(values), 2**20 // max(1, values[0].nbytes)))
    file.create_dataset(
        name,
        data=values,
        chunks=(chunk, *values.shape[1:]),
        compression="gzip",
        compression_opts=4,
        shuffle=True,
    )
