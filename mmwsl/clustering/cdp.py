"""Consensus-driven propagation (Zhan et al. 2018): pairs of one model or a committee's vote, and their propagation.

The propagation raises a threshold until every component is small enough. A component that is final has no edge left to
any other node, and edges only vanish, so no order of visits could change the result: it is computed on whole arrays,
and from the highest threshold down, where components only grow, so that each edge is looked at once.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from mmwsl.clustering.knn_graph import CHECKED, KNNGraph, Pairs, graph_pairs

Components = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
LEFTOVERS = ('together', 'components')
PART = 2**20  # edges whose level is found together


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
              leftover: str = 'together', find_components: Components | None = None) -> np.ndarray:
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
        find_components: an engine of another machine, of the form of :func:`components`; it is asked once a round,
            from the lowest threshold up. None = here, from the highest down.

    Returns:
        (N,) int64, clusters by their first members; -1 = in no pair.

    Raises:
        ValueError: a setting out of range, scores that are NaN or above 1, or unsorted pairs.
    """
    if find_components is None:
        return propagate_levels(pairs, count, max_size, step, max_rounds, leftover)[0]
    _check(pairs, count, max_size, step, max_rounds, leftover)
    return by_first_member(_by_rounds(pairs, count, max_size, step, max_rounds, leftover, find_components))


def propagate_levels(pairs: Pairs, count: int, max_size: int, step: float, max_rounds: int,
                     leftover: str = 'together') -> tuple[np.ndarray, np.ndarray]:
    """As :func:`propagate`; labels (N,), and whether each node was final in the first round (N,).

    Node 0 of the forest stands for everything that is too large at the level that was reached, node i + 1 for item i.
    """
    _check(pairs, count, max_size, step, max_rounds, leftover)
    source, target, scores = pairs
    if not len(source):
        return np.full(count, -1, np.int64), np.zeros(count, bool)
    thresholds = [min(float(scores.min()), 1.0)]
    highest = min(float(scores.max()), 1.0)
    while len(thresholds) <= max_rounds and thresholds[-1] <= highest:
        thresholds.append(thresholds[-1] + (1 - thresholds[-1]) * step)
    order, ends = _by_level(scores, np.array(thresholds))
    kind = np.int32 if count < 2**31 - 1 else np.int64
    root: np.ndarray = np.arange(count + 1, dtype=kind)  # the lowest node of each one's component
    label, left = root.copy(), np.zeros(0, np.int64)  # label: the root where the component was last small enough
    for level in range(len(ends) - 2, -1, -1):
        edges = order[ends[level]:ends[level + 1]]
        parent = _join(root[source[edges] + 1], root[target[edges] + 1], count + 1)
        root = parent[root]
        if level == max_rounds:  # what is left when the rounds are over
            label = root.copy()
            continue
        sizes = np.bincount(root, minlength=count + 1)
        large = sizes > max_size
        large[0] = True
        small = ~large[root]
        if level == max_rounds - 1:
            left = np.flatnonzero(~small[1:]) + 1
        label[small] = root[small]
        root[~small] = 0
    early = root > 0
    if len(left):
        _warn(len(left), max_size, max_rounds, thresholds[max_rounds], leftover)
        if leftover == 'together':
            label[left] = left[0]
    paired = np.zeros(count + 1, bool)
    paired[source + 1] = paired[target + 1] = True
    numbers = np.cumsum((label == np.arange(count + 1)) & paired) - 1  # a cluster's label is its first member
    return np.where(paired, numbers[label], -1)[1:], (early & paired)[1:]


def _by_level(scores: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order of the edges by how many thresholds they reach, and where in it each number of them begins and ends."""
    levels = np.empty(len(scores), np.uint8 if len(thresholds) < 256 else np.int32)  # small ones sort in linear time
    for start in range(0, len(scores), PART):
        part = np.minimum(scores[start:start + PART], 1.0)
        levels[start:start + PART] = np.searchsorted(thresholds, part, 'right') - 1
    order = np.argsort(levels, kind='stable')
    return order, np.concatenate([[0], np.cumsum(np.bincount(levels, minlength=len(thresholds)))])


def _join(source: np.ndarray, target: np.ndarray, count: int) -> np.ndarray:
    """The lowest node (count,) of each node's connected component."""
    parent = np.arange(count, dtype=source.dtype)
    while True:
        apart = source != target
        source, target = source[apart], target[apart]
        if not len(source):
            return parent
        np.minimum.at(parent, np.maximum(source, target), np.minimum(source, target))
        while True:
            further = parent[parent]
            if np.array_equal(further, parent):
                break
            parent = further
        source, target = parent[source], parent[target]


def _by_rounds(pairs: Pairs, count: int, max_size: int, step: float, max_rounds: int, leftover: str,
               find_components: Components) -> np.ndarray:
    """Labels (N,) in any order, -1 = in no pair, by an engine that is asked once a round."""
    labels = np.full(count, -1, np.int64)
    source, target, scores = pairs
    if not len(source):
        return labels
    active = np.zeros(count, bool)
    active[source] = active[target] = True
    nodes = np.flatnonzero(active).astype(source.dtype)  # number in the input of each node that is still active
    source, target = _renumber(source, target, active)
    threshold, used = float(scores.min()), 0
    for _ in range(max_rounds):
        found = find_components(source, target, len(nodes))
        sizes = np.bincount(found)
        final = sizes[found] <= max_size
        labels[nodes[final]] = used + found[final]
        used += len(sizes)
        if final.all():
            return labels
        threshold += (1 - threshold) * step
        kept = ~final[source] & (scores >= threshold)  # both ends are in one component, so one end tells
        source, target, scores = source[kept], target[kept], scores[kept]
        nodes = nodes[~final]
        source, target = _renumber(source, target, ~final)
    _warn(len(nodes), max_size, max_rounds, threshold, leftover)
    labels[nodes] = used + (0 if leftover == 'together' else find_components(source, target, len(nodes)))
    return labels


def _warn(items: int, max_size: int, max_rounds: int, threshold: float, leftover: str) -> None:
    warnings.warn(f'{items} items still hang together in components of more than {max_size} after {max_rounds} rounds, '
                  f'at a threshold of {threshold:.4g}; are they duplicates? They become '
                  + ('one cluster' if leftover == 'together' else 'a cluster for each component'))


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
