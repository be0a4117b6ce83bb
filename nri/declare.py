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
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = [
    "AboveZero",
    "Distinct",
    "Fraction",
    "Name",
    "NotNegative",
    "Positive",
    "Probabilities",
    "Settings",
    "setting",
]

Positive = Annotated[int, Field(ge=1)]
AboveZero = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"\A[a-z0-9_]+\Z")]
"""A name that becomes part of paths."""


def _check_distinct(values: list[Any]) -> list[Any]:
    if twice := [value for value in values if values.count(value) > 1]:
        raise ValueError(f"{values}: {twice[0]!r} is there twice; remove one")
    return values


def _check_sum(probabilities: list[float]) -> list[float]:
    if abs(sum(probabilities) - 1) > 1e-6:
        raise ValueError(f"{probabilities} sum to {sum(probabilities)}, not to 1")
    return probabilities


NotNegative = Annotated[float, Field(ge=0)]
Distinct = AfterValidator(_check_distinct)
"""`Annotated[list[int], Distinct]`: no value occurs twice."""
Probabilities = Annotated[list[Fraction], Field(min_length=2), AfterValidator(_check_sum)]
"""The probability of each edge type; they sum to 1."""


class Settings(BaseModel):
    """A group of settings: unknown keys, other types, infinities and NaN are refused."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def setting(default: Any, applies_to: Mapping[str, Any] | None = None, **bounds: Any) -> Any:
    """A field with what its type cannot say.

    applies_to: the values of other settings where this one has an effect; elsewhere a job does
    not depend on it. bounds: as `pydantic.Field`.
    """
    extra = {"applies_to": dict(applies_to)} if applies_to else None
    return Field(default, json_schema_extra=extra, **bounds)
