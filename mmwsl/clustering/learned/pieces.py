"""Pieces of a kNN graph that a network sees at a time: candidates of a node, a proposal, what is around a pivot."""

from typing import Any, NamedTuple

import numpy as np

from mmwsl.clustering.knn_graph import KNNGraph


class Piece(NamedTuple):
    """Some nodes of a graph.

    Attributes:
        nodes: (n,) int64 numbers.
        adjacency: (n, n) float32, rows that sum to 1 (or 0, for a node that nothing is joined to).
    """
    nodes: np.ndarray
    adjacency: np.ndarray


def symmetric_adjacency(graph: KNNGraph, threshold: float = 0.0) -> Any:
    """Weights between the N items of a kNN graph: the higher of both similarities, and 1 of an item with itself.

    Args:
        graph: of N items.
        threshold: similarities must be above it.

    Returns:
        scipy.sparse.csr_array: (N, N) float32.
    """
    from scipy.sparse import csr_array, eye_array
    count, k = graph.ids.shape
    kept = (graph.ids >= 0) & (graph.similarities > threshold)
    starts = np.zeros(count + 1, np.int32 if count * (2 * k + 1) < 2**31 else np.int64)
    np.cumsum(kept.sum(1), out=starts[1:])
    directed = csr_array((graph.similarities[kept], graph.ids[kept].astype(starts.dtype), starts), shape=(count, count))
    del kept
    return directed.maximum(directed.T.tocsr()) + eye_array(count, dtype=np.float32, format='csr')


def row_normalized(adjacency: Any) -> Any:
    """A sparse or dense matrix (n, m) with each row divided by its sum; a row of zeros stays one."""
    sums = np.asarray(adjacency.sum(1)).reshape(-1)
    scale = np.divide(1, sums, out=np.zeros(len(sums), np.float32), where=sums > 0).astype(np.float32)
    if isinstance(adjacency, np.ndarray):
        return adjacency * scale[:, None]
    result = adjacency.copy()
    result.data *= np.repeat(scale, np.diff(result.indptr))
    return result


def _dense(adjacency: Any, nodes: np.ndarray) -> np.ndarray:
    return adjacency[nodes][:, nodes].toarray()


def proposal_piece(adjacency: Any, nodes: np.ndarray) -> Piece:
    """A proposal's nodes (n,), joined by their weights in the (N, N) of :func:`symmetric_adjacency`."""
    return Piece(nodes, row_normalized(_dense(adjacency, nodes)))


def candidate_piece(graph: KNNGraph, adjacency: Any, confidence: np.ndarray, node: int) -> Piece:
    """The neighbors of a node that are more confident than it, joined by their weights.

    Args:
        graph: of N items; the order of its neighbors is kept.
        adjacency: see :func:`symmetric_adjacency`.
        confidence: (N,).
        node: number of the node.

    Returns:
        Piece: without a node where there is no such neighbor.
    """
    ids = np.asarray(graph.ids[node], np.int64)
    ids = ids[ids >= 0]
    return proposal_piece(adjacency, ids[confidence[ids] > confidence[node]])


def pivot_piece(graph: KNNGraph, pivot: int, hops: tuple[int, int], active: int) -> Piece:
    """The neighbors of a pivot, first, and the neighbors of these.

    Args:
        graph: of N items, with as many neighbors as ``hops`` and ``active`` ask for, or fewer.
        pivot: number of a node, which is no node of the piece.
        hops: neighbors of the pivot, and of each of them.
        active: nodes of the piece that a node is joined to, in either direction: its nearest ones.
    """
    first = np.asarray(graph.ids[pivot, :hops[0]], np.int64)
    first = first[first >= 0]
    second = np.unique(graph.ids[first, :hops[1]])
    second = second[(second >= 0) & (second != pivot) & ~np.isin(second, first)]
    nodes = np.concatenate([first, second.astype(np.int64)])
    ids = np.asarray(graph.ids[nodes], np.int64)
    order = np.argsort(nodes)
    found = order[np.searchsorted(nodes, ids, sorter=order).clip(max=max(len(nodes) - 1, 0))] if len(nodes) else ids
    inside = (ids >= 0) & (nodes[found] == ids) if len(nodes) else ids > 0
    inside &= np.cumsum(inside, 1) <= active
    adjacency = np.zeros((len(nodes), len(nodes)), np.float32)
    rows, columns = np.nonzero(inside)
    adjacency[rows, found[rows, columns]] = 1
    return Piece(nodes, row_normalized(np.maximum(adjacency, adjacency.T)))
