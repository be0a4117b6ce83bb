"""The settings of one training, as the config resolves them."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

__all__ = ["TrainingSettings"]


@dataclass(frozen=True)
class TrainingSettings:
    """Every setting of a training; the config reference (docs/config.md) explains each.

    `stages` are trained one after the other with the settings they override; without
    any, there is the one stage of the settings as they are.
    """

    # The model
    encoder_hidden: int
    decoder_hidden: int
    encoder_dropout: float
    decoder_dropout: float
    encoder_inputs: str
    standardise: bool
    skip_first: bool
    undirected: bool
    simulation_steps: int
    # The objective
    prior: str | list[float]
    temperature: float
    straight_through: bool
    noise_ramp: list[float] | None
    likelihood: str
    likelihood_features: str | list[str]
    variance: float
    residual_scale: float
    degrees_of_freedom: float
    prediction_steps: int
    loss_windows: str | int
    # The optimisation
    freeze: str | None
    epochs: float
    batch_size: int
    learning_rate: float
    learning_rate_schedule: str
    learning_rate_every: int
    learning_rate_factor: float
    gradient_clip: float | None
    stages: list[dict[str, Any]]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrainingSettings":
        """From a mapping that has exactly the fields; raises ValueError naming the others."""
        names = {field.name for field in fields(cls)}
        if wrong := names.symmetric_difference(values):
            raise ValueError(f"training settings missing or unknown: {', '.join(sorted(wrong))}")
        return cls(**values)

    def continuable(self) -> list[list[dict[str, Any]]]:
        """For each stage what its updates depend on: the stages before it, and all of its own
        settings but its length, unless a schedule spans it.
        """
        stages = [asdict(stage) for stage in self.resolved_stages()]
        dependencies = []
        for number, stage in enumerate(stages):
            spanned = stage["learning_rate_schedule"] == "cosine" or stage["noise_ramp"] is not None
            own = {key: stage[key] for key in stage if spanned or key != "epochs"}
            dependencies.append([*stages[:number], own])
        return dependencies

    def resolved_stages(self) -> "list[TrainingSettings]":
        """The settings of each stage, in order."""
        return [replace(self, stages=[], **overrides) for overrides in self.stages or [{}]]
