"""From the settings of a run to its model."""

import json
import os
from pathlib import Path

import torch
from safetensors.torch import load_file

from nri import graph
from nri.config.identity import GIVEN_GRAPHS
from nri.config.runs import Run
from nri.config.training import TrainingSettings
from nri.data.format import Metadata
from nri.model.decoders.lstm import build_lstm
from nri.model.decoders.mlp import MLPDecoder
from nri.model.decoders.rnn import RNNDecoder
from nri.model.decoders.simulator import SimulationDecoder
from nri.model.encoders.cnn import CNNEncoder
from nri.model.encoders.mlp import MLPEncoder
from nri.model.encoders.node_cnn import NodeCNNEncoder
from nri.model.nri import NRI, EncoderInputs, GivenGraph, InferredGraph

__all__ = ["DECODERS", "ENCODERS", "build_model", "load_model"]

ENCODERS = {"mlp": MLPEncoder, "cnn": CNNEncoder, "node-cnn": NodeCNNEncoder}
DECODERS = {"mlp": MLPDecoder, "rnn": RNNDecoder}


def build_model(
    encoder: str,
    decoder: str,
    edge_types: int,
    settings: TrainingSettings,
    metadata: Metadata,
    frames: int,
    objects: int | None = None,
) -> NRI:
    """An untrained model for a data set whose training trajectories have `frames` frames.

    `encoder` is one of ENCODERS or GIVEN_GRAPHS, `decoder` one of DECODERS, "sim" or
    "none". Weights come from torch's global random state. Raises ValueError for a
    skeleton graph of a data set that has none.
    """
    features = len(metadata.features)
    if decoder.startswith("lstm"):
        return build_lstm(decoder == "lstm-joint", settings, metadata.features, objects)
    return NRI(
        _graph(encoder, edge_types, settings, metadata, features, frames),
        _decoder(decoder, edge_types, settings, metadata, features),
        metadata.features,
    )


def load_model(
    directory: str | os.PathLike,
    metadata: Metadata,
    device: torch.device,
    objects: int | None = None,
) -> tuple[NRI, TrainingSettings]:
    """The trained model of a run and its settings; `metadata` is that of its data set."""
    record = json.loads(Path(directory, "config.json").read_text())
    run = Run.from_record(record)
    model = build_model(
        encoder=run.encoder,
        decoder=run.decoder,
        edge_types=run.edge_types,
        settings=run.training,
        metadata=metadata,
        frames=metadata.config["frames"]["train"],
        objects=objects,
    ).to(device)
    model.load_state_dict(load_file(Path(directory, "model.safetensors"), device=str(device)))
    return model, run.training


def _graph(
    encoder: str,
    edge_types: int,
    settings: TrainingSettings,
    metadata: Metadata,
    features: int,
    frames: int,
) -> InferredGraph | GivenGraph:
    if encoder in GIVEN_GRAPHS:
        skeleton = None
        if encoder == "skeleton":
            if metadata.skeleton is None:
                raise ValueError("encoder 'skeleton' needs a data set with a skeleton")
            skeleton = torch.from_numpy(graph.matrix_to_edges(metadata.skeleton)).long()
        return GivenGraph(encoder, edge_types, skeleton)
    inputs = EncoderInputs(features, settings.encoder_inputs == "changes")
    network = ENCODERS[encoder](
        frames, inputs.features, settings.encoder_hidden, edge_types, settings.encoder_dropout
    )
    return InferredGraph(network, inputs, settings.undirected)


def _decoder(
    decoder: str,
    edge_types: int,
    settings: TrainingSettings,
    metadata: Metadata,
    features: int,
) -> torch.nn.Module | None:
    if decoder == "none":
        return None
    if decoder == "sim":
        system = metadata.config["source"]
        strengths = metadata.config["strengths"] if system == "springs" else (-1.0, 1.0)
        return SimulationDecoder(
            *(system, strengths, metadata.normalisation, metadata.frame_interval),
            settings.simulation_steps,
        )
    return DECODERS[decoder](
        *(features, settings.decoder_hidden, edge_types),
        *(settings.skip_first, settings.decoder_dropout),
    )
