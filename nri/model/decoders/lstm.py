"""LSTM baselines: motion predicted from the past alone, without a graph (paper §5)."""

from collections.abc import Sequence

from torch import Tensor, nn

from nri.config.training import TrainingSettings
from nri.model.decoders.layers import RecurrentDecoder, Scaling
from nri.model.nri import NRI, GivenGraph

__all__ = ["JointLSTM", "LSTMState", "SingleLSTM", "build_lstm"]

LSTMState = tuple[Tensor, Tensor]
"""Hidden and cell vectors of both layers: each (2, scenes, H)."""


class JointLSTM(RecurrentDecoder):
    """LSTM (joint): one network for all objects, of which it knows which is which.

    Each object is embedded by the same two-layer MLP; the embeddings, concatenated, go
    through a two-layer LSTM and a two-layer MLP to the change of every object. It has the
    interface of the decoders (`nri.model.decoders`) and does not look at the edges.
    """

    def __init__(self, features: int, hidden: int, objects: int, dropout: float):
        super().__init__()
        width = objects * hidden
        self.scaling = Scaling(features)
        self.embedding = nn.Sequential(
            nn.Linear(features, hidden),
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
            nn.Linear(width, objects * features),
        )

    def forward(
        self, x: Tensor, edges: Tensor | None, state: LSTMState | None
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
    """LSTM (single): one network shared by all objects, each of which is a scene of its own."""

    def __init__(self, features: int, hidden: int, dropout: float):
        super().__init__(features, hidden, 1, dropout)

    def _sequence(self, x: Tensor, state: LSTMState | None) -> tuple[Tensor, LSTMState]:
        predictions, state = super()._sequence(x.unsqueeze(-2), state)
        return predictions.squeeze(-2), state


def build_lstm(
    joint: bool, settings: TrainingSettings, features: Sequence[str], objects: int
) -> NRI:
    """An untrained LSTM in the place of a decoder, to be trained and evaluated like one.

    `features` names those of a frame. It has the settings' `decoder_hidden` units per object.
    The graph it gets, and does not look at, is the full one. Weights come from torch's
    global random state.
    """
    hidden, dropout = settings.decoder_hidden, settings.decoder_dropout
    if joint:
        decoder = JointLSTM(len(features), hidden, objects, dropout)
    else:
        decoder = SingleLSTM(len(features), hidden, dropout)
    return NRI(GivenGraph("full", edge_types=2), decoder, features)
