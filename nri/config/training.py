"""The settings of a training: type, bounds, default (the paper's), help and where each applies."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from nri.choices import DECODERS, ENCODERS
from nri.declare import AboveZero, Distinct, Fraction, Positive, Settings, setting
from nri.own_network import is_own

__all__ = ["ModelSettings", "StageOverrides", "StageSettings", "TrainingSettings"]

NETWORK = {"encoder": tuple(ENCODERS)}
PREDICTION = {"decoder": tuple(DECODERS)}
WEIGHTS = {"decoder": tuple(name for name in DECODERS if name != "sim")}
MESSAGES = tuple(name for name, choice in DECODERS.items() if name != "sim" and not choice.baseline)
TYPE_ZERO = {"decoder": (*MESSAGES, "none")}
WINDOWS = {"decoder": tuple(name for name, choice in DECODERS.items() if not choice.memory)}
SAMPLED_GRAPH = {**NETWORK, **PREDICTION, "graph": "sampled", "freeze": (None, "decoder")}

Width = Annotated[int, Field(ge=1, le=65536)]


class ModelSettings(Settings):
    """What a model is made of, and its precision: the same in all stages of a training."""

    encoder_hidden: Width = setting(256, applies_to=NETWORK)
    """Width of the encoder."""
    decoder_hidden: Width = setting(256, applies_to=WEIGHTS)
    """Width of the decoder."""
    encoder_dropout: Fraction = setting(0.0, applies_to=NETWORK)
    """Dropout in the encoder's MLPs and convolution."""
    decoder_dropout: Fraction = setting(0.0, applies_to=WEIGHTS)
    """Dropout in the decoder's networks."""
    encoder_inputs: Literal["features", "changes"] = setting("features", applies_to=NETWORK)
    """The encoder sees the features (the paper), or standardised features and their changes."""
    decoder_inputs: Literal["features", "changes"] = setting(
        "features", applies_to={"decoder": "mlp"}
    )
    """The decoder sees the last frame (the paper), or also how it differs from the one before."""
    standardise: bool = setting(False, applies_to=WEIGHTS)
    """Let the decoder work in units fitted to the training data (the paper does not)."""
    skip_first: bool = setting(False, applies_to=TYPE_ZERO)
    """Type 0 means "no edge": it sends no messages, and inferred graphs do not show it."""
    undirected: bool = setting(False, applies_to=NETWORK)
    """Both directions of a pair share their posterior and their sample."""
    simulation_steps: Positive = setting(1, applies_to={"decoder": "sim"})
    """Integration steps per frame of the simulation decoder."""
    # The default is the way of all runs that were trained before there was a choice: it is no part
    # of what they depend on.
    precision: Literal["float32", "bf16"] = setting("float32", applies_to={"precision": "bf16"})
    """Precision of the products of hidden layers in training: `bf16` is faster on processors that
    have it (docs/recipes.md); others use float32. Evaluations are in float32."""


class StageSettings(Settings):
    """The objective and its optimisation: each stage of a training may override them."""

    formerly: ClassVar[Mapping[str, str]] = {
        "hard": "straight_through",
        "windows": "loss_windows",
        "trains": "freeze",
    }

    prior: (
        Literal["uniform"]
        | Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=2)]
    ) = setting("uniform", applies_to={**NETWORK, **PREDICTION})
    """Prior probability of each edge type, or `uniform`."""
    temperature: AboveZero = setting(0.5, applies_to=SAMPLED_GRAPH)
    """Temperature τ of the Gumbel-softmax."""
    straight_through: bool = setting(False, applies_to=SAMPLED_GRAPH)
    """Sample one-hot graphs in training, with straight-through gradients."""
    noise_ramp: Annotated[list[Fraction], Field(min_length=2, max_length=2)] | None = setting(
        None, applies_to=SAMPLED_GRAPH
    )
    """Shares of a stage at which Gumbel noise begins and is full; null is full from the start."""
    likelihood: Literal["gaussian", "student_t"] = setting("gaussian", applies_to=PREDICTION)
    """Distribution of a residual: Gaussian (the paper) or Student's t."""
    likelihood_features: Literal["all"] | Annotated[list[str], Field(min_length=1), Distinct] = (
        setting("all", applies_to=PREDICTION)
    )
    """Names of the features whose residuals count, or `all`."""
    variance: AboveZero = setting(5e-5, applies_to={**PREDICTION, "likelihood": "gaussian"})
    """Variance σ² of the Gaussian likelihood, in normalised units."""
    residual_scale: AboveZero = setting(1.0, applies_to={**PREDICTION, "likelihood": "student_t"})
    """Scale of Student's t, in median changes of a frame."""
    degrees_of_freedom: AboveZero = setting(
        2.0, applies_to={**PREDICTION, "likelihood": "student_t"}
    )
    """Degrees of freedom ν of Student's t."""
    prediction_steps: Positive = setting(10, applies_to=PREDICTION)
    """Frames M that the decoder runs freely between two true ones."""
    loss_windows: Literal["all"] | Positive = setting("all", applies_to=WINDOWS)
    """Windows of M frames per sample and update that the loss is estimated from, or `all`."""
    graph: Literal["sampled", "posterior", "refined"] = setting(
        "sampled", applies_to={**NETWORK, **PREDICTION}
    )
    """How the graphs that the decoder learns under are found: `sampled` from the encoder (the
    paper); as their `posterior` by the decoder's likelihood, anew in every update; or `refined`,
    that posterior once, at the start of the stage (docs/posterior.md)."""
    transitions: Positive = setting(12, applies_to={**NETWORK, **PREDICTION, "graph": "posterior"})
    """Random transitions of a sample that an update infers its posterior graph from."""
    posterior_method: Literal["auto", "exact", "blocks", "mean_field"] = setting(
        "auto", applies_to={**NETWORK, **PREDICTION}
    )
    """How the posterior of graphs is inferred: `auto` is the most exact way that is affordable."""
    freeze: Literal["encoder", "decoder"] | None = setting(
        None, applies_to={**NETWORK, **PREDICTION}
    )
    """The network that is not trained; null trains both. If the encoder is frozen, graphs that
    would be `sampled` are its most probable ones."""
    epochs: Annotated[float, Field(gt=0, lt=1e6)] = 500.0
    """Passes over the training split; the last may be a part of one."""
    batch_size: Positive = 128
    """Samples of an update."""
    learning_rate: Annotated[float, Field(gt=0, lt=1000)] = 5e-4
    """Learning rate of Adam at the start."""
    learning_rate_schedule: Literal["step", "cosine"] = "step"
    """Learning rate over a stage: in steps (the paper) or a cosine to zero."""
    learning_rate_every: Positive = setting(200, applies_to={"learning_rate_schedule": "step"})
    """Epochs between two steps of the learning rate."""
    learning_rate_factor: Annotated[float, Field(gt=0, le=1)] = setting(
        0.5, applies_to={"learning_rate_schedule": "step"}
    )
    """Factor by which a step multiplies the learning rate."""
    gradient_clip: AboveZero | None = None
    """Largest norm of the gradient, or null."""


class StageOverrides(StageSettings):
    """The settings that a stage overrides: those that are set, `model_fields_set`."""

    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("stages", *ModelSettings.model_fields), "`training` itself"
    )

    @model_serializer(mode="wrap")
    def _only_overrides(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if name in self.overrides}

    @property
    def overrides(self) -> set[str]:
        """Names of the settings that this stage overrides."""
        return self.model_fields_set


class TrainingSettings(StageSettings, ModelSettings):
    """Every setting of a training.

    `stages` are trained one after the other with the settings they override; without any, there
    is the one stage of the settings as they are.
    """

    stages: list[StageOverrides] = setting([])
    """Trainings one after the other, each with its overrides of these settings."""

    def overridden(self, by: StageSettings) -> "TrainingSettings":
        """These settings, replaced by those that are set in `by`."""
        return self.model_copy(update={name: getattr(by, name) for name in by.model_fields_set})

    def resolved_stages(self) -> "list[TrainingSettings]":
        """The settings of each stage, in order."""
        alone = self.model_copy(update={"stages": []})
        return [alone.overridden(stage) for stage in self.stages or [StageOverrides()]]

    def in_effect(self, encoder: str, decoder: str) -> dict[str, Any]:
        """The settings that change how a model with these networks is trained.

        A setting counts if a stage that does not override it feels it; an override counts if its
        own stage feels it.
        """
        # A network of the user's own may feel whatever those of the paper feel.
        networks = {
            role: "mlp" if is_own(choice) else choice
            for role, choice in (("encoder", encoder), ("decoder", decoder))
        }
        felt = [
            {name for name in type(self).model_fields if stage.has_effect(name, **networks)}
            for stage in self.resolved_stages()
        ]
        inherited = [
            names - stage.overrides
            for names, stage in zip(felt, self.stages or [StageOverrides()], strict=True)
        ]
        values = self.model_dump(include=set().union(*inherited) - {"stages"})
        if self.stages:
            values["stages"] = [
                stage.model_dump(include=names & stage.overrides)
                for names, stage in zip(felt, self.stages, strict=True)
            ]
        return values

    def checkpoint_keys(self, encoder: str, decoder: str) -> list[list[dict[str, Any]]]:
        """One key per stage. A checkpoint can be resumed while its key is unchanged; `epochs` is
        left out where no schedule depends on the stage's length.
        """
        stages = [stage.in_effect(encoder, decoder) for stage in self.resolved_stages()]
        keys = []
        for number, stage in enumerate(stages):
            spanned = stage["learning_rate_schedule"] == "cosine" or stage.get("noise_ramp")
            own = {name: stage[name] for name in stage if spanned or name != "epochs"}
            keys.append([*stages[:number], own])
        return keys
