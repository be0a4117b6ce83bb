"""What an encoder or a decoder may need to know to build itself."""

from dataclasses import dataclass

from nri.config.training import TrainingSettings
from nri.data.format import StoredMetadata

__all__ = ["ModelContext"]


@dataclass(frozen=True)
class ModelContext:
    """A run and its data, handed to `Encoder.build` and `Decoder.build`.

    `metadata` is that of the data set: features, units, normalisation, frame interval and the
    settings of its source. `frames` is the length T of the training trajectories, `edge_types`
    the number K of types to tell apart. `objects` is the number N, or None where it is not known:
    most networks work for any N.
    """

    settings: TrainingSettings
    metadata: StoredMetadata
    frames: int
    edge_types: int
    objects: int | None = None

    @property
    def features(self) -> int:
        """The number D of features of a frame."""
        return len(self.metadata.features)

    @property
    def encoder_features(self) -> int:
        """Features of a frame as the encoder sees it: D, or 2D with their changes."""
        return 2 * self.features if self.encoder_sees_changes else self.features

    @property
    def encoder_sees_changes(self) -> bool:
        """Whether the encoder also sees by how much each feature changes."""
        return self.settings.encoder_inputs == "changes"
