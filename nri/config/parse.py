"""A configuration is parsed once; what cannot work is refused with place, value and remedy."""

from typing import Any

from pydantic import ValidationError

from nri.config.checks import contradictions
from nri.config.config import Config
from nri.config.errors import explain

__all__ = ["ConfigError", "parse_config"]


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the place, the value and the remedy."""


def parse_config(raw: dict[str, Any]) -> Config:
    """The configuration that YAML files hold; raises ConfigError on the first problem."""
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        place, problem = explain(error, raw)
        raise ConfigError(f"config{_below(place)}: {problem}") from None
    for place, problem in contradictions(config):
        raise ConfigError(f"config{_below(place)}: {problem}")
    return config


def _below(place: str) -> str:
    return place if place.startswith("[") or not place else f".{place}"
