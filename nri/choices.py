"""What can be chosen by name in a configuration: a line for each data source, encoder and decoder.

A run may also choose a class in a file of the user's own, "path/to/my.py:MyEncoder".

A line names a module and a class in a string, "nri.model.encoders.mlp:MLPEncoder", so that reading
these tables loads none of them (`load` does). `nri.config.dependencies` follows such a string as
it follows an import; a job depends on the choices that it makes and on no other.
"""

import ast
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from nri.own_network import class_of, is_own, read_own, says_true

__all__ = ["DECODERS", "ENCODERS", "SOURCES", "DecoderChoice", "decoder_choice", "load"]

SOURCES = {
    "springs": "nri.data.simulated.springs:Springs",
    "charged": "nri.data.simulated.charged:Charged",
    "kuramoto": "nri.data.simulated.kuramoto:Kuramoto",
    "mocap": "nri.data.mocap.source:Mocap",
    "basketball": "nri.data.basketball.source:Basketball",
    "own": "nri.data.own.source:Own",
}
"""Where data come from: subclasses of `nri.data.source.Source`."""

ENCODERS = {
    "mlp": "nri.model.encoders.mlp:MLPEncoder",
    "cnn": "nri.model.encoders.cnn:CNNEncoder",
    "node-cnn": "nri.model.encoders.node_cnn:NodeCNNEncoder",
}
"""Encoder networks: subclasses of `nri.model.encoders.encoder.Encoder`."""


@dataclass(frozen=True)
class DecoderChoice:
    """A decoder. memory: it has a state, and needs a burn-in. tables: the posterior of its graphs
    can be computed from tables. baseline: it ignores the graph.
    """

    choice: str
    memory: bool = False
    tables: bool = False
    baseline: bool = False


DECODERS = {
    "mlp": DecoderChoice("nri.model.decoders.mlp:MLPDecoder", tables=True),
    "rnn": DecoderChoice("nri.model.decoders.rnn:RNNDecoder", memory=True),
    "sim": DecoderChoice("nri.model.decoders.simulator:SimulationDecoder"),
    "lstm-single": DecoderChoice("nri.model.decoders.lstm:SingleLSTM", memory=True, baseline=True),
    "lstm-joint": DecoderChoice("nri.model.decoders.lstm:JointLSTM", memory=True, baseline=True),
}
"""Decoder networks: subclasses of `nri.model.decoders.decoder.Decoder`."""


def decoder_choice(decoder: str) -> DecoderChoice:
    """What is known of a decoder; one of the user's own says it in its class, which is not run."""
    if not is_own(decoder):
        return DECODERS[decoder]
    wanted = class_of(decoder)
    classes = (node for node in ast.parse(read_own(decoder)).body if isinstance(node, ast.ClassDef))
    definition = next(node for node in classes if node.name == wanted)
    memory, tables = (says_true(name, definition) for name in ("recurrent", "tabulated"))
    return DecoderChoice(decoder, memory=memory, tables=tables)


def load(choice: str) -> Any:
    """The class that a string "MODULE:NAME" names."""
    module, name = choice.split(":")
    return getattr(import_module(module), name)
