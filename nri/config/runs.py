"""Runs: what a job trains or scores, as the Snakefile hands it over in JSON."""

from typing import Any, Self

from nri.config.identity import PAPER, graph_key, model_key
from nri.config.training import TrainingSettings
from nri.declare import Settings
from nri.own_network import is_own, read_own, short_name

__all__ = ["Identity", "Run", "RunName"]


class RunName(Settings):
    """A run that another entry of the configuration refers to."""

    dataset: str
    """The data set that the run is trained on."""
    run: str
    """The run's directory below its data set, such as `mlp-mlp-k2`."""


class Identity(Settings):
    """What is scored: a model, or a baseline that trains nothing."""

    dataset: str
    encoder: str = ""
    decoder: str = ""
    edge_types: int | None = None
    recipe: str = PAPER
    baseline: str = ""
    """The name of a baseline; empty for an encoder and a decoder of `runs`."""

    @property
    def group(self) -> str:
        """The directory of `results/` that holds it."""
        return "baselines" if self.baseline else "runs"

    @property
    def name(self) -> str:
        """Its directory below the data set: encoder-decoder-kK[-recipe] or baseline[-recipe]."""
        networks = f"{short_name(self.encoder)}-{short_name(self.decoder)}"
        name = self.baseline or f"{networks}-k{self.edge_types}"
        return name if self.recipe == PAPER else f"{name}-{self.recipe}"

    @property
    def model(self) -> str:
        """The row of the paper."""
        return self.baseline.replace("-", "_") or model_key(self.encoder, self.decoder)

    @property
    def graph(self) -> str:
        """How its own graph is found; empty for a baseline, which has none."""
        return "" if self.baseline else graph_key(self.encoder)

    def columns(self) -> dict[str, Any]:
        """What it is, in the columns of metrics.csv; a baseline's networks are left out."""
        networks: dict[str, Any] = {"encoder": "", "decoder": "", "edge_types": None}
        if not self.baseline:
            networks = {
                "encoder": short_name(self.encoder),
                "decoder": short_name(self.decoder),
                "edge_types": self.edge_types,
            }
        return {
            "dataset": self.dataset,
            "trained_on": self.dataset,
            "model": self.model,
            **networks,
            "recipe": self.recipe,
            "graph": self.graph,
        }

    @property
    def own_networks(self) -> dict[str, str]:
        """The networks of the user's own, as {"encoder": "my.py:MyEncoder"}."""
        networks = {"encoder": self.encoder, "decoder": self.decoder}
        return {role: choice for role, choice in networks.items() if is_own(choice)}

    def own_code(self) -> dict[str, str]:
        """The texts of the files that these are in, {"encoder": text}."""
        return {role: read_own(choice) for role, choice in self.own_networks.items()}

    def identity(self) -> dict[str, Any]:
        """The fields of `Identity` alone, as JSON has them."""
        return self.model_dump(include=set(Identity.model_fields))


class Run(Identity):
    """What one training depends on beside its data, its seed and its code."""

    edge_types: int
    training: TrainingSettings
    start_from: RunName | None = None

    def depends_on(self) -> dict[str, Any]:
        """All of it, without settings that have no effect on this model."""
        settings = self.training.in_effect(self.encoder, self.decoder)
        start = None if self.start_from is None else self.start_from.model_dump()
        return {**self.identity(), "training": settings, "start_from": start}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """The run that a config.json, read as JSON, is of."""
        return cls.model_validate({**record["identity"], "training": record["training"]})
