"""Which objective a stage of a training minimises."""

import copy
from collections.abc import Callable, Sequence

from torch import Tensor

from nri.config.training import TrainingSettings
from nri.model.nri import NRI
from nri.model.objectives import ELBO, CrossEntropy, FixedGraphs, Objective
from nri.model.posterior.em import EM
from nri.model.posterior.infer import chosen_by, infer_marginals
from nri.model.posterior.result import Marginals
from nri.model.posterior.temperature import choose_temperature

__all__ = [
    "decoder_posterior",
    "decoder_temperature",
    "finds_graphs",
    "has_fixed_graphs",
    "joint_stage",
    "keep_joint_decoder",
    "make_objective",
    "scoring_objective",
]


def make_objective(model: NRI, settings: TrainingSettings, true_type_count: int) -> Objective:
    """The objective of a stage with these settings; a model without a decoder is supervised."""
    if model.decoder is None:
        return CrossEntropy(model, true_type_count)
    if has_fixed_graphs(model, settings):
        return FixedGraphs(model, settings, true_type_count)
    if model.infers_graph and settings.graph == "posterior":
        return EM(model, settings, true_type_count)
    return ELBO(model, settings, true_type_count)


def scoring_objective(model: NRI, settings: TrainingSettings, true_type_count: int) -> Objective:
    """What a trained model is scored by, with the settings of its last stage.

    The ELBO under the encoder's graph, however the graphs of the training were found.
    """
    if model.decoder is None:
        return CrossEntropy(model, true_type_count)
    return ELBO(model, settings, true_type_count)


def has_fixed_graphs(model: NRI, settings: TrainingSettings) -> bool:
    """Whether the graphs of a stage are found before it begins and stay as they are."""
    if not model.infers_graph or model.decoder is None:
        return False
    most_probable = settings.graph == "sampled" and settings.freeze == "encoder"
    return most_probable or settings.graph == "refined"


def finds_graphs(model: NRI, settings: TrainingSettings) -> bool:
    """Whether the decoder of a stage learns while its graphs are being found: a joint stage."""
    if not model.infers_graph or model.decoder is None:
        return False
    sampled = settings.graph == "sampled" and settings.freeze is None
    return sampled or settings.graph == "posterior"


def joint_stage(model: NRI, stages: Sequence[TrainingSettings]) -> TrainingSettings:
    """The last joint stage of these.

    Its likelihood, with the decoder as that stage left it, defines the posterior of a graph: later
    stages refit the decoder to other ends, under graphs that are fixed. Raises ValueError if there
    is none.
    """
    for settings in reversed(stages):
        if finds_graphs(model, settings):
            return settings
    raise ValueError("no stage before this one finds graphs; begin with one that samples them")


def keep_joint_decoder(model: NRI, stages: Sequence[TrainingSettings]) -> None:
    """Keep the decoder as the last joint stage before the last of these stages left it.

    To be called when that stage begins, and before the weights of a training in it are loaded.
    """
    joint = [finds_graphs(model, settings) for settings in stages]
    if joint[-1]:
        model.joint_decoder = None
    elif any(joint) and model.joint_decoder is None:
        model.joint_decoder = copy.deepcopy(model.required_decoder).requires_grad_(False)


def decoder_posterior(
    model: NRI,
    joint: TrainingSettings,
    x: Tensor,
    guess: Callable[[], Tensor],
    temperature: float | None = None,
) -> Marginals:
    """p(z | x) by the decoder, with the likelihood and the prior of `joint` (see `joint_stage`).

    x (B, N, T, D); guess: gives the encoder's logits (B, E, K), from which mean field begins.
    temperature: that of `Marginals.tempered`, if it is wanted.
    """
    objective = ELBO(model, joint, true_type_count=0)
    return infer_marginals(
        decoder=model.posterior_decoder,
        likelihood=objective.likelihood,
        x=x,
        prior=objective.prior,
        undirected=joint.undirected,
        method=chosen_by(joint),
        guess=guess,
        temperature=temperature,
    )


def decoder_temperature(model: NRI, joint: TrainingSettings, x: Tensor) -> float | None:
    """The temperature of `decoder_posterior` by `choose_temperature`, from x (S, N, T, D)."""
    objective = ELBO(model, joint, true_type_count=0)
    return choose_temperature(
        decoder=model.posterior_decoder,
        likelihood=objective.likelihood,
        x=x,
        prior=objective.prior,
        undirected=joint.undirected,
    )
