"""The complete directed graph: the order of its edges, in one place.

An object graph has N nodes and E = N(N-1) directed edges, no self-loops. Edges
are *receiver-major*: first all edges into node 0, senders ascending, then all
edges into node 1, and so on. Two useful things follow: per-edge values of shape
(..., E, H) are grouped by receiver as (..., N, N-1, H) without copying, so that
"sum over incoming messages" is a sum over one axis; and the off-diagonal entries
of an adjacency matrix `a[receiver, sender]`, read row by row, are in edge order.
"""

import numpy as np

__all__ = ["edges_to_matrix", "matrix_to_edges", "receivers", "reverse", "senders"]


def receivers(nodes: int) -> np.ndarray:
    """Receiver of each edge, shape (E,)."""
    return np.repeat(np.arange(nodes), nodes - 1)


def senders(nodes: int) -> np.ndarray:
    """Sender of each edge, shape (E,)."""
    return np.nonzero(~np.eye(nodes, dtype=bool))[1]


def reverse(nodes: int) -> np.ndarray:
    """Index of the edge j→i for each edge i→j, shape (E,)."""
    index = np.zeros((nodes, nodes), dtype=np.int64)
    index[receivers(nodes), senders(nodes)] = np.arange(nodes * (nodes - 1))
    return index[senders(nodes), receivers(nodes)]


def matrix_to_edges(matrix: np.ndarray) -> np.ndarray:
    """Off-diagonal `matrix[..., receiver, sender]` in edge order: (..., N, N) → (..., E)."""
    nodes = matrix.shape[-1]
    return matrix[..., receivers(nodes), senders(nodes)]


def edges_to_matrix(edges: np.ndarray, nodes: int) -> np.ndarray:
    """Inverse of `matrix_to_edges`, diagonal 0: (..., E) → (..., N, N)."""
    matrix = np.zeros((*edges.shape[:-1], nodes, nodes), dtype=edges.dtype)
    matrix[..., receivers(nodes), senders(nodes)] = edges
    return matrix
