"""Connected components: every engine that is installed equals SciPy's, and edges come through files."""

import shutil

import numpy as np
import pytest

from mmwsl.apis.cluster import components, open_edges, write_edges
from mmwsl.apis.cluster.components import ENGINES


def slow_components(edges, count):
    """Labels by repeated minimum, numbered by first members."""
    labels = np.arange(count)
    for _ in range(count):
        for one, other in edges:
            labels[labels == max(labels[one], labels[other])] = min(labels[one], labels[other])
    return np.unique(labels, return_inverse=True)[1]


def random_graph(seed, count=40, many=30):
    rng = np.random.default_rng(seed)
    return rng.integers(0, count, (many, 2))  # with loops, doubles, and nodes without an edge


@pytest.mark.parametrize('seed', range(5))
def test_scipy_equals_a_slow_form(seed):
    edges = random_graph(seed)
    np.testing.assert_array_equal(components(edges, 40), slow_components(edges, 40))


def test_no_edges():
    np.testing.assert_array_equal(components(np.zeros((0, 2), np.int64), 3), [0, 1, 2])


def test_igraph_equals_scipy():
    pytest.importorskip('igraph', reason='igraph is not installed')
    for seed in range(5):
        edges = random_graph(seed)
        np.testing.assert_array_equal(components(edges, 40, 'igraph'), components(edges, 40))


@pytest.mark.long
def test_spark_equals_scipy(tmp_path, monkeypatch):
    """Chains, which take the most rounds, stars, and random graphs, in one local session."""
    pytest.importorskip('pyspark', reason='pyspark is not installed')
    pytest.importorskip('pyarrow', reason='pyarrow is not installed')
    if not shutil.which('java'):
        pytest.skip('Java is not installed: apt-get install default-jre-headless')
    from pyspark.sql import SparkSession
    monkeypatch.setenv('SPARK_LOCAL_IP', '127.0.0.1')
    session = SparkSession.builder.master('local[1]').config('spark.sql.shuffle.partitions', 2).config(
        'spark.ui.enabled', False).getOrCreate()
    try:
        rng, chain = np.random.default_rng(0), np.stack([np.arange(99), np.arange(1, 100)], 1)
        graphs = [rng.permutation(100)[chain], np.stack([np.full(20, 50), np.arange(20)], 1), random_graph(7, 100, 70)]
        for number, edges in enumerate(graphs):
            found = components(edges, 100, 'spark', tmp_path / str(number))
            np.testing.assert_array_equal(found, components(edges, 100))
    finally:
        session.stop()


@pytest.mark.parametrize('ending', ['.npy', '.parquet'])
def test_edges_as_files(tmp_path, ending):
    if ending == '.parquet':
        pytest.importorskip('pyarrow', reason='pyarrow is not installed')
    edges = random_graph(1)
    path = tmp_path / f'edges{ending}'
    write_edges(path, edges)
    np.testing.assert_array_equal(open_edges(path), edges)
    np.testing.assert_array_equal(components(path, 40), components(edges, 40))
    path.write_bytes(path.read_bytes()[:70])
    with pytest.raises(ValueError, match='no file of edges, or damaged'):
        open_edges(path)


def test_refusals(tmp_path):
    edges = random_graph(0)
    assert list(ENGINES) == ['scipy', 'igraph', 'spark', 'graphframes']
    for arguments, message in (((edges, 10), 'correct the number of nodes'), ((edges, 40, 'dask'), 'unknown'),
                               ((edges, 40, 'spark'), 'scratch'), ((edges[0], 40), 'integers are needed'),
                               ((edges * .5, 40), 'integers are needed')):
        with pytest.raises(ValueError, match=message):
            components(*arguments)
    with pytest.raises(ValueError, match='npy or .parquet'):
        write_edges(tmp_path / 'edges.csv', edges)
    with pytest.raises(FileNotFoundError):
        open_edges(tmp_path / 'none.npy')
