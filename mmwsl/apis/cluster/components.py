"""Connected components of an edge list, in memory or a file, by SciPy, igraph, or machines beside this one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmwsl.apis.cluster.edges import open_edges, write_edges
from mmwsl.clustering import by_first_member
from mmwsl.clustering import components as scipy_components

Edges = np.ndarray | Path | str


def components(edges: Edges, count: int, engine: str = 'scipy', scratch: Path | str | None = None) -> np.ndarray:
    """Number of the connected component of each of N nodes.

    Args:
        edges: (M, 2) integers, in any order and direction, or a ``.npy`` or ``.parquet`` file of them, see
            :func:`mmwsl.apis.cluster.open_edges`.
        count: N.
        engine: ``'scipy'``; ``'igraph'``; ``'spark'``, see :mod:`mmwsl.apis.cluster.spark`; ``'graphframes'``, which is
            untested.
        scratch: folder for the rounds of the last two, which every worker must reach; needed there.

    Returns:
        (N,) int64, components by their first nodes: the same for every engine.

    Raises:
        ValueError: an unknown engine, edges of nodes outside 0 to N - 1, or no ``scratch`` where it is needed.
        ImportError: the engine is not installed.
    """
    if engine not in ENGINES:
        raise ValueError(f'engine {engine!r} is unknown; choose one of {", ".join(ENGINES)}')
    if engine in ('spark', 'graphframes') and scratch is None:
        raise ValueError(f'engine {engine!r} keeps its rounds in a folder: name one by scratch, which every worker '
                         'reaches')
    rows = open_edges(edges) if isinstance(edges, (str, Path)) else np.asarray(edges)
    if rows.ndim != 2 or rows.shape[1] != 2 or not np.issubdtype(rows.dtype, np.integer):
        raise ValueError(f'edges have shape {rows.shape} and type {rows.dtype}; (edges, 2) of integers are needed')
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise ValueError(f'edges are of nodes {rows.min()} to {rows.max()}, but there are nodes 0 to {count - 1}: '
                         'correct the number of nodes, or the ids of the shards (id_offset)')
    return by_first_member(ENGINES[engine](rows, count, scratch))


def _by_scipy(edges: np.ndarray, count: int, scratch: Path | str | None) -> np.ndarray:
    order = np.argsort(edges[:, 0], kind='stable')
    return scipy_components(edges[order, 0], edges[order, 1], count)


def _by_igraph(edges: np.ndarray, count: int, scratch: Path | str | None) -> np.ndarray:
    try:
        import igraph
    except ImportError as error:
        raise ImportError("engine 'igraph' needs it: pip install igraph, or choose 'scipy'") from error
    return np.array(igraph.Graph(n=count, edges=edges).connected_components('weak').membership, np.int64)


def _by_spark(edges: np.ndarray, count: int, scratch: Path | str | None) -> np.ndarray:
    from mmwsl.apis.cluster.spark import spark_components
    return _of_files(spark_components, edges, count, Path(str(scratch)))


def _by_graphframes(edges: np.ndarray, count: int, scratch: Path | str | None) -> np.ndarray:
    from mmwsl.apis.cluster.spark import graphframes_components
    return _of_files(graphframes_components, edges, count, Path(str(scratch)))


def _of_files(find: Callable[[Path, Path, Path], None], edges: np.ndarray, count: int, scratch: Path) -> np.ndarray:
    """Labels by an engine that reads edges from a file, and writes (node, component) as a folder of Parquet."""
    import pyarrow.parquet as parquet
    scratch.mkdir(parents=True, exist_ok=True)
    source, found = scratch / 'edges.parquet', scratch / 'components.parquet'
    write_edges(source, edges)
    labels = np.arange(count)  # of nodes without an edge
    if len(edges):
        find(source, found, scratch)
        table = parquet.read_table(found)
        labels[table['node'].to_numpy()] = table['component'].to_numpy()
    return labels


ENGINES: dict[str, Callable[[np.ndarray, int, Path | str | None], np.ndarray]] = dict(
    scipy=_by_scipy, igraph=_by_igraph, spark=_by_spark, graphframes=_by_graphframes)
