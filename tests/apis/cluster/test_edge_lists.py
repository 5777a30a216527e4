"""Neighbors that shards found, as one graph."""

import numpy as np
import pytest

from mmwsl.apis.cluster import merge_topk
from mmwsl.clustering import drop_self, exact_graph
from mmwsl.clustering.knn_graph import unit_rows


def test_shards_give_the_whole_graph():
    """The neighbors of all items in each of three shards, numbered from 0 in each, make the graph of all."""
    rows = unit_rows(np.random.default_rng(0).normal(size=(50, 8))).numpy()
    bounds, shards = [0, 10, 12, 50], []
    for start, stop in zip(bounds[:-1], bounds[1:], strict=True):
        similarities = rows @ rows[start:stop].T
        ids = np.argsort(-similarities, 1)[:, :6]
        shards.append((ids, np.take_along_axis(similarities, ids, 1)))
    merged = drop_self(*merge_topk(shards, 6, bounds[:-1]), 5)
    exact = exact_graph(rows, 5)
    np.testing.assert_array_equal(merged.ids, exact.ids)
    np.testing.assert_allclose(merged.similarities, exact.similarities, atol=1e-6)


def test_few_neighbors_and_none():
    graph = merge_topk([(np.array([[0, -1]]), np.array([[.5, -1]])), (np.array([[0]]), np.array([[.7]]))], 4, [0, 9])
    assert graph.ids.tolist() == [[9, 0, -1, -1]] and graph.similarities[0, 2:].tolist() == [-1, -1]


def test_refusals():
    one = (np.zeros((2, 1), int), np.zeros((2, 1)))
    with pytest.raises(ValueError, match='an offset for each'):
        merge_topk([one], 1, [0, 2])
    with pytest.raises(ValueError, match='same ones'):
        merge_topk([one, (np.zeros((3, 1), int), np.zeros((3, 1)))], 1)
