"""Targets of confidence and peaks, against loops."""

import numpy as np

from mmwsl.clustering import exact_graph
from mmwsl.clustering.knn_graph import KNNGraph
from mmwsl.clustering.learned import confidence_targets, find_peaks, partition_of_peaks


def people(count=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 6, count)
    return rng.normal(size=(6, 8))[labels] + .7 * rng.normal(size=(count, 8)), labels


def test_targets_equal_the_sum():
    features, labels = people()
    graph = exact_graph(features, 30)  # so many that some similarities are negative
    assert (graph.similarities < 0).any()
    sums = np.array([sum(s if labels[i] == labels[j] else -s for j, s in zip(graph.ids[i], graph.similarities[i], strict=True) if s > 0)
                     for i in range(60)])
    np.testing.assert_allclose(confidence_targets(graph, labels), sums / abs(sums).max(), rtol=1e-5)


def test_peaks_equal_the_walk():
    features, _ = people()
    graph, rng = exact_graph(features, 10), np.random.default_rng(1)
    confidence = np.round(rng.random(60), 1)  # with ties
    for threshold in (-1, .3, .8):
        wanted = []
        for i in range(60):
            higher = [rank for rank in range(10) if confidence[graph.ids[i, rank]] > confidence[i]]
            wanted.append(graph.ids[i, higher[0]] if higher and graph.similarities[i, higher[0]] > threshold else -1)
        np.testing.assert_array_equal(find_peaks(graph, confidence, threshold), wanted)


def test_the_most_confident_and_the_lonely_have_no_peak():
    graph = KNNGraph(np.array([[1, 2], [0, -1], [-1, -1]]), np.array([[.9, .5], [.9, -1], [-1, -1]], np.float32))
    assert find_peaks(graph, np.array([.5, .9, .1]), 0).tolist() == [1, -1, -1]
    assert partition_of_peaks(np.array([1, -1, -1])).tolist() == [0, 0, 1]
    assert find_peaks(KNNGraph(np.zeros((3, 0), int), np.zeros((3, 0))), np.zeros(3), 0).tolist() == [-1] * 3
