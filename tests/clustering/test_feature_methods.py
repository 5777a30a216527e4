"""Partitions of features by name: each finds well separated groups, and says what it cannot do."""

import numpy as np
import pytest

from mmwsl.clustering import METHODS, exact_graph, partition_features, partition_scores

RNG = np.random.default_rng(0)
TRUTH = RNG.permutation(np.repeat(np.arange(4), 25))
X = (20 * (np.eye(6)[TRUTH] + .03 * RNG.normal(size=(100, 6)))).astype(np.float32)
SETTINGS = dict(kmeans=dict(clusters=4), minibatch_kmeans=dict(clusters=4), mean_shift=dict(bandwidth=.5),
                hac=dict(clusters=4, graph=exact_graph(X, 6)), dbscan=dict(distance=.5, min_items=5), hdbscan={},
                spectral=dict(clusters=4, graph=exact_graph(X, 24)))


@pytest.mark.parametrize('method', METHODS)
def test_each_method_finds_groups_that_lie_apart(method):
    found = partition_features(method, X, **SETTINGS[method])
    assert partition_scores(found, TRUTH)['pairwise_f'] > .9 and found.dtype == np.int64
    np.testing.assert_array_equal(found, partition_features(method, X, **SETTINGS[method]))


def test_density_methods_leave_the_odd_one_out():
    x = np.concatenate([X, -X[:1]])
    for method in ('dbscan', 'hdbscan'):
        assert partition_features(method, x, **SETTINGS[method])[-1] == -1


@pytest.mark.parametrize('method', METHODS)
def test_one_item_is_a_cluster_or_noise(method):
    settings = dict(SETTINGS[method])
    if 'clusters' in settings:
        settings['clusters'] = 1
    if 'graph' in settings:
        settings['graph'] = exact_graph(X[:1], 6)
    noise = method in ('dbscan', 'hdbscan')
    assert partition_features(method, X[:1], **settings).tolist() == [-1 if noise else 0]


def test_as_many_clusters_as_items_and_fewer_items_than_a_cluster_has():
    for method in ('kmeans', 'hac', 'spectral'):
        settings = dict(SETTINGS[method], clusters=3) | (
            dict(graph=exact_graph(X[:3], 6)) if 'graph' in SETTINGS[method] else {})
        assert partition_features(method, X[:3], **settings).tolist() == [0, 1, 2]
    assert partition_features('hdbscan', X[:9]).tolist() == [-1] * 9


def test_what_cannot_be_is_refused():
    for method, settings, message in (('k_means', {}, "'k_means' is unknown; choose one of kmeans"),
                                      ('kmeans', dict(clusters=101), '101 clusters of 100 items'),
                                      ('hac', dict(clusters=2, graph=exact_graph(X[:9], 3)), 'graph is of 9 items')):
        with pytest.raises(ValueError, match=message):
            partition_features(method, X, **settings)
    with pytest.raises(ValueError, match='the first is row 2'):
        partition_features('kmeans', np.where(np.arange(100)[:, None] == 2, np.nan, X), clusters=2)
