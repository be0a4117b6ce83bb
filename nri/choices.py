"""What can be chosen by name in a configuration: a line for each data source, encoder and decoder.

A line names a module and a class in a string, "nri.model.encoders.mlp:MLPEncoder", so that reading
these tables loads none of them (`load` does). `nri.config.dependencies` follows such a string as
it follows an import; a job depends on the choices that it makes and on no other.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["DECODERS", "ENCODERS", "SOURCES", "DecoderChoice", "load"]

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


def load(choice: str) -> Any:
    """The class that a string "MODULE:NAME" names."""
    module, name = choice.split(":")
    return getattr(import_module(module), name)
