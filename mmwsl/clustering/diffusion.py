"""Diffusion, the variant of CDP (Zhan et al. 2018) in which a node of a large component may have several labels."""

from typing import NamedTuple

import numpy as np

from mmwsl.clustering.cdp import propagate_levels
from mmwsl.clustering.knn_graph import Pairs

AT_ONCE = 1024  # nodes that it spreads from together


class SoftLabels(NamedTuple):
    """Labels of nodes, several of one node allowed, in ascending order of ``nodes``, then of ``labels``.

    Attributes:
        nodes, labels: (M,) int64.
        weights: (M,) float64; those of one node sum to 1.
    """
    nodes: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


def diffuse(pairs: Pairs, count: int, max_size: int = 600, step: float = 0.05, max_rounds: int = 100, depth: int = 5,
            decay: float = 0.6, min_weight: float = 0.1) -> SoftLabels:
    """Propagation that lets nodes of large components have several labels.

    Clusters that are final in the first round keep their one label. Of the other nodes each spreads weight 1 breadth
    first over their edges: a node at depth d has ``decay`` times the sum, over its neighbors at depth d - 1, of their
    weight times the edge's score. What arrives at the nodes of a label, from a node and itself, is that node's weight
    for it, divided by the sum over labels.

    Args:
        pairs, count, max_size, step, max_rounds: see :func:`propagate`, which gives the labels.
        depth: of the search.
        decay: of a step.
        min_weight: labels of less than that, after the division, are dropped, and the division made again; a node's
            heaviest label stays.

    Returns:
        SoftLabels: nodes in no pair are absent.

    Raises:
        ValueError: see :func:`propagate`; a negative score between nodes of large components.
    """
    from scipy.sparse import csr_array
    labels, early = propagate_levels(pairs, count, max_size, step, max_rounds)
    single = np.flatnonzero(early)
    kept = ~early[pairs.source]
    source, target, scores = (each[kept] for each in pairs)
    if len(scores) and scores.min() < 0:
        raise ValueError(f'diffusion needs scores of 0 or more, the lowest is {scores.min()}: raise the threshold of '
                         'the pairs')
    nodes = np.flatnonzero((labels >= 0) & ~early)
    size = len(nodes)
    numbers = np.full(count, -1, np.int64)
    numbers[nodes] = np.arange(size)
    rows, columns = numbers[np.concatenate([source, target])], numbers[np.concatenate([target, source])]
    edges = csr_array((np.concatenate([scores, scores]), (rows, columns)), shape=(size, size))
    member = csr_array((np.ones(size), (np.arange(size), labels[nodes])), shape=(size, labels.max(initial=-1) + 1))
    found = [np.stack([single, labels[single], np.ones(len(single))])]
    for start in range(0, size, AT_ONCE):
        own = np.arange(start, min(start + AT_ONCE, size))
        front = csr_array((np.ones(len(own)), (np.arange(len(own)), own)), shape=(len(own), size))
        total = front
        for _ in range(depth):
            front = front @ edges * decay
            front = front - front.multiply(total != 0)  # nodes that were reached before
            front.eliminate_zeros()
            total = total + front
        weights = (total @ member).tocoo()
        found.append(np.stack([nodes[own[weights.row]], weights.col, weights.data]))
    owners, names, values = np.concatenate(found, 1)
    owners, names = owners.astype(np.int64), names.astype(np.int64)
    largest, sums = np.zeros(count), np.bincount(owners, values, count)
    np.maximum.at(largest, owners, values)
    chosen = (values >= min_weight * sums[owners]) | (values == largest[owners])
    owners, names, values = owners[chosen], names[chosen], values[chosen]
    order = np.lexsort((names, owners))
    owners, names, values = owners[order], names[order], values[order]
    return SoftLabels(owners, names, values / np.bincount(owners, values, count)[owners])
