"""Consensus-driven propagation (Zhan et al. 2018): pairs of one model or a committee's vote, and their propagation.

The propagation raises a threshold until every component is small enough. It is computed on whole arrays, round by
round: a component that is final has no edge left to any other node, and edges only vanish, so no order of visits could
change the result.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mmwsl.clustering.knn_graph import CHECKED, KNNGraph, Pairs, graph_pairs

Components = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
LEFTOVERS = ('together', 'components')
AT_ONCE = 1024  # nodes that diffusion spreads from together


class SoftLabels(NamedTuple):
    """Labels of nodes, several of one node allowed, in ascending order of ``nodes``, then of ``labels``.

    Attributes:
        nodes, labels: (M,) int64.
        weights: (M,) float64; those of one node sum to 1.
    """
    nodes: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


def components(source: np.ndarray, target: np.ndarray, count: int) -> np.ndarray:
    """Number of the connected component (count,) of each node, by SciPy.

    Args:
        source: (M,) integers, ascending.
        target: (M,) integers.
        count: of the nodes.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components
    starts = np.zeros(count + 1, np.int32 if len(source) < 2**31 else np.int64)
    np.cumsum(np.bincount(source, minlength=count), out=starts[1:])
    graph = csr_array((np.ones(len(source)), target, starts), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def by_first_member(labels: np.ndarray) -> np.ndarray:
    """The same partition with clusters numbered by their first members; -1 stays."""
    used, first, numbers = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(np.where(used < 0, -1, first), kind='stable')
    names = np.empty(len(used), np.int64)
    names[order] = np.arange(len(used)) - (used < 0).any()
    return names[numbers]


def vote_pairs(base: KNNGraph, committee: Sequence[KNNGraph], threshold: float, accept: int,
               strict: bool = True) -> Pairs:
    """Pairs that a base model proposes and a committee confirms.

    j, a neighbor of i in the base model's graph with a similarity above ``threshold``, is kept if ``accept`` or more
    members of the committee have j among their neighbors of i.

    Args:
        base: of N items.
        committee: graphs of the same items by other models; none with ``accept=0`` is the single model.
        threshold: of the base model's similarity.
        accept: votes, 0 to the number of members.
        strict: the similarity must be above the threshold, not equal to it.

    Returns:
        Pairs: with the base model's similarities as scores.

    Raises:
        ValueError: more votes than members, or graphs of different items.
    """
    if not 0 <= accept <= len(committee):
        raise ValueError(f'accept={accept} votes of a committee of {len(committee)} members are impossible; choose 0 '
                         f'to {len(committee)}')
    for number, member in enumerate(committee):
        if len(member.ids) != len(base.ids):
            raise ValueError(f'committee member {number} has a graph of {len(member.ids)} items, the base model one of '
                             f'{len(base.ids)}: they must be of the same items, in the same order')
    if not accept:
        return graph_pairs(base, threshold, strict)
    keep = np.zeros(base.ids.shape, bool)
    for start in range(0, len(keep), CHECKED):
        ids = base.ids[start:start + CHECKED]
        votes = np.zeros(ids.shape, np.int32)
        for member in committee:
            theirs, found = member.ids[start:start + CHECKED], np.zeros(ids.shape, bool)
            for column in range(theirs.shape[1]):  # one at a time: k times less memory than all at once
                found |= ids == theirs[:, column, None]
            votes += found
        keep[start:start + CHECKED] = votes >= accept
    return graph_pairs(base, threshold, strict, keep)


def propagate(pairs: Pairs, count: int, max_size: int = 600, step: float = 0.05, max_rounds: int = 100,
              leftover: str = 'together', find_components: Components = components) -> np.ndarray:
    """Partition of N items by their scored pairs.

    Components of the edges are final if they have ``max_size`` nodes or fewer. For the others the threshold, at first
    the lowest score, rises by ``step`` of what lacks to 1, which drops edges; and so on.

    Args:
        pairs: scores of 1 or less.
        count: N.
        max_size: of a cluster, 1 or more.
        step: 0 to 1, both excluded.
        max_rounds: then the rest is left as it is, with a warning.
        leftover: what the rest becomes: ``'together'`` one cluster, ``'components'`` one each.
        find_components: replaces SciPy by another engine, see :func:`components`.

    Returns:
        (N,) int64, clusters by their first members; -1 = in no pair.

    Raises:
        ValueError: a setting out of range, scores that are NaN or above 1, or unsorted pairs.
    """
    labels, _ = _propagate(pairs, count, max_size, step, max_rounds, leftover, find_components)
    return by_first_member(labels)


def _propagate(pairs: Pairs, count: int, max_size: int, step: float, max_rounds: int, leftover: str,
               find_components: Components) -> tuple[np.ndarray, np.ndarray]:
    """Labels (N,), -1 = in no pair, and whether each node was final in the first round (N,)."""
    _check(pairs, count, max_size, step, max_rounds, leftover)
    labels, early = np.full(count, -1, np.int64), np.zeros(count, bool)
    source, target, scores = pairs
    if not len(source):
        return labels, early
    active = np.zeros(count, bool)
    active[source] = active[target] = True
    nodes = np.flatnonzero(active).astype(source.dtype)  # number in the input of each node that is still active
    source, target = _renumber(source, target, active)
    threshold, used = float(scores.min()), 0
    for number in range(max_rounds):
        found = find_components(source, target, len(nodes))
        sizes = np.bincount(found)
        final = sizes[found] <= max_size
        labels[nodes[final]] = used + found[final]
        used += len(sizes)
        if not number:
            early[nodes[final]] = True
        if final.all():
            return labels, early
        threshold += (1 - threshold) * step
        kept = ~final[source] & (scores >= threshold)  # both ends are in one component, so one end tells
        source, target, scores = source[kept], target[kept], scores[kept]
        nodes = nodes[~final]
        source, target = _renumber(source, target, ~final)
    warnings.warn(f'{len(nodes)} items still hang together in components of more than {max_size} after {max_rounds} '
                  f'rounds, at a threshold of {threshold:.4g}; are they duplicates? They become '
                  + ('one cluster' if leftover == 'together' else 'a cluster for each component'))
    labels[nodes] = used + (0 if leftover == 'together' else find_components(source, target, len(nodes)))
    return labels, early


def _renumber(source: np.ndarray, target: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of edges between kept nodes, numbered among these; their order stays."""
    numbers = (np.cumsum(kept) - 1).astype(source.dtype)
    return numbers[source], numbers[target]


def _check(pairs: Pairs, count: int, max_size: int, step: float, max_rounds: int, leftover: str) -> None:
    if max_size < 1 or not 0 < step < 1 or max_rounds < 1 or leftover not in LEFTOVERS:
        raise ValueError(f'max_size={max_size} must be 1 or more, step={step} within 0 and 1, max_rounds={max_rounds} '
                         f'1 or more, leftover={leftover!r} one of {", ".join(LEFTOVERS)}')
    source, target, scores = pairs
    if not len(source):
        return
    if not scores.max() <= 1 + 1e-6:  # NaN as well
        raise ValueError(f'the highest score of the pairs is {scores.max()}; scores must be numbers of 1 or less')
    if (source[1:] < source[:-1]).any() or (source >= target).any() or source[0] < 0 or target.max() >= count:
        raise ValueError(f'pairs must be of different items 0 to {count - 1}, the lower one as the source, and in '
                         'ascending order of it; see unique_pairs')


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
    labels, early = _propagate(pairs, count, max_size, step, max_rounds, 'together', components)
    labels = by_first_member(labels)
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
