"""Partitions of kNN graphs against other libraries and item-by-item formulas."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import DBSCAN

from mmwsl.clustering import (
    KNNGraph,
    approximate_rank_order,
    by_first_member,
    chinese_whispers,
    exact_graph,
    graph_dbscan,
    partition_scores,
    single_linkage,
)
from mmwsl.clustering import graph_methods as module


@pytest.fixture(scope='module')
def identities():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(12), rng.integers(3, 20, 12))
    x = rng.normal(size=(12, 16))[truth] + .55 * rng.normal(size=(len(truth), 16))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), truth


def test_single_linkage_is_that_of_scipy(identities):
    x, _ = identities
    graph = exact_graph(x, len(x) - 1)
    for distance in (.4, .6, .8):
        expected = fcluster(linkage(x.astype(float), 'single'), distance, 'distance')
        np.testing.assert_array_equal(single_linkage(graph, distance), by_first_member(expected))
    with pytest.raises(ValueError, match='distance=3'):
        single_linkage(graph, 3)


def test_dbscan_on_a_whole_graph_is_that_on_features(identities):
    x, truth = identities
    distance = .3  # 1 - cosine
    expected = DBSCAN(eps=np.sqrt(2 * distance), min_samples=4).fit_predict(x)
    assert (expected == -1).any() and expected.max() > 5
    found = graph_dbscan(exact_graph(x, len(x) - 1), distance, 4)
    np.testing.assert_array_equal(found, by_first_member(expected))
    alone = graph_dbscan(KNNGraph(np.full((3, 2), -1), np.full((3, 2), -1.)), .25)
    assert alone.tolist() == [0, 1, 2]


def plain_rank_order(graph):
    lists = [[i, *row] for i, row in enumerate(graph.ids.tolist())]
    result = np.full(graph.ids.shape, np.inf)
    for i, mine in enumerate(lists):
        for rank, j in enumerate(mine[1:], start=1):
            if j >= 0 and i in lists[j]:
                theirs, back = lists[j], lists[j].index(i)
                lone = len(set(mine[:rank]) - set(theirs)) + len(set(theirs[:back]) - set(mine))
                result[i, rank - 1] = lone / min(rank, back)
    return result


def test_rank_order_distances_are_those_of_sets(identities, monkeypatch):
    monkeypatch.setattr(module, 'AT_ONCE', 700)
    graph = exact_graph(identities[0], 7)
    graph.ids[3, 5:], graph.similarities[3, 5:] = -1, -1
    distances = module.rank_order_distances(graph)
    np.testing.assert_allclose(distances, plain_rank_order(graph))
    assert np.isinf(distances).any() and (distances == 0).any() and (distances > 1).any()


def test_rank_order_joins_what_is_near(identities):
    x, truth = identities
    graph = exact_graph(x, 10)
    assert partition_scores(approximate_rank_order(graph, .5), truth)['pairwise_precision'] > .9
    sizes = [approximate_rank_order(graph, threshold).max() + 1 for threshold in (0, .5, 1, 20)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 2 * sizes[-1]


def test_whispers_find_two_cliques_and_end_there():
    """Two cliques of four with one weaker edge between them; an item without neighbors stays alone."""
    ids = np.full((9, 4), -1)
    for item in range(8):
        ids[item, :3] = [other for other in range(8) if other // 4 == item // 4 and other != item]
    similarities = np.where(ids >= 0, .9, -1.)
    ids[3, 3], similarities[3, 3] = 4, .5
    for seed in range(5):
        found = chinese_whispers(KNNGraph(ids, similarities), .4, seed=seed)
        assert found.tolist() == [0] * 4 + [1] * 4 + [2]
    with pytest.raises(ValueError, match='threshold=0'):
        chinese_whispers(KNNGraph(ids, similarities), 0)


def test_whispers_on_identities(identities):
    x, truth = identities
    graph = exact_graph(x, 10)
    found = chinese_whispers(graph, .6)
    assert partition_scores(found, truth)['pairwise_f'] > .8
    np.testing.assert_array_equal(found, chinese_whispers(graph, .6))


def test_the_heaviest_label_is_that_of_a_dictionary():
    from scipy.sparse import csr_array
    rng = np.random.default_rng(1)
    dense = rng.integers(0, 4, (20, 30)) * rng.integers(0, 2, (20, 30)) / 10
    dense[4] = 0
    labels, own = rng.integers(0, 6, 30), rng.integers(0, 6, 20)
    expected = []
    for row in range(20):
        sums = {name: round(dense[row, labels == name].sum(), 9) for name in range(6)}
        best = max(sums.values())
        ties = [name for name, value in sums.items() if value == best]
        expected.append(own[row] if best == 0 or own[row] in ties else min(ties))
    assert module._heaviest(csr_array(dense), labels, own).tolist() == expected
