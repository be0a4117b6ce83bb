"""From the settings of a run to its model."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from nri import graph
from nri.choices import DECODERS, ENCODERS, load
from nri.config.identity import GIVEN_GRAPHS
from nri.config.runs import Run
from nri.config.training import TrainingSettings
from nri.data.format import StoredMetadata
from nri.files import ResultsError, make_again
from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.encoders.encoder import Encoder
from nri.model.make_objective import keep_joint_decoder
from nri.model.nri import NRI, EncoderInputs, GivenGraph, InferredGraph
from nri.model.weights import read_weights
from nri.own_network import is_own, load_own, read_own
from nri.records import read_record

__all__ = ["build_model", "load_model"]


def build_model(
    encoder: str,
    decoder: str,
    edge_types: int,
    settings: TrainingSettings,
    metadata: StoredMetadata,
    frames: int,
    objects: int | None = None,
    code: Mapping[str, str] | None = None,
) -> NRI:
    """An untrained model for a data set whose training trajectories have `frames` frames.

    `encoder` is one of `nri.choices.ENCODERS` or GIVEN_GRAPHS, `decoder` one of
    `nri.choices.DECODERS` or "none"; or a class in a file (`nri.own_network`), whose text `code`
    may hold, {"encoder": text}; it is read where it does not. `objects` is the number N of objects,
    or None where it is not known. Weights come from torch's global random state. Raises ValueError
    if the data do not fit the choices: trajectories too short for the encoder, no skeleton, no
    known number of objects.
    """
    context, code = ModelContext(settings, metadata, frames, edge_types, objects), code or {}
    graph = _graph(encoder, context, code.get("encoder"))
    return NRI(graph, _decoder(decoder, context, code.get("decoder")), metadata.features)


def load_model(
    directory: str | os.PathLike,
    metadata: StoredMetadata,
    device: torch.device,
    objects: int | None = None,
) -> tuple[NRI, TrainingSettings]:
    """The trained model of a run and its settings.

    `metadata` and `objects` are those of the data set that it was trained on, as in `build_model`.
    Networks of the user's own are built from the code that the training recorded, which is run.
    Raises ResultsError if its files are not those that the training wrote, or of another data set.
    """
    path = Path(directory, "config.json")
    record = read_record(path, "identity", "training", "weights", "checksum")
    try:
        run = Run.from_record(record)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        raise ResultsError(
            f"{path}: settings of another version ({problem}); {make_again(path)}"
        ) from error
    weights = read_weights(Path(directory), record["weights"])
    model = build_model(
        encoder=run.encoder,
        decoder=run.decoder,
        edge_types=run.edge_types,
        settings=run.training,
        metadata=metadata,
        frames=metadata.config["frames"]["train"],
        objects=objects,
        code=record.get("code"),
    ).to(device)
    keep_joint_decoder(model, run.training.resolved_stages())
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ResultsError(
            f"{directory}: its weights do not fit the model of this version, or not the data set "
            f"({error}); train the run again"
        ) from error
    return model, run.training


def _graph(encoder: str, context: ModelContext, code: str | None) -> InferredGraph | GivenGraph:
    """The graph of a model: inferred by an encoder network, or given."""
    if encoder in GIVEN_GRAPHS:
        skeleton = _skeleton(context.metadata) if encoder == "skeleton" else None
        return GivenGraph(encoder, context.edge_types, skeleton)
    network: type[Encoder] = _network(encoder, ENCODERS, code)
    if context.frames < network.least_frames:
        raise ValueError(
            f"encoder {encoder!r} reads trajectories of {network.least_frames} frames or more, but "
            f"those of the training split have {context.frames}; make them longer "
            "(`frames: {train: …}` of the data set) or choose another encoder"
        )
    inputs = EncoderInputs(context.features, context.encoder_sees_changes)
    return InferredGraph(network.build(context), inputs, context.settings.undirected)


def _skeleton(metadata: StoredMetadata) -> torch.Tensor:
    """Type of each edge of the bone graph: (E,)."""
    if metadata.skeleton is None:
        raise ValueError("encoder 'skeleton' needs a data set with a skeleton")
    return torch.from_numpy(graph.matrix_to_edges(metadata.skeleton)).long()


def _decoder(decoder: str, context: ModelContext, code: str | None) -> Decoder | None:
    """The decoder of a model; "none" is the supervised encoder alone."""
    if decoder == "none":
        return None
    choices = {name: known.choice for name, known in DECODERS.items()}
    network: type[Decoder] = _network(decoder, choices, code)
    built = network.build(context)
    if context.frames <= built.order:
        raise ValueError(
            f"decoder {decoder!r} with `decoder_inputs: changes` learns from trajectories of "
            f"{built.order + 1} frames or more, but those of the training split have "
            f"{context.frames}; make them longer (`frames: {{train: …}}` of the data set)"
        )
    return built


def _network(name: str, choices: Mapping[str, str], code: str | None) -> Any:
    """The class of a network: one of `choices` by its name, or one of the user's own."""
    if is_own(name):
        return load_own(name, read_own(name) if code is None else code)
    return load(choices[name])
