"""Patterns that stand for many names."""

import re
from itertools import product

import pytest

from nri.config.patterns import one_of


@pytest.mark.parametrize(
    "names",
    [
        ["springs5"],
        ["springs5", "springs10", "springs5_empty", "charged5"],
        ["mlp-mlp-k2", "mlp-mlp-k2-fast", "mlp-mlp-k3", "a.b", "axb"],
        ["a", "ab", "abc", "b"],
        ["a-", "a]", "a^", "a\\"],
    ],
)
def test_these_names_and_no_others(names):
    fits = re.compile(one_of(names)).fullmatch
    assert all(map(fits, names))
    parts = {name[:end] for name in names for end in range(len(name))}
    others = parts | {name + "0" for name in names} | {"a*b", "springs1", "mlp-mlp-k2-fas"}
    assert not any(fits(name) for name in others - set(names))


def test_without_names_nothing_fits():
    assert not re.compile(one_of([])).fullmatch("")


def test_a_grid_of_settings_is_short():
    names = [f"rate{rate}-width{width:04}" for rate, width in product(range(8), range(1000))]
    assert len(one_of(names)) < 100


def test_the_longer_of_two_names_fits_before_what_follows():
    assert (
        re.match(f"(?P<run>{one_of(['k2', 'k2-fast'])})/seed", "k2-fast/seed1")["run"] == "k2-fast"
    )
