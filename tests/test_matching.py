"""Learned edge types matched with true ones: one matching for all edges."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nri.matching import (
    best_accuracy,
    best_matching,
    count_types,
    reorder_types,
    true_order,
    type_orders,
)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), types=st.integers(2, 4))
def test_accuracy_does_not_depend_on_the_names_of_the_types(seed, types):
    rng = np.random.default_rng(seed)
    true = torch.from_numpy(rng.integers(0, types, (6, 20)))
    right = torch.from_numpy(rng.random((6, 20)) < 0.8)
    predicted = torch.where(right, true, torch.from_numpy(rng.integers(0, types, (6, 20))))
    renamed = torch.from_numpy(rng.permutation(types))[predicted]
    scores = [
        best_accuracy(count_types(torch.nn.functional.one_hot(p, types), true, types).numpy())
        for p in (predicted, renamed)
    ]
    assert scores[0] == pytest.approx(scores[1])
    assert scores[0] >= (predicted == true).float().mean().item() - 1e-6


def test_the_matching_is_global_not_per_sample():
    """One sample labelled the other way round stays wrong: 15 of 20 edges, not 20."""
    true = torch.tensor([[0, 1, 0, 1, 0]] * 4)
    predicted = true.clone()
    predicted[3] = 1 - predicted[3]
    confusion = count_types(torch.nn.functional.one_hot(predicted, 2), true, 2).numpy()
    assert best_accuracy(confusion) == pytest.approx(15 / 20)
    np.testing.assert_array_equal(best_matching(confusion), [0, 1])


def test_more_predicted_than_true_types_leaves_some_unmatched():
    confusion = np.array([[9, 0], [1, 2], [0, 8]])
    np.testing.assert_array_equal(best_matching(confusion), [0, -1, 1])
    assert best_accuracy(confusion) == pytest.approx(17 / 20)


def matched(posteriors, truth=None, keep_first=False):
    posteriors = np.stack(posteriors)
    return reorder_types(posteriors, type_orders(posteriors, truth, keep_first))


def test_types_of_seeds_are_matched():
    generator = np.random.default_rng(0)
    one = generator.dirichlet([0.3] * 3, size=(4, 6))
    other = one[..., [2, 0, 1]]
    np.testing.assert_array_equal(matched([one, other])[1], one)
    kept = matched([one, one[..., [0, 2, 1]]], keep_first=True)
    np.testing.assert_array_equal(kept[1], one)
    truth = other.argmax(-1)
    assert (matched([one], truth).argmax(-1) == truth).all()


def test_types_are_put_in_the_order_of_the_true_ones():
    """Predicted type 2 stands for true type 0, 0 for 1, and 1 for none."""
    np.testing.assert_array_equal(true_order(np.array([1, -1, 0])), [2, 0, 1])
