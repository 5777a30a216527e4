"""kNN graphs against the whole matrix of cosines, and what is no graph."""

import numpy as np
import pytest

from mmwsl.clustering import knn_graph as module
from mmwsl.clustering.knn_graph import (
    KNNGraph,
    check_graph,
    drop_self,
    exact_graph,
    exact_neighbors,
    graph_pairs,
    merge_neighbors,
    neighbor_recall,
    unique_pairs,
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setitem(module.ROWS, 'cpu', 7)
    monkeypatch.setitem(module.COLUMNS, 'cpu', 11)


def features(count=50, dims=6, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dims)).astype(np.float32)


def cosines(x):
    unit = x.astype(np.float64) / np.linalg.norm(x, axis=1, keepdims=True)
    whole = unit @ unit.T
    np.fill_diagonal(whole, -2)
    return whole


@pytest.mark.parametrize('count', [50, 10])  # read block by block, and all at once
def test_exact_graph_is_that_of_the_whole_matrix(count):
    x = features(count)
    graph, whole = exact_graph(x * 1e-25, 5), cosines(x)  # the lengths do not count
    np.testing.assert_array_equal(graph.ids, np.argsort(-whole, axis=1)[:, :5])
    np.testing.assert_allclose(graph.similarities, -np.sort(-whole, axis=1)[:, :5], atol=1e-6)
    assert graph.ids.dtype == np.int32 and graph.similarities.dtype == np.float32
    check_graph(graph)
    part, = exact_neighbors(x, 5, items=np.array([8, 3, 3]))
    np.testing.assert_array_equal(part.ids, graph.ids[[8, 3, 3]])


def test_more_neighbors_than_items_duplicates_negative_cosines_and_zeros():
    x = np.array([[1, 0], [1, 0], [-1, 0], [0, 0]], np.float32)
    graph = exact_graph(x, 5)
    assert graph.ids.tolist() == [[1, 2, -1, -1, -1], [0, 2, -1, -1, -1], graph.ids[2].tolist(), [-1] * 5]
    assert sorted(graph.ids[2].tolist()) == [-1, -1, -1, 0, 1]
    assert graph.similarities[0].tolist() == [1, -1, -1, -1, -1] and (graph.similarities[2] == -1).all()
    check_graph(graph)
    assert exact_graph(x[:0], 3).ids.shape == (0, 3)
    assert exact_graph(x[:1], 3).ids.tolist() == [[-1, -1, -1]]


@pytest.mark.parametrize('count', [50, 10])
def test_a_nan_is_refused_with_its_row(count):
    x = features(count)
    x[8, 2] = np.nan
    with pytest.raises(ValueError, match='the first is row 8'):
        exact_graph(x, 3)
    with pytest.raises(ValueError, match='k of 1 or more'):
        exact_graph(x, 0)


def test_shards_merge_to_the_whole():
    x = features(40)
    whole, graph = cosines(x), exact_graph(x, 4)
    shards = []
    for columns in (np.arange(15), np.arange(10, 40)):  # some in both
        order = columns[np.argsort(-whole[:, columns], axis=1)[:, :6]]
        shards.append(KNNGraph(order, np.take_along_axis(whole, order, 1).astype(np.float32)))
    merged = merge_neighbors(shards, 4)
    np.testing.assert_array_equal(merged.ids, graph.ids)
    np.testing.assert_allclose(merged.similarities, graph.similarities, atol=1e-6)
    few = KNNGraph(np.array([[-1, 2]]), np.array([[-1, -0.5]], np.float32))
    assert merge_neighbors([few, few], 3).ids.tolist() == [[2, -1, -1]]


def test_an_item_is_dropped_by_number_not_by_rank():
    ids = np.array([[1, 0, 2], [2, 3, 0], [2, -1, -1]])  # item 1 is not among what was found of it
    values = np.array([[1, 1, .5], [.9, .8, .7], [1, -9, -9]])
    graph = drop_self(ids, values, 2)
    assert graph.ids.tolist() == [[1, 2], [2, 3], [-1, -1]]
    np.testing.assert_allclose(graph.similarities, [[1, .5], [.9, .8], [-1, -1]])
    assert drop_self(ids + 5 * (ids >= 0), values, 2, first=5).ids.tolist() == [[6, 7], [7, 8], [-1, -1]]


def test_pairs_are_each_once_with_the_score_of_the_lower_number():
    graph = KNNGraph(np.array([[2, 1], [0, -1], [0, 1]]), np.array([[.9, .5], [.4, -1], [.8, .3]], np.float32))
    pairs = graph_pairs(graph)
    assert (pairs.source.tolist(), pairs.target.tolist()) == ([0, 0, 1], [1, 2, 2])
    assert pairs.scores.tolist() == pytest.approx([.5, .9, .3]) and pairs.scores.dtype == np.float64
    assert graph_pairs(graph, np.float32(.5)).source.tolist() == [0, 0]
    assert graph_pairs(graph, np.float32(.5), strict=True).target.tolist() == [2]
    keep = np.array([[False, True], [False, False], [True, True]])
    assert graph_pairs(graph, keep=keep).scores.tolist() == pytest.approx([.5, .8, .3])
    assert len(graph_pairs(KNNGraph(np.full((3, 2), -1), np.full((3, 2), -1.))).source) == 0
    with pytest.raises(ValueError, match='item 1 is among its own'):
        graph_pairs(KNNGraph(np.array([[1], [1]]), np.ones((2, 1))))


def test_the_first_of_several_scores_counts():
    pairs = unique_pairs(np.array([5, 2, 2]), np.array([2, 5, 5]), np.array([.1, .2, .3]), 6)
    assert (pairs.source.tolist(), pairs.target.tolist(), pairs.scores.tolist()) == ([2], [5], [.2])


def test_recall():
    exact = KNNGraph(np.array([[1, 2], [0, -1]]), np.array([[1, .5], [1, -1]]))
    assert neighbor_recall(np.array([[2, 3], [0, -1]]), exact) == pytest.approx(2 / 3)
    assert neighbor_recall(exact.ids, exact) == 1


@pytest.mark.parametrize('ids, values, message', [
    ([[1, 5], [0, -1]], [[1, .5], [1, -1]], 'item 0 has a neighbor outside -1 to 1'),
    ([[1, -1], [1, -1]], [[1, -1], [1, -1]], 'item 1 has itself'),
    ([[1, -1], [0, -1]], [[1, -1], [np.nan, -1]], 'item 1 has a similarity that is NaN'),
    ([[-1, 1], [0, -1]], [[-1, .5], [1, -1]], 'item 0 has neighbors that are not sorted'),
    ([[1], [0]], [[1, 2], [1, 2]], 'must be'),
])
def test_what_is_no_graph_is_refused(ids, values, message):
    with pytest.raises(ValueError, match=message):
        check_graph(KNNGraph(np.array(ids), np.array(values, np.float32)))
