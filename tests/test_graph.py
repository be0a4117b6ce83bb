"""The order of edges, and what is computed by it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nri import graph

nodes = st.integers(2, 9)


def test_edges_into_a_node_are_neighbours_and_senders_ascend():
    assert graph.receivers(3).tolist() == [0, 0, 1, 1, 2, 2]
    assert graph.senders(3).tolist() == [1, 2, 0, 2, 0, 1]


@given(nodes)
def test_each_ordered_pair_is_one_edge(count):
    pairs = set(zip(graph.receivers(count), graph.senders(count), strict=True))
    assert pairs == {(i, j) for i in range(count) for j in range(count) if i != j}


@given(nodes)
def test_reverse_swaps_receiver_and_sender(count):
    reverse = graph.reverse(count)
    np.testing.assert_array_equal(graph.receivers(count)[reverse], graph.senders(count))
    np.testing.assert_array_equal(reverse[reverse], np.arange(count * (count - 1)))


@given(st.data(), nodes)
def test_edges_survive_the_way_through_a_matrix(data, count):
    shape = (*data.draw(hnp.array_shapes(max_dims=2, max_side=3)), count * (count - 1))
    edges = data.draw(hnp.arrays(np.int8, shape))
    matrix = graph.edges_to_matrix(edges, count)
    assert matrix.dtype == edges.dtype
    assert not matrix[..., np.arange(count), np.arange(count)].any()
    np.testing.assert_array_equal(graph.matrix_to_edges(matrix), edges)
    # The transposed matrix is the graph with all its edges reversed.
    transposed = graph.matrix_to_edges(matrix.swapaxes(-1, -2))
    np.testing.assert_array_equal(transposed, edges[..., graph.reverse(count)])
