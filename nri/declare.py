"""How a setting is declared: type, default, bounds, help and where it applies, in one place.

    class TrainingSettings(Settings):
        likelihood: Literal["gaussian", "student_t"] = "gaussian"
        \"\"\"What a residual costs: Gaussian (the paper) or Student's t.\"\"\"
        variance: AboveZero = setting(5e-5, applies_to={"likelihood": "gaussian"})
        \"\"\"Variance σ² of the Gaussian likelihood, in normalised units.\"\"\"

The help is the docstring below the field, so that an edit of it is no edit of the code. JSON
schema, reference in docs/, defaults and checks are all made from these classes.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

__all__ = [
    "AboveZero",
    "Distinct",
    "Fraction",
    "Name",
    "NotNegative",
    "Positive",
    "Probabilities",
    "Seed",
    "Settings",
    "setting",
]

Positive = Annotated[int, Field(ge=1, lt=2**31)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
AboveZero = Annotated[float, Field(gt=0, lt=1e9)]
"""A number that is meant, and not an exponent that slipped: none of the settings needs a larger."""
Fraction = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern="^[a-z0-9_]+$")]
"""A name that becomes part of paths."""


def _check_distinct(values: list[Any]) -> list[Any]:
    if twice := [value for value in values if values.count(value) > 1]:
        raise ValueError(f"{values}: {twice[0]!r} is there twice; remove one")
    return values


def _check_sum(probabilities: list[float]) -> list[float]:
    if abs(sum(probabilities) - 1) > 1e-6:
        raise ValueError(f"{probabilities} sum to {sum(probabilities)}, not to 1")
    return probabilities


NotNegative = Annotated[float, Field(ge=0, lt=1e9)]
Distinct = AfterValidator(_check_distinct)
"""`Annotated[list[int], Distinct]`: no value occurs twice."""
Probabilities = Annotated[list[Fraction], Field(min_length=2), AfterValidator(_check_sum)]
"""The probability of each edge type; they sum to 1."""


class Settings(BaseModel):
    """A group of settings: unknown keys, other types, infinities and NaN are refused."""

    formerly: ClassVar[Mapping[str, str]] = {}
    """Keys of earlier versions, each with the key that it has now."""
    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Keys that belong to another place, each with that place."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, values: Any) -> Any:
        """The values as they are; an error of the type `unknown_key` for an undeclared key."""
        for key in values if isinstance(values, Mapping) else ():
            if key not in cls.model_fields:
                context = {"key": key, "declared": cls}
                raise PydanticCustomError("unknown_key", "unknown key '{key}'", context)
        return values

    def has_effect(self, name: str, **others: Any) -> bool:
        """Whether a setting has an effect, given the others here and `others` elsewhere."""
        extra: Any = type(self).model_fields[name].json_schema_extra or {}
        values = {**vars(self), **others}
        return all(values[key] in allowed for key, allowed in extra.get("applies_to", {}).items())


def setting(default: Any, applies_to: Mapping[str, Any] | None = None, **bounds: Any) -> Any:
    """A field with what its type cannot say.

    applies_to: the value of another setting, or a tuple of values, where this one has an effect;
    a job that has others does not depend on it. bounds: as `pydantic.Field`.
    """
    extra: dict[str, Any] | None = None
    if applies_to:
        allowed = {k: v if isinstance(v, tuple) else (v,) for k, v in applies_to.items()}
        extra = {"applies_to": {key: list(values) for key, values in allowed.items()}}
    return Field(default, json_schema_extra=extra, **bounds)
