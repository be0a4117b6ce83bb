"""Weights that a training begins with: those of another run, trained on data of the same kind."""

from pathlib import Path

import torch

from nri.data.format import read_metadata
from nri.data.normalisation import Normalisation
from nri.model.build import load_model
from nri.model.decoders.layers import Scaling
from nri.model.nri import NRI, EncoderInputs

__all__ = ["start_from"]


def start_from(model: NRI, normalisation: Normalisation, run: Path, data: Path) -> None:
    """Give a model the weights of a trained run, as the stage that found its graphs left them.

    normalisation: of the model's own data. data: the data set file of the other run, whose number
    of objects may be another. Where the two are normalised differently, the units that the networks
    work in are converted. The scale of the likelihood stays that of the model's own data.
    """
    trained = read_metadata(data)
    device = model.median_change.device
    other, _ = load_model(run, trained, device)
    model.graph.load_state_dict(other.graph.state_dict())
    model.required_decoder.load_state_dict(other.posterior_decoder.state_dict())
    ratio, shift = (
        torch.from_numpy(values).to(model.median_change)
        for values in normalisation.in_units_of(trained.normalisation)
    )
    for module in model.modules():
        if isinstance(module, Scaling | EncoderInputs):
            module.convert(ratio, shift)
