"""Clusters as a cleaner of a data set: items that hang together with nothing, or with items of another label."""

import numpy as np

from mmwsl.clustering.knn_graph import Pairs

KEPT, LONELY, WEAK, MISLABELED = range(4)


def find_unclean(partition: np.ndarray, labels: np.ndarray | None = None, pairs: Pairs | None = None,
                 min_size: int = 2, min_score: float | None = None) -> np.ndarray:
    """Why each of N items should be dropped.

    Args:
        partition: (N,) clusters; -1 = unassigned.
        labels: (N,) what the items are said to be; -1 = not said.
        pairs: scored pairs of the items, for ``min_score``.
        min_size: items of smaller clusters are lonely.
        min_score: an item whose pairs within its cluster have a lower mean score is weak; None asks nothing.

    Returns:
        (N,) int8: 0 it should be kept; 1 it is lonely (unassigned, or in a small cluster); 2 it is weak; 3 it is said
        to be something else than more than half of the items in its cluster. The first of these that holds.

    Raises:
        ValueError: labels of other items, or a score without pairs.
    """
    partition = np.asarray(partition)
    count = len(partition)
    if labels is not None and len(labels) != count:
        raise ValueError(f'{len(labels)} labels for {count} items: give those of the same items')
    if min_score is not None and pairs is None:
        raise ValueError(f'min_score={min_score} is of pairs, which are not given')
    reasons, assigned = np.zeros(count, np.int8), partition >= 0
    if labels is not None:
        reasons[_outvoted(partition, np.asarray(labels))] = MISLABELED
    if min_score is not None and pairs is not None:
        within = partition[pairs.source] == partition[pairs.target]
        ends, scores = np.concatenate([pairs.source[within], pairs.target[within]]), np.tile(pairs.scores[within], 2)
        total, number = np.bincount(ends, scores, count), np.bincount(ends, minlength=count)
        reasons[total < min_score * number] = WEAK
    sizes = np.bincount(partition[assigned], minlength=1)
    reasons[~assigned | (sizes[partition] < min_size)] = LONELY
    return reasons


def _outvoted(partition: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which items have another label than more than half of the labeled items of their cluster (N,)."""
    known = np.flatnonzero((partition >= 0) & (labels >= 0))
    result = np.zeros(len(partition), bool)
    if not len(known):
        return result
    (clusters, names), inverse, counts = np.unique(np.stack([partition[known], labels[known]]), axis=1,
                                                   return_inverse=True, return_counts=True)
    totals = np.bincount(partition[known])
    major = np.full(len(totals), -1, np.int64)
    most = 2 * counts > totals[clusters]
    major[clusters[most]] = names[most]
    theirs = major[partition[known]]
    result[known] = (theirs >= 0) & (theirs != labels[known])
    return result
