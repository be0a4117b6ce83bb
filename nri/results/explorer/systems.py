"""The equations of simulated systems, as the page's simulators take them (static/simulation.js)."""

from typing import Any

from nri.data.simulated.charged import Charged
from nri.data.simulated.kuramoto import Kuramoto
from nri.data.simulated.oscillator_motion import STEPS_PER_FRAME as OSCILLATOR_STEPS
from nri.data.simulated.oscillator_motion import TABLEAU
from nri.data.simulated.oscillator_motion import TIME_STEP as OSCILLATOR_STEP
from nri.data.simulated.particles import (
    BOX,
    FORCE_LIMIT,
    INITIAL_SPEED,
    STEPS_PER_FRAME,
    TIME_STEP,
    Particles,
)
from nri.data.simulated.springs import Springs
from nri.data.simulated.system import System

__all__ = ["SYSTEMS", "describe_system"]

SYSTEMS: dict[str, type[System]] = {"springs": Springs, "charged": Charged, "kuramoto": Kuramoto}
"""The sources whose equations the page has, by their names in a configuration."""


def describe_system(source: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Constants of a source in `SYSTEMS` with the settings of a data set, for JSON.

    `probabilities` of the edge types are null where the types follow from the particles' charges.
    """
    system = SYSTEMS[source]
    checked = system.Settings.model_validate(settings)
    probabilities = getattr(checked, "probabilities", None)
    if issubclass(system, Particles):
        forces = system.pair_forces(checked)
        return {
            "kind": "particles",
            "coefficients": list(forces.coefficients),
            "inverse_square": forces.inverse_square,
            "position_scale": system.position_scale,
            "initial_speed": INITIAL_SPEED,
            "box": BOX,
            "force_limit": FORCE_LIMIT,
            "time_step": TIME_STEP,
            "steps_per_frame": STEPS_PER_FRAME,
            "probabilities": probabilities,
        }
    return {
        "kind": "oscillators",
        "frequencies": [1.0, 10.0],
        "time_step": OSCILLATOR_STEP,
        "steps_per_frame": OSCILLATOR_STEPS,
        "tableau": [[float(weight) for weight in row] for row in TABLEAU],
        "probabilities": probabilities,
    }
