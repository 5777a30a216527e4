"""Confidence of a node of a kNN graph, and its peak: the nearest neighbor that is more confident (Yang et al. 2020)."""

import numpy as np

from mmwsl.clustering.cdp import by_first_member, components
from mmwsl.clustering.knn_graph import CHECKED, KNNGraph


def confidence_targets(graph: KNNGraph, labels: np.ndarray) -> np.ndarray:
    """How purely a node's neighbors are of its class: the sum of their similarities, those of other classes negative.

    Args:
        graph: of N items; neighbors of a negative similarity do not count.
        labels: (N,) classes.

    Returns:
        (N,) float32, divided by the largest absolute sum: -1 to 1.
    """
    sums = np.zeros(len(labels), np.float64)
    for start in range(0, len(labels), CHECKED):
        part = slice(start, start + CHECKED)
        ids, values = graph.ids[part], np.asarray(graph.similarities[part], np.float64)
        sign = np.where(labels[ids] == labels[part, None], 1, -1)
        sums[part] = (sign * values * ((ids >= 0) & (values > 0))).sum(1)
    return (sums / max(float(np.abs(sums).max(initial=0)), 1e-12)).astype(np.float32)


def find_peaks(graph: KNNGraph, confidence: np.ndarray, threshold: float) -> np.ndarray:
    """The nearest neighbor of each node that is more confident than it, if it is near enough.

    Args:
        graph: of N items.
        confidence: (N,) of any float type.
        threshold: the similarity must be above it.

    Returns:
        (N,) int64, -1 where there is none. The second nearest is not asked where the nearest is too far.
    """
    peaks = np.full(len(confidence), -1, np.int64)
    if not graph.ids.shape[1]:
        return peaks
    for start in range(0, len(confidence), CHECKED):
        part = slice(start, start + CHECKED)
        ids, values = graph.ids[part], graph.similarities[part]
        higher = (ids >= 0) & (confidence[ids] > confidence[part, None])
        first = higher.argmax(1)
        rows = np.flatnonzero(higher.any(1) & (values[np.arange(len(ids)), first] > threshold))
        peaks[start + rows] = ids[rows, first[rows]]
    return peaks


def partition_of_peaks(peaks: np.ndarray) -> np.ndarray:
    """Partition of N nodes by what each is joined to (N,), -1 = nothing; clusters by their first members, int64."""
    nodes = np.flatnonzero(peaks >= 0)
    return by_first_member(components(nodes, peaks[nodes], len(peaks)))
