"""Partitions of a kNN graph: single linkage, DBSCAN, approximate rank-order, Chinese whispers; as array operations."""

from typing import Any

import numpy as np

from mmwsl.clustering.cdp import by_first_member, components
from mmwsl.clustering.knn_graph import KNNGraph, Pairs, graph_pairs

AT_ONCE = 2**24  # comparisons made together


def single_linkage(graph: KNNGraph, distance: float) -> np.ndarray:
    """Agglomerative clustering by single linkage, cut at a distance, on a kNN graph (fast HAC).

    Two items are joined by a chain of neighbors of which each is at most ``distance`` from the next: the cut of single
    linkage is the components of the graph of such pairs.

    Args:
        graph: of N items.
        distance: Euclidean between unit vectors, sqrt(2 - 2 cosine), 0 to 2.

    Returns:
        (N,) int64, clusters by their first members; an item without such a pair is a cluster of its own.

    Raises:
        ValueError: a distance out of range.
    """
    if not 0 <= distance <= 2:
        raise ValueError(f'distance={distance} is none between unit vectors; choose 0 to 2')
    return _components(graph_pairs(graph, 1 - distance**2 / 2), len(graph.ids))


def _components(pairs: Pairs, count: int) -> np.ndarray:
    return by_first_member(components(pairs.source, pairs.target, count))


def graph_dbscan(graph: KNNGraph, distance: float, min_items: int = 1, threshold: float = -1.0) -> np.ndarray:
    """DBSCAN (Ester et al. 1996) by scikit-learn on the cosine distances of a kNN graph, made symmetric.

    Args:
        graph: of N items.
        distance: largest 1 - cosine of neighbors, above 0.
        min_items: neighbors, the item included, that make a core item.
        threshold: pairs of a lower cosine are left out first.

    Returns:
        (N,) int64, clusters by their first members; -1 = noise.
    """
    from scipy.sparse import coo_array
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import sort_graph_by_row_values
    source, target, scores = graph_pairs(graph, threshold)
    count, far = len(graph.ids), np.clip(1 - scores, 0, 2)
    items = np.arange(count)  # an item is its own neighbor, which scikit-learn reads from the diagonal
    far = np.concatenate([far, far, np.zeros(count)])
    rows, columns = np.concatenate([source, target, items]), np.concatenate([target, source, items])
    distances = coo_array((far, (rows, columns)), shape=(count, count)).tocsr()  # keeps the zeros
    distances = sort_graph_by_row_values(distances, warn_when_not_sorted=False)
    return by_first_member(DBSCAN(eps=distance, min_samples=min_items, metric='precomputed').fit(distances).labels_)


def rank_order_distances(graph: KNNGraph) -> np.ndarray:
    """Approximate rank-order distance of each item to each of its neighbors (Otto et al. 2017), as in learn-to-cluster.

    With L_i = (i, neighbors of i), O_i the rank of j in L_i and O_j that of i in L_j (each list begins with rank 0):
    (items of L_i before rank O_i that are not in L_j + items of L_j before O_j that are not in L_i) / min(O_i, O_j).

    Args:
        graph: of N items, with k neighbors.

    Returns:
        (N, k) float32; infinite where i is not among the neighbors of j, and where there is no j.
    """
    count, k = graph.ids.shape
    result = np.full((count, k), np.inf, np.float32)
    lists = np.concatenate([np.arange(count, dtype=graph.ids.dtype)[:, None], graph.ids], 1)
    for start in range(0, count, rows := max(AT_ONCE // (k + 1)**2, 1)):
        own = lists[start:start + rows]
        for rank in range(1, k + 1):
            other = lists[own[:, rank]]  # of the last item where there is none, and not used then
            back = other == own[:, :1]  # (rows, k + 1)
            mutual = np.flatnonzero(back.any(1) & (own[:, rank] >= 0))
            mine, theirs, theirs_rank = own[mutual], other[mutual], back[mutual].argmax(1)
            equal = (mine[:, :, None] == theirs[:, None, :]) & (mine[:, :, None] >= 0)
            lone = (~equal.any(2))[:, :rank].sum(1)
            lone += (~equal.any(1) & (np.arange(k + 1) < theirs_rank[:, None])).sum(1)
            result[start + mutual, rank - 1] = lone / np.minimum(rank, theirs_rank)
    return result


def approximate_rank_order(graph: KNNGraph, threshold: float) -> np.ndarray:
    """Components of the pairs whose approximate rank-order distance is ``threshold`` or less.

    Args:
        graph: of N items.
        threshold: of :func:`rank_order_distances`, 0 or more.

    Returns:
        (N,) int64, clusters by their first members; an item without such a pair is a cluster of its own.
    """
    return _components(graph_pairs(graph, keep=rank_order_distances(graph) <= threshold), len(graph.ids))


def chinese_whispers(graph: KNNGraph, threshold: float, iterations: int = 20, seed: int = 0,
                     parts: int = 4) -> np.ndarray:
    """Chinese whispers (Biemann 2006): each item takes the label that weighs most among its neighbors, again and again.

    The paper visits items one by one in a random order; here a random part of them moves together, which is whole
    arrays and, with two parts or more, does not swing between two states for ever.

    Args:
        graph: of N items.
        threshold: least cosine of a pair, above 0; it is the weight.
        iterations: most rounds over all items; it ends before if a round changes nothing.
        seed: of the parts.
        parts: an iteration consists of.

    Returns:
        (N,) int64, clusters by their first members; of equally heavy labels the item's own is kept, else the lowest
        taken.

    Raises:
        ValueError: a threshold of 0 or less, or fewer than one part.
    """
    from scipy.sparse import csr_array
    if threshold <= 0 or parts < 1:
        raise ValueError(f'threshold={threshold} must be above 0 (labels are weighed by the cosine), parts={parts} 1 '
                         'or more')
    count = len(graph.ids)
    source, target, scores = graph_pairs(graph, threshold)
    rows, columns = np.concatenate([source, target]), np.concatenate([target, source])
    weights = csr_array((np.concatenate([scores, scores]), (rows, columns)), shape=(count, count))
    labels, rng = np.arange(count), np.random.default_rng(seed)
    for _ in range(iterations):
        part_of, changed = rng.integers(0, parts, count), False
        for part in range(parts):
            items = np.flatnonzero(part_of == part)
            new = _heaviest(weights[items], labels, labels[items])
            changed |= bool((new != labels[items]).any())
            labels[items] = new
        if not changed:
            break
    return by_first_member(labels)


def _heaviest(weights: Any, labels: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Label with the largest sum of weights among the neighbors of each row; ``own`` where there is no neighbor."""
    rows = np.repeat(np.arange(len(own)), np.diff(weights.indptr))
    names = labels[weights.indices]
    order = np.lexsort((names, rows))
    rows, names, values = rows[order], names[order], weights.data[order]
    if not len(rows):
        return own
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]) | (names[1:] != names[:-1])
    starts = np.flatnonzero(new)
    rows, names, sums = rows[starts], names[starts], np.add.reduceat(values, starts)
    order = np.lexsort((names, names != own[rows], -np.round(sums, 9), rows))  # equal but for rounding is equal
    rows, names = rows[order], names[order]
    first = np.ones(len(rows), bool)
    first[1:] = rows[1:] != rows[:-1]
    result = own.copy()
    result[rows[first]] = names[first]
    return result
