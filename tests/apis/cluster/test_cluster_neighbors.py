"""kNN graphs as files: by torch, and by the indexes of faiss where it is installed."""

import numpy as np
import pytest

from mmwsl.apis.cluster import build_graph, choose_index
from mmwsl.clustering import check_graph, exact_graph
from mmwsl.datasets.readers.features import open_graph


def clusters(count=1500, dims=16):
    rng = np.random.default_rng(0)
    return (rng.normal(size=(60, dims))[rng.integers(0, 60, count)] + .4 * rng.normal(size=(count, dims))).astype(np.float32)


def test_exact(tmp_path):
    x = clusters(60)
    report = build_graph(x, 5, tmp_path / 'graph.npy', 'exact', sample=20)
    graph = open_graph(tmp_path / 'graph.npy', 60)
    np.testing.assert_array_equal(graph.ids, exact_graph(x, 5).ids)
    assert report.pop('seconds') > 0 and report == dict(index='exact', items=60, neighbors=5, recall=1)


@pytest.mark.parametrize('index, least', [('flat', .999), ('ivf', .95), ('hnsw', .95), pytest.param('ivf_pq', .6, marks=pytest.mark.long)])
def test_indexes_find_most_neighbors_and_no_item_itself(index, least, tmp_path):
    pytest.importorskip('faiss')
    x = clusters()
    x[7], x[20] = 0, x[21]  # no direction, and a duplicate
    report = build_graph(x, 8, tmp_path / 'graph.npy', index, sample=300)
    graph = open_graph(tmp_path / 'graph.npy')
    check_graph(graph)
    assert report['index'] == index and least <= report['recall'] <= 1
    assert (graph.ids[7] == -1).all() and not (graph.ids == 7).any() and graph.ids[20, 0] == 21
    there = graph.ids >= 0
    unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    expected = np.einsum('nd,nkd->nk', unit, unit[graph.ids])
    np.testing.assert_allclose(graph.similarities[there], expected[there], atol=1e-5)


@pytest.mark.parametrize('index', ['flat', 'hnsw', 'ivf'])
def test_more_neighbors_than_items(index, tmp_path):
    pytest.importorskip('faiss')
    build_graph(clusters(4), 6, tmp_path / 'graph.npy', index, sample=0)
    graph = open_graph(tmp_path / 'graph.npy')
    assert (graph.ids >= 0).sum(1).tolist() == [3] * 4 and (graph.ids[:, 3:] == -1).all()


def test_codes_need_items(tmp_path):
    pytest.importorskip('faiss')
    with pytest.raises(ValueError, match='256 items or more, there are 9'):
        build_graph(clusters(9), 2, tmp_path / 'graph.npy', 'ivf_pq')


def test_the_choice():
    assert [choose_index(count, True) for count in (1000, 10**5, 10**8)] == ['flat', 'ivf', 'ivf_pq']
    assert choose_index(10**6, False) == 'exact'


def test_what_cannot_be_is_refused(tmp_path, monkeypatch):
    from mmwsl.apis.cluster import neighbors
    with pytest.raises(ValueError, match="'lsh' is unknown"):
        build_graph(clusters(9), 2, tmp_path / 'graph.npy', 'lsh')
    monkeypatch.setattr(neighbors, '_faiss', lambda: None)
    with pytest.raises(ImportError, match='pip install faiss-cpu'):
        build_graph(clusters(9), 2, tmp_path / 'graph.npy', 'ivf')
    assert build_graph(clusters(9), 2, tmp_path / 'graph.npy', sample=0)['index'] == 'exact'
    x = clusters(9)
    x[4, 1] = np.inf
    with pytest.raises(ValueError, match='the first is row 4'):
        build_graph(x, 2, tmp_path / 'other.npy')
    assert not (tmp_path / 'other.npy').exists()
