"""LSTM baselines: motion predicted from the past alone, without a graph (paper §5)."""

from typing import Self

from torch import Tensor, nn

from nri.model.context import ModelContext
from nri.model.decoders.decoder import Decoder
from nri.model.decoders.layers import Scaling
from nri.model.precision import ExactLinear

__all__ = ["JointLSTM", "LSTMState", "SingleLSTM"]

LSTMState = tuple[Tensor, Tensor]
"""Hidden and cell vectors of both layers: each (2, scenes, H)."""


class JointLSTM(Decoder):
    """LSTM (joint): one network for all objects, which knows them by their order.

    Each object is embedded by the same two-layer MLP; the embeddings, concatenated, go
    through a two-layer LSTM and a two-layer MLP to the change of every object. The network
    stands in the place of a decoder and ignores the graph.
    """

    recurrent = True
    scaling: Scaling

    def __init__(self, features: int, hidden: int, objects: int, dropout: float):
        super().__init__(Scaling(features))
        width = objects * hidden
        self.embedding = nn.Sequential(
            ExactLinear(features, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
        )
        self.lstm = nn.LSTM(width, width, num_layers=2)
        self.output = nn.Sequential(
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            ExactLinear(width, objects * features),
        )

    @classmethod
    def build(cls, context: ModelContext) -> Self:
        """An untrained LSTM with `decoder_hidden` units per object.

        Weights come from torch's global random state. Raises ValueError if the number of objects
        is not known.
        """
        if context.objects is None:
            raise ValueError("an LSTM for all objects together needs their number; give `objects`")
        return cls(
            features=context.features,
            hidden=context.settings.decoder_hidden,
            objects=context.objects,
            dropout=context.settings.decoder_dropout,
        )

    def forward(
        self, x: Tensor, edges: Tensor | None, state: LSTMState | None = None
    ) -> tuple[Tensor, LSTMState]:
        """One frame (..., N, D) → the next frame and the next state."""
        predictions, state = self._sequence(x.unsqueeze(0), state)
        return predictions[0], state

    def observe(self, x: Tensor, edges: Tensor | None) -> tuple[Tensor, LSTMState]:
        """Feed all frames of x (B, N, T, D): the next of each, (B, T, N, D), and the state."""
        predictions, state = self._sequence(x.permute(2, 0, 1, 3), None)
        return predictions.transpose(0, 1), state

    def _sequence(self, x: Tensor, state: LSTMState | None) -> tuple[Tensor, LSTMState]:
        """Frames (T, ..., N, D) → the next of each and the state after the last."""
        embedded = self.embedding(self.scaling.inputs(x)).flatten(-2)  # (T, ..., N·H)
        scenes = embedded.reshape(len(x), -1, embedded.shape[-1])
        hidden, state = self.lstm(scenes, state)
        return self.scaling.advance(x, self.output(hidden).reshape(x.shape)), state


class SingleLSTM(JointLSTM):
    """LSTM (single): one network shared by all objects, each of them alone in a scene."""

    def __init__(self, features: int, hidden: int, dropout: float):
        super().__init__(features, hidden, 1, dropout)

    @classmethod
    def build(cls, context: ModelContext) -> Self:
        """An untrained LSTM of `decoder_hidden` units; weights as in `JointLSTM.build`."""
        return cls(
            features=context.features,
            hidden=context.settings.decoder_hidden,
            dropout=context.settings.decoder_dropout,
        )

    def _sequence(self, x: Tensor, state: LSTMState | None) -> tuple[Tensor, LSTMState]:
        predictions, state = super()._sequence(x.unsqueeze(-2), state)
        return predictions.squeeze(-2), state
