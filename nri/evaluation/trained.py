"""A trained model for use in Python: trajectories in their own units in, graphs and motion out.

import nri

model = nri.load("results/runs/springs5/mlp-mlp-k2-fast/seed1")
model.infer(trajectories)        # the encoder's graphs
model.refine(trajectories)       # the decoder's (docs/posterior.md)
model.predict(trajectories, 20)  # the motion after the last frame
model.judge(trajectories)        # whether the graphs mean anything (docs/verdict.md)
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from nri.config.training import TrainingSettings
from nri.data.format import StoredMetadata
from nri.data.own.windows import SEPARATOR
from nri.data.samples import Samples
from nri.device import choose_device
from nri.evaluation.new_data import InferenceError, trained_metadata
from nri.evaluation.posterior_file import StoredPosterior
from nri.evaluation.protocol import posterior
from nri.evaluation.refine import refined_posterior, refines
from nri.evaluation.strangers import make_pool
from nri.evaluation.verdict import Judgement, judge
from nri.graph import edges_to_matrix
from nri.matching import true_order
from nri.model.build import load_model
from nri.model.latent import one_hot
from nri.model.message_passing import node_count
from nri.model.nri import NRI
from nri.model.rollout import burn_in, free_run
from nri.records import read_record

__all__ = ["Graphs", "TrainedModel", "load"]


@dataclass(frozen=True)
class Graphs:
    """The graphs of S samples of N objects.

    probabilities (S, N, N, K): of each type of the edge from a sender to a receiver,
    `[sample, receiver, sender]`, 0 from an object to itself. names: of the K types, in order.
    """

    probabilities: np.ndarray
    names: tuple[str, ...]

    @property
    def types(self) -> np.ndarray:
        """The most probable type of each edge, (S, N, N), -1 from an object to itself."""
        types = self.probabilities.argmax(-1)
        types[:, np.eye(types.shape[1], dtype=bool)] = -1
        return types

    @property
    def certainty(self) -> np.ndarray:
        """The probability of that type, (S, N, N)."""
        return self.probabilities.max(-1)


class TrainedModel:
    """A model in evaluation mode, as `load` gives it.

    Trajectories are arrays (S, N, T, D) of S samples, N objects, T frames and the D `features` in
    their `units`, or (N, T, D) of one sample. A graph is found from the first `frames` frames,
    `frame_interval` seconds apart. `types` are the names of the edge types.
    """

    def __init__(
        self,
        network: NRI,
        settings: TrainingSettings,
        metadata: StoredMetadata,
        found: StoredPosterior | None,
    ):
        self.network = network.eval()
        self.features, self.units = metadata.features, metadata.units
        self.frame_interval = metadata.frame_interval
        self.frames: int = metadata.config["frames"]["train"]
        self._settings, self._normalisation = settings, metadata.normalisation
        count = network.graph.edge_types
        matching = None if found is None else found.matching
        self._order = np.arange(count) if matching is None else true_order(matching)
        known = () if found is None or matching is None else found.edge_types
        self.types = (*known, *(f"type {number}" for number in range(len(known), count)))[:count]

    def infer(self, trajectories: np.ndarray) -> Graphs:
        """The encoder's graphs, the paper's."""
        samples = self._samples(trajectories)
        return self._graphs(posterior(self.network, samples, self.frames))

    def refine(self, trajectories: np.ndarray) -> Graphs:
        """The graphs by the decoder's likelihood; raises InferenceError where there is none."""
        return self._graphs(self._refined(self._samples(trajectories)))

    def judge(self, trajectories: np.ndarray) -> Judgement:
        """Whether there is evidence that anything acts on anything, and on which edges.

        Each sample counts as a recording of its own, in which the same objects play: they are
        compared with those in the same place of other samples, so that some twenty are needed.
        """
        samples = self._samples(trajectories)
        count, objects = samples.x.shape[:2]
        names = SEPARATOR.join(map(str, range(objects)))
        windows = pd.DataFrame(
            {"recording": map(str, range(count)), "start": 0.0, "objects": names}
        )
        refine = refines(self.network)
        graphs = self._refined(samples) if refine else posterior(self.network, samples, self.frames)
        return judge(
            models=[(self.network, self._settings)],
            samples=samples.first_frames(self.frames),
            windows=windows,
            pool=make_pool([samples.x.cpu().numpy()], [windows], self.frames, self.frame_interval),
            posteriors=graphs.numpy()[np.newaxis],
            refine=refine,
        )

    @torch.no_grad()
    def predict(self, trajectories: np.ndarray, steps: int, refined: bool = False) -> np.ndarray:
        """The `steps` frames after the last one, (S, N, steps, D), under the most probable graphs.

        refined: under those of `refine`. Raises InferenceError for an encoder alone.
        """
        samples, decoder = self._samples(trajectories), self.network.decoder
        if decoder is None:
            raise InferenceError("the model is an encoder alone and predicts no motion")
        if refined:
            probabilities = self._refined(samples)
        else:
            probabilities = posterior(self.network, samples, self.frames)
        edges = one_hot(probabilities).to(samples.x)
        past, last = samples.x[:, :, :-1], samples.x[:, :, -1]
        state = burn_in(decoder, past, edges)
        motion = free_run(decoder, last, edges, steps, state).transpose(1, 2)
        return self._normalisation.invert(motion.cpu().numpy())

    def _samples(self, trajectories: np.ndarray) -> Samples:
        """Trajectories as the model sees them; raises InferenceError if they do not fit."""
        values = np.asarray(trajectories, dtype=np.float32)
        values = values[np.newaxis] if values.ndim == 3 else values
        wanted = f"(samples, objects, frames, {len(self.features)}: {', '.join(self.features)})"
        if values.ndim != 4 or values.shape[-1] != len(self.features):
            raise InferenceError(f"trajectories have shape {values.shape}, expected {wanted}")
        if values.shape[1] < 2:
            raise InferenceError("trajectories of one object: a graph joins two or more")
        if values.shape[2] < self.frames:
            raise InferenceError(f"{values.shape[2]} frames, but the model sees {self.frames}")
        if not np.isfinite(values).all():
            raise InferenceError("trajectories hold values that are not finite numbers")
        device = self.network.median_change.device
        return Samples(torch.from_numpy(self._normalisation.apply(values)).to(device), None)

    def _refined(self, samples: Samples) -> Tensor:
        if not refines(self.network):
            raise InferenceError("the model has no trained decoder to refine graphs with")
        seen = posterior(self.network, samples, self.frames)
        return refined_posterior(self.network, self._settings, samples, self.frames, seen)[0]

    def _graphs(self, probabilities: Tensor) -> Graphs:
        """Of probabilities (S, E, K) in the model's own order of types."""
        edges_last = np.moveaxis(probabilities.numpy()[..., self._order], 1, -1)
        matrices = edges_to_matrix(edges_last, node_count(edges_last.shape[-1]))
        return Graphs(np.moveaxis(matrices, 1, -1), self.types)


def load(directory: str | os.PathLike, run_code: bool = False) -> TrainedModel:
    """The trained model of a run, results/runs/DATASET/RUN/seedN.

    Its edge types have the names of the true ones that evaluation matched them with, where that is
    known (posterior.npz beside the weights). A run with a network of somebody's own has its code in
    config.json, and only `run_code` allows to run it. Raises ResultsError if the directory is no
    run or its files are damaged, InferenceError if the run infers no graph or has such code.
    """
    metadata = trained_metadata(directory)
    record = Path(directory, "config.json")
    if (code := read_record(record).get("code")) and not run_code:
        raise InferenceError(
            f"{record}: the {' and the '.join(code)} of this run is a class of its author's own, "
            "whose code is in this file and would be run; read it, then say run_code=True"
        )
    network, settings = load_model(directory, metadata, choose_device())
    path = Path(directory, "posterior.npz")
    found = StoredPosterior.load(path) if path.exists() else None
    return TrainedModel(network, settings, metadata, found)
