"""The whole configuration: every key, its type, its default and its help."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny
from pydantic_core import PydanticCustomError

from nri.choices import DECODERS, ENCODERS, SOURCES, load
from nri.config.errors import nearest
from nri.config.identity import GIVEN_GRAPHS, PAPER
from nri.config.runs import RunName
from nri.config.training import TrainingSettings
from nri.data.source import DatasetSettings
from nri.declare import Distinct, Name, Positive, Seed, Settings, setting
from nri.own_network import OWN_NETWORK

__all__ = ["BASELINES", "BaselineEntry", "Config", "InferEntry", "RunEntry", "Transfer"]

BASELINES = {"static": "", "constant-velocity": ""}
BASELINES |= {"lstm-single": "lstm-single", "lstm-joint": "lstm-joint"}
BASELINES |= {"corr-path": "", "corr-lstm": "lstm-single"}
"""Baselines, and the decoder that each of them trains, or "" for none."""

if TYPE_CHECKING:
    # A type checker does not read the tables of choices.
    EncoderName = str
    DecoderName = str
    BaselineName = str
else:
    OwnNetwork = Annotated[
        str, Field(pattern=OWN_NETWORK, json_schema_extra={"format": "FILE.py:CLASS"})
    ]
    EncoderName = Literal[*ENCODERS, *GIVEN_GRAPHS] | OwnNetwork
    PREDICTORS = tuple(name for name in DECODERS if name not in BASELINES)
    DecoderName = Literal[*PREDICTORS, "none"] | OwnNetwork
    BaselineName = Literal[*BASELINES]

FORMER_SOURCES = {"file": "own", "sportvu": "basketball"}

IN_TRAINING = dict.fromkeys(TrainingSettings.model_fields, "`training`")
"""Settings of trainings that somebody wrote one level too high, each with its place."""


def _seed(seed: Any) -> Any:
    """Snakemake reads `--config seeds=[1]` as a list of texts."""
    return int(seed) if isinstance(seed, str) and seed.isdecimal() else seed


Seeds = Annotated[list[Annotated[Seed, BeforeValidator(_seed)]], Field(min_length=1), Distinct]
Text = Annotated[str, Field(min_length=1)]
EdgeTypes = Annotated[int, Field(ge=2, le=64)]


def _true_graph(encoder: Any) -> Any:
    """`encoder: true` is a boolean in YAML and means the true graph."""
    return "true" if encoder is True else encoder


def _dataset(entry: Any) -> Any:
    """A data set as its source declares it."""
    if not isinstance(entry, Mapping):
        raise PydanticCustomError("dict_type", "Input should be a mapping")
    source = entry.get("source")
    if source in FORMER_SOURCES:
        text = f"source {source!r} is now called {FORMER_SOURCES[source]!r}"
        raise PydanticCustomError("unknown_choice", "{text}", {"text": text})
    if source not in tuple(SOURCES):
        text = f"source {source!r} is not known{nearest(source, SOURCES)}; there are: "
        text += ", ".join(SOURCES)
        raise PydanticCustomError("unknown_choice", "{text}", {"text": text})
    return load(SOURCES[source]).Settings.model_validate(entry)


def _listed(names: Any) -> Any:
    """`--config only=a,b` is text."""
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else names


def _study(entry: Any) -> Any:
    """A study as a mapping; earlier versions had a bare title."""
    if isinstance(entry, str):
        text = f"a study is now a mapping; write {{title: {entry!r}}}"
        raise PydanticCustomError("unknown_choice", "{text}", {"text": text})
    return entry


def _transfer(entry: Any) -> Any:
    """A test on another data set as a mapping; its name alone comes to mind first."""
    if isinstance(entry, str):
        text = f"{entry!r} is not a mapping: write {{dataset: {entry}}}"
        raise PydanticCustomError("unknown_choice", "{text}", {"text": text})
    return entry


class Evaluation(Settings):
    """What is scored on test splits, and kept of it."""

    horizon: Positive = 20
    """Steps of prediction that are scored: at most as many as the longest test trajectories have
    left; data sets with shorter tests score what they have."""
    examples: Positive = 8
    """Test samples whose predictions are kept for the figures."""
    refine: bool = True
    """Also score graphs refined by the decoder's likelihood, rows `refined` and `tempered`."""


class Study(Settings):
    """A comparison that is not in the paper. Its runs are left out of the paper's tables."""

    title: Text
    """The heading of its table."""
    compares_with: Name = PAPER
    """The recipe of the runs that are shown beside those of the study."""


class Transfer(Settings):
    """Another data set that a trained model is tested on."""

    dataset: str
    """A name from `datasets`."""
    study: Name | None = None
    """The study that the test belongs to; that of the run by default."""


class RunEntry(Settings):
    """A model to train: a data set, an encoder, a decoder and a number of edge types."""

    formerly: ClassVar[Mapping[str, str]] = {"variant": "recipe", "also_on": "test_on"}
    elsewhere: ClassVar[Mapping[str, str]] = IN_TRAINING

    dataset: str
    """A name from `datasets`."""
    encoder: Annotated[EncoderName, BeforeValidator(_true_graph)]
    """A network (`mlp` and `cnn` are the paper's), a graph that is given, or your own class."""
    decoder: DecoderName
    """A network, `sim` (the true equations), `none` for the supervised encoder, or your own."""
    edge_types: EdgeTypes
    """Number K of edge types."""
    recipe: Name = PAPER
    """A name from `recipes`, which becomes part of the run's path; `paper` is `training` alone."""
    seeds: Seeds | None = None
    """Seeds instead of those of all runs."""
    training: TrainingSettings = TrainingSettings()
    """Settings of this run alone, over those of its recipe."""
    start_from: RunName | None = None
    """A run with the same networks whose weights, seed by seed, the training begins with."""
    label: Text | None = None
    """What tables and figures call the run instead of the paper's row, or of your own class."""
    study: Name | None = None
    """A name from `studies`: the run is then left out of the paper's tables."""
    test_on: list[Annotated[Transfer, BeforeValidator(_transfer)]] = setting([])
    """Other data sets whose test splits the trained model is evaluated on."""


class BaselineEntry(Settings):
    """A baseline to compare with."""

    formerly: ClassVar[Mapping[str, str]] = {"variant": "recipe"}
    elsewhere: ClassVar[Mapping[str, str]] = IN_TRAINING

    dataset: str
    """A name from `datasets`."""
    baseline: BaselineName
    """The last frame or velocity repeated, an LSTM, or correlations of paths or LSTM states."""
    recipe: Name = PAPER
    """As that of a run; only of baselines that are trained."""
    seeds: Seeds | None = None
    """Seeds instead of those of all runs; without a training, the first one by default."""
    training: TrainingSettings = TrainingSettings()
    """As that of a run; only of baselines that are trained."""


class InferEntry(RunName):
    """New data that a trained model infers graphs from."""

    path: Text
    """The file with the new data."""
    settings: dict[str, Any] = setting({})
    """Settings of the data set that the new file is read with instead, such as `objects`."""


class Config(Settings):
    """The configuration of the pipeline."""

    formerly: ClassVar[Mapping[str, str]] = {"variants": "recipes", "infer": "infer_on"}
    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(Evaluation.model_fields, "`evaluation`"),
        **IN_TRAINING,
    }

    only: Annotated[list[str], BeforeValidator(_listed)] = setting([])
    """The part to make: data sets, runs (`DATASET/RUN`), `table_1`, `table_2`; empty is all."""
    command: str = "snakemake --cores all"
    """The command that makes these results again, as the page says; by default what was called."""
    seeds: Seeds = setting([1, 2])
    """Seeds of every run that does not name its own."""
    mirror: Text | None = None
    """Directory laid out HOST/PATH to read instead of the public addresses, or null."""
    gpu: Annotated[int, Field(ge=0, le=64)] = 0
    """GPUs that a training or an evaluation asks for."""
    evaluation: Evaluation = Evaluation()
    """What is scored on test splits, and kept of it."""
    datasets: dict[Name, Annotated[SerializeAsAny[DatasetSettings], BeforeValidator(_dataset)]] = (
        setting({})
    )
    """The data sets, by name; the settings of each depend on its `source`."""
    training: TrainingSettings = TrainingSettings()
    """Settings of every training; recipes and runs override them."""
    recipes: dict[Name, TrainingSettings] = setting({})
    """Named overrides of `training`, for runs to choose from."""
    studies: dict[Name, Annotated[Study, BeforeValidator(_study)]] = setting({})
    """Comparisons that are not in the paper, by name."""
    runs: list[RunEntry] = setting([])
    """The models to train."""
    baselines: list[BaselineEntry] = setting([])
    """The baselines to compare with."""
    external: Text | None = None
    """A CSV with numbers that were measured elsewhere, to show beside ours (docs/results.md)."""
    infer_on: dict[Name, InferEntry] = setting({})
    """New data that trained models infer graphs from, by name."""
