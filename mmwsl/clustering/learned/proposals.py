"""Proposals of clusters: what propagation finds at many settings, in one compressed structure (Yang et al. 2019)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmwsl.clustering.cdp import propagate
from mmwsl.clustering.knn_graph import KNNGraph, exact_graph, graph_pairs, unit_rows


class Proposals(NamedTuple):
    """P sets of items, which may overlap.

    Attributes:
        starts: (P + 1,) int64; proposal p has ``members[starts[p]:starts[p + 1]]``.
        members: (M,) int64 numbers, ascending within a proposal.
    """
    starts: np.ndarray
    members: np.ndarray

    def of(self, number: int) -> np.ndarray:
        """Members of a proposal."""
        return self.members[self.starts[number]:self.starts[number + 1]]

    @property
    def sizes(self) -> np.ndarray:
        """(P,) numbers of members."""
        return np.diff(self.starts)

    @property
    def owners(self) -> np.ndarray:
        """(M,) number of the proposal that each entry of ``members`` is of."""
        return np.repeat(np.arange(len(self.starts) - 1), self.sizes)


def groups_of(labels: np.ndarray, sizes: tuple[int, int]) -> Proposals:
    """The clusters of a partition (N,) as proposals, those of fewest to most members; -1 is none."""
    order = np.argsort(labels, kind='stable')
    order = order[labels[order] >= 0]
    counts = np.bincount(labels[order]) if len(order) else np.zeros(0, np.int64)
    kept = (counts >= max(sizes[0], 1)) & (counts <= sizes[1])
    starts = np.concatenate([[0], np.cumsum(counts[kept])]).astype(np.int64)
    return Proposals(starts, order[kept[labels[order]]].astype(np.int64))


def propose(graph: KNNGraph, settings: Sequence[tuple[int, float]], step: float = 0.05, max_size: int = 300,
            min_size: int = 3) -> Proposals:
    """Clusters that :func:`mmwsl.clustering.propagate` finds at each (neighbors, threshold), each once."""
    return unite([groups_of(propagate(graph_pairs(KNNGraph(graph.ids[:, :k], graph.similarities[:, :k]), threshold),
                                      len(graph.ids), max_size, step, leftover='components'), (min_size, max_size))
                  for k, threshold in settings])


def propose_joined(features: np.ndarray, labels: np.ndarray, settings: Sequence[tuple[int, int]],
                   threshold: float = 0.4, step: float = 0.05, sizes: tuple[int, int] = (3, 500)) -> Proposals:
    """Clusters that are joined with near ones: propagation again, on the clusters' mean features.

    Args:
        features: (N, D) of the items.
        labels: (N,) a partition; -1 is left out.
        settings: (neighbors of a cluster, most clusters in a proposal) of each run.
        threshold: least similarity of clusters.
        step: of the propagation.
        sizes: fewest and most items of a proposal.
    """
    groups = groups_of(labels, (1, len(labels)))
    if len(groups.starts) < 3:
        return unite([])
    rows = unit_rows(features[groups.members]).numpy()
    means = np.add.reduceat(rows, groups.starts[:-1]) / groups.sizes[:, None]
    found = []
    for k, most in settings:
        joined = propagate(graph_pairs(exact_graph(means, k), threshold), len(means), most, step, leftover='components')
        of_item = np.full(len(labels), -1, np.int64)
        counts = np.bincount(joined[joined >= 0], minlength=1)
        several = (joined >= 0) & (counts[joined] > 1)
        of_item[groups.members] = np.where(several, joined, -1)[groups.owners]
        found.append(groups_of(of_item, sizes))
    return unite(found)


def unite(parts: Sequence[Proposals]) -> Proposals:
    """The proposals of several sets, each once, in the order of their first occurrence."""
    seen: set[bytes] = set()
    members = []
    for part in parts:
        for number in range(len(part.starts) - 1):
            key = part.of(number).tobytes()
            if key not in seen:
                seen.add(key)
                members.append(part.of(number))
    starts = np.cumsum([0, *map(len, members)]).astype(np.int64)
    return Proposals(starts, np.concatenate(members) if members else np.zeros(0, np.int64))


def proposal_targets(proposals: Proposals, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How well each proposal is a class: the class that most of its members have (the lowest, where several do).

    Args:
        proposals: of N items.
        labels: (N,) classes of 0 or more.

    Returns:
        tuple: intersection over union of the proposal with all items of that class (P,), and its share of the
        proposal (P,); float32.
    """
    sizes, owners = proposals.sizes, proposals.owners
    pairs, counts = np.unique(np.stack([owners, labels[proposals.members]]), axis=1, return_counts=True)
    best = np.zeros(len(sizes), np.int64)
    np.maximum.at(best, pairs[0], counts)
    most = np.flatnonzero(counts == best[pairs[0]])[::-1]  # so that the lowest class is written last
    majority = np.zeros(len(sizes), np.int64)
    majority[pairs[0, most]] = pairs[1, most]
    of_class = np.bincount(labels)[majority]
    return (best / (sizes + of_class - best)).astype(np.float32), (best / sizes).astype(np.float32)
