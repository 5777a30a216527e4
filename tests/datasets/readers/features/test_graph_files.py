"""kNN graphs written and read, whole or refused."""

import numpy as np
import pytest

from mmwsl.clustering import KNNGraph, exact_graph
from mmwsl.datasets.readers.features import export_learn_to_cluster, import_learn_to_cluster, open_graph, write_graph

GRAPH = exact_graph(np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32), 3)


def test_a_graph_comes_back_mapped(tmp_path):
    path = tmp_path / 'graph.npy'
    write_graph(path, (KNNGraph(*(each[start:start + 4] for each in GRAPH)) for start in (0, 4, 8)), 9, 3)
    graph = open_graph(path, 9)
    np.testing.assert_array_equal(graph.ids, GRAPH.ids)
    np.testing.assert_array_equal(graph.similarities, GRAPH.similarities)
    assert isinstance(graph.ids, np.memmap) and path.stat().st_size < 9 * 3 * 8 + 200
    with pytest.raises(ValueError, match='of 9 items, not of 8'):
        open_graph(path, 8)


def test_a_graph_that_is_not_whole_is_refused(tmp_path):
    path = tmp_path / 'graph.npy'
    write_graph(path, [GRAPH], 9, 3)
    whole = path.read_bytes()
    for content in (whole[:-1], whole[:50], b'', whole + b'x'):
        path.write_bytes(content)
        with pytest.raises(ValueError, match='truncated, damaged, or another file'):
            open_graph(path)
    np.save(path, np.zeros((9, 3)))
    with pytest.raises(ValueError, match='no .items, neighbors. of id and similarity'):
        open_graph(path)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        open_graph(tmp_path / 'missing.npy')


def test_what_does_not_add_up_leaves_the_old_file(tmp_path):
    path = tmp_path / 'graph.npy'
    write_graph(path, [GRAPH], 9, 3)
    for parts, k, message in (([GRAPH], 4, '4 neighbors are to be written'), ([GRAPH, GRAPH], 3, 'of 18 items, not of 9')):
        with pytest.raises(ValueError, match=message):
            write_graph(path, parts, 9, k)
    assert open_graph(path).ids.tolist() == GRAPH.ids.tolist() and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ValueError, match='ending'):
        write_graph(tmp_path / 'graph.npz', [GRAPH], 9, 3)


def test_learn_to_cluster_both_ways(tmp_path):
    path = tmp_path / 'knn.npz'
    export_learn_to_cluster(path, GRAPH)
    with np.load(path) as loaded:
        data = loaded['data']
    assert data.shape == (9, 2, 4) and data[:, 0, 0].tolist() == list(range(9)) and (data[:, 1, 0] == 0).all()
    np.testing.assert_allclose(data[:, 1, 1:], 1 - GRAPH.similarities)
    graph = import_learn_to_cluster(path)
    np.testing.assert_array_equal(graph.ids, GRAPH.ids)
    np.testing.assert_allclose(graph.similarities, GRAPH.similarities, atol=1e-6)
    data[2, :, :2] = data[2, :, 1::-1]  # a duplicate stands before the item itself
    data[2, 1, :2], data[3, 1, 3] = 0, 2.0001  # and a distance beyond 2, by rounding
    np.savez(path, data=data)
    graph = import_learn_to_cluster(path)
    assert graph.ids[2].tolist() == GRAPH.ids[2].tolist() and graph.similarities[2, 0] == 1
    assert graph.similarities[3, 2] == -1


def test_what_is_no_learn_to_cluster_graph_is_refused(tmp_path):
    path = tmp_path / 'knn.npz'
    export_learn_to_cluster(path, GRAPH)
    data = np.load(path)['data']
    wrong = data.copy()
    wrong[4, 0, 2] = 99
    for changed, message in ((dict(data=data[:, 0]), 'items, 2, neighbors'), (dict(other=data), "array 'data'"),
                             (dict(data=np.where(data == data[1, 1, 1], np.nan, data)), 'has a NaN'),
                             (dict(data=wrong), 'item 4 has a neighbor outside')):
        np.savez(path, **changed)
        with pytest.raises(ValueError, match=message):
            import_learn_to_cluster(path)
    path.write_bytes(b'PK\3\4')
    with pytest.raises(ValueError, match='damaged'):
        import_learn_to_cluster(path)
    with pytest.raises(ValueError, match='item 1 has fewer than 2 neighbors'):
        export_learn_to_cluster(path, KNNGraph(np.array([[1, 2], [0, -1], [0, 1]]), np.array([[.5, .1], [.5, -1], [.1, 0]])))
