"""Try networks of the user's own on a tiny batch, before any data are made or anything is trained.

python -m nri.model.own_check < RUNS.json

RUNS.json: a list of {"run": a `nri.config.runs.Run`, "dataset": the settings of its data set}. The
first network that does not keep its contract (docs/extending.md) ends the program, with the reason.
"""

import json
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nri.choices import SOURCES, decoder_choice, load
from nri.config.runs import Run
from nri.data.format import StoredMetadata
from nri.data.normalisation import Normalisation
from nri.data.source import Source
from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.encoders.encoder import Encoder
from nri.own_network import load_own, own_file, read_own

__all__ = ["ContractError", "check_networks"]

SAMPLES, WINDOWS, OBJECTS = 2, 3, 3  # OBJECTS where the data set does not say how many


class ContractError(ValueError):
    """A network that does not keep its contract; the message names file, class and reason."""


def check_networks(run: Run, dataset: dict[str, Any]) -> None:
    """Build the networks of the user's own that a run has, and ask each for one small answer.

    dataset: the settings of its data set, of which features, frames and objects are taken. Raises
    ContractError if a class is of another kind, fails, or gives other shapes than it should.
    """
    context = _context(run, dataset)
    for role, choice in run.own_networks.items():
        network = _tried(choice, partial(_load, choice))
        kind = Encoder if role == "encoder" else Decoder
        if not (isinstance(network, type) and issubclass(network, kind)):
            raise _error(choice, f"is no subclass of {kind.__module__}.{kind.__name__}")
        built = _tried(choice, partial(network.build, context))
        if not isinstance(built, kind):
            raise _error(choice, f"`build` gives a {type(built).__name__}, not a {kind.__name__}")
        (_check_encoder if role == "encoder" else _check_decoder)(choice, built, context)


def _load(choice: str) -> Any:
    return load_own(choice, read_own(choice))


def _context(run: Run, dataset: dict[str, Any]) -> ModelContext:
    """What the networks of a run are built from, as far as it is known before the data are made."""
    source: type[Source] = load(SOURCES[dataset["source"]])
    settings = source.Settings.model_validate(dataset)
    features = source.features(settings)
    ones = np.ones(len(features))
    metadata = StoredMetadata(
        features=features,
        units=source.units(settings),
        frame_interval=1.0,
        edge_types=source.edge_types(settings),
        config=dataset,
        normalisation=Normalisation(-ones, ones),
    )
    objects = getattr(settings, "objects", None) or OBJECTS
    return ModelContext(run.training, metadata, settings.frames.train, run.edge_types, int(objects))


def _check_encoder(choice: str, encoder: Any, context: ModelContext) -> None:
    """Trajectories → logits of each edge's type."""
    nodes, types = context.objects or OBJECTS, context.edge_types
    if getattr(encoder, "edge_types", None) != types:
        raise _error(choice, f"call super().__init__(edge_types): {types} edge types are asked for")
    if context.frames < encoder.least_frames:
        problem = f"least_frames is {encoder.least_frames}, but the data set's training samples"
        raise _error(choice, f"{problem} have {context.frames} frames")
    x = torch.randn(SAMPLES, nodes, context.frames, context.encoder_features)
    wanted = (SAMPLES, nodes * (nodes - 1), types)
    logits = _tried(choice, lambda: encoder(x))
    _check(choice, logits, "of trajectories", x, wanted, "(samples, edges, edge types)")
    _check_gradient(choice, encoder, logits)


def _check_decoder(choice: str, decoder: Any, context: ModelContext) -> None:
    """A frame and a graph → the next frame; as windows of several frames, and as trajectories."""
    nodes, types = context.objects or OBJECTS, context.edge_types
    edges = nn.functional.one_hot(torch.randint(types, (SAMPLES, nodes * (nodes - 1))), types)
    frame = torch.randn(SAMPLES, nodes, context.features)
    graph, shape = edges.to(frame.dtype), "(…, objects, features)"
    predicted = _step(choice, decoder, frame, graph)
    _check(choice, predicted, "of frames", frame, tuple(frame.shape), shape)
    _check_gradient(choice, decoder, predicted)
    if not decoder.recurrent:
        frames = torch.randn(SAMPLES, WINDOWS, nodes, context.features)
        windows = graph.unsqueeze(1).expand(-1, WINDOWS, -1, -1)
        predicted = _step(choice, decoder, frames, windows)
        _check(choice, predicted, "of windows of frames", frames, tuple(frames.shape), shape)
    said = decoder_choice(choice)
    for name, known in (("recurrent", said.memory), ("tabulated", said.tables)):
        if getattr(decoder, name) != known:
            raise _error(choice, f"write `{name} = True` in the class itself: it is read, not run")


def _step(choice: str, decoder: Any, frame: Tensor, graph: Tensor) -> Any:
    answer = _tried(choice, lambda: decoder(frame, graph, None))
    if not (isinstance(answer, tuple) and len(answer) == 2):
        raise _error(
            choice, "`forward` gives no pair; return the next frame and the state, or None"
        )
    return answer[0]


def _check(
    choice: str, answer: Any, of: str, given: Tensor, wanted: tuple[int, ...], axes: str
) -> None:
    """Raise ContractError unless `forward` gave finite numbers of the shape `wanted`."""
    if not isinstance(answer, Tensor):
        raise _error(choice, f"`forward` gives a {type(answer).__name__}, not a tensor")
    if tuple(answer.shape) != wanted:
        raise _error(
            choice,
            f"`forward` gives {tuple(answer.shape)} {of} {tuple(given.shape)}; "
            f"expected {wanted}: {axes}",
        )
    if not answer.isfinite().all():
        raise _error(choice, f"`forward` gives numbers that are not finite {of} drawn at random")


def _check_gradient(choice: str, network: nn.Module, answer: Tensor) -> None:
    if any(weight.requires_grad for weight in network.parameters()) and not answer.requires_grad:
        raise _error(choice, "its answer does not depend on its weights, so nothing can be learned")


def _tried(choice: str, step: Callable[[], Any]) -> Any:
    """What a step of the user's code gives; raises ContractError with the line where it fails."""
    try:
        return step()
    except Exception as error:
        path = str(own_file(choice))
        lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
        where = f"line {lines[-1].lineno}, in {lines[-1].name}: " if lines else ""
        problem = f"{where}{type(error).__name__}: {error}"
        if isinstance(error, ImportError):
            problem += (
                "; a network is one file, which may import this library and what is installed"
            )
        raise _error(choice, problem) from error


def _error(choice: str, problem: str) -> ContractError:
    return ContractError(f"{choice}: {problem}")


def main() -> None:
    """Check the networks of all runs on the standard input."""
    for entry in json.load(sys.stdin):
        try:
            check_networks(Run.model_validate(entry["run"]), entry["dataset"])
        except ContractError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
