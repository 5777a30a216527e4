"""New items for clusters that stand: by their neighbors among the old items and among each other."""

import numpy as np

from mmwsl.clustering.knn_graph import KNNGraph


def extend_partition(labels: np.ndarray, graph: KNNGraph, threshold: float, max_size: int | None = None) -> np.ndarray:
    """Clusters of n new items beside N old ones, whose clusters stay as they are.

    Pairs of a new item and a neighbor are taken the most similar first. A new item, and with it those that hang
    together with it already, joins its neighbor's cluster, unless the cluster would have more than ``max_size`` items
    or two old clusters would become one. Equally similar pairs are taken in the order of the new items.

    Args:
        labels: (N,) integers, the old clusters; -1 = unassigned, which nobody joins.
        graph: neighbors of the n new items, (n, k); an old item has its number, a new one N + its own.
        threshold: least similarity of a pair.
        max_size: of a cluster; None = any. Old clusters may be larger already.

    Returns:
        (n,) int64: an old cluster's number, or a new one from the highest old number + 1 on, by first members; -1 = a
        new item that joined nobody.

    Raises:
        ValueError: a number of an item out of range, or a size below 1.
    """
    labels = np.asarray(labels, np.int64)
    old, new = len(labels), len(graph.ids)
    if max_size is not None and max_size < 1:
        raise ValueError(f'max_size={max_size} must be 1 or more')
    if new and not -1 <= graph.ids.min() <= graph.ids.max() < old + new:
        raise ValueError(f'the neighbors have numbers {graph.ids.min()} to {graph.ids.max()}; {old} old and {new} new '
                         f'items are numbered 0 to {old + new - 1}')
    rows, columns = np.nonzero((graph.ids >= 0) & (graph.similarities >= threshold))
    others, values = graph.ids[rows, columns].astype(np.int64), graph.similarities[rows, columns]
    usable = others >= old
    usable[~usable] = labels[others[~usable]] >= 0
    order = np.argsort(-values[usable], kind='stable')
    # nodes: first the old clusters, then the new items
    clusters = int(labels.max(initial=-1)) + 1
    nodes = np.where(others >= old, others - old + clusters, labels[np.minimum(others, old - 1)] if old else 0)
    sizes = [*np.bincount(labels[labels >= 0], minlength=clusters).tolist(), *[1] * new]
    parent = list(range(clusters + new))

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node
    for first, second in zip((rows[usable] + clusters)[order].tolist(), nodes[usable][order].tolist(), strict=True):
        low, high = sorted((find(first), find(second)))  # an old cluster stays the root
        if low == high or high < clusters or max_size is not None and sizes[low] + sizes[high] > max_size:
            continue
        parent[high] = low
        sizes[low] += sizes[high]
    roots = np.array([find(node) for node in range(clusters, clusters + new)], np.int64)
    roots = np.where((roots >= clusters) & (np.array(sizes)[roots] == 1), -1, roots) if new else roots
    fresh = np.unique(roots[roots >= clusters])  # a root is its first member
    return np.where(roots >= clusters, clusters + np.searchsorted(fresh, roots), roots)
