"""The whole data protocol against numbers: the static baseline of the paper's Table 2.

The error of "nothing moves" needs no model, but everything else: the simulators, the frames
that are kept, the features, the normalisation by the training split, the frame the prediction
starts from and the average. The numbers were found by an independent simulator, with
the paper's numbers of samples, and lie within 4 % of the paper's.
"""

import numpy as np
import pytest
from datasets import simulate

from nri.data.format import read_metadata, read_split

START, STEPS = 49, [1, 10, 20]


def static_error(path):
    """Mean squared error after 1, 10 and 20 steps, in normalised units."""
    normalised = read_metadata(path).normalisation.apply(read_split(path, "test").trajectories)
    error = (normalised[:, :, START:] - normalised[:, :, [START]]) ** 2
    return error.mean((0, 1, 3))[STEPS]


@pytest.mark.parametrize(
    ("source", "extra", "train", "expected", "tolerance"),
    [
        # Ranges are extremes, which grow with the number of samples and differ between
        # seeds: it takes the paper's 50,000 samples to meet its numbers.
        pytest.param(
            "springs",
            {"strengths": [0.0, 0.1], "probabilities": [0.5, 0.5]},
            50_000,
            [7.78e-5, 7.53e-3, 2.80e-2],
            0.03,
            marks=pytest.mark.slow,
        ),
        # The fastest particle of all sets the range of velocities; it owes its speed to one
        # close encounter, and from seed to seed the first number moves by a tenth and more.
        pytest.param(
            "charged",
            {},
            50_000,
            [4.89e-3, 2.32e-2, 5.57e-2],
            0.10,
            marks=pytest.mark.slow,
        ),
        # All three features are bounded, and 5,000 samples come close to the bounds.
        (
            "kuramoto",
            {"probabilities": [0.5, 0.5]},
            5_000,
            [5.77e-2, 3.76e-1, 3.40e-1],
            0.03,
        ),
    ],
)
def test_static_prediction_errs_as_it_should(tmp_path, source, extra, train, expected, tolerance):
    settings = {
        "source": source,
        "objects": 5,
        "samples": {"train": train, "valid": 1, "test": 10_000},
        "frames": {"train": 49, "valid": 49, "test": 70},
        "seed": 42,
        **extra,
    }
    path = simulate(settings, tmp_path / "data.h5")
    np.testing.assert_allclose(static_error(path), expected, rtol=tolerance)
