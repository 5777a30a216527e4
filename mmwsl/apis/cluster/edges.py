"""What goes between machines: edge lists as files, and the neighbors that shards of an index found."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmwsl.clustering import KNNGraph, merge_neighbors
from mmwsl.files import write_atomically

COLUMNS = ('source', 'target')


def write_edges(path: Path | str, edges: np.ndarray) -> None:
    """Write edges (M, 2) of integers, whole or not at all: ``.npy``, or ``.parquet`` of int64 ``source``, ``target``.

    Raises:
        ValueError: another ending.
        ImportError: ``.parquet`` without pyarrow.
        OSError: it cannot be written.
    """
    path = Path(path)
    edges = np.asarray(edges, np.int64)
    if path.suffix == '.npy':
        write_atomically(path, lambda file: np.save(file, edges))
    elif path.suffix == '.parquet':
        pyarrow = _pyarrow()
        table = pyarrow.table({name: edges[:, number] for number, name in enumerate(COLUMNS)})
        write_atomically(path, lambda file: pyarrow.parquet.write_table(table, file))
    else:
        raise ValueError(f'{path}: edges are written as .npy or .parquet; choose a name with such an ending')


def open_edges(path: Path | str) -> np.ndarray:
    """Edges (M, 2) of a ``.npy``, which is mapped into memory, or of the ``source`` and ``target`` of a ``.parquet``.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another ending or layout, or damaged.
        ImportError: ``.parquet`` without pyarrow.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f'file of edges {path} does not exist')
    try:
        if path.suffix == '.npy':
            edges = np.load(path, mmap_mode='r', allow_pickle=False)
        elif path.suffix == '.parquet':
            table = _pyarrow().parquet.read_table(path, columns=list(COLUMNS))
            edges = np.stack([table[name].to_numpy() for name in COLUMNS], 1)
        else:
            raise ValueError('its ending is neither .npy nor .parquet')
        if edges.ndim != 2 or edges.shape[1] != 2 or not np.issubdtype(edges.dtype, np.integer):
            raise ValueError(f'it holds {edges.shape} of {edges.dtype}, not (edges, 2) of integers')
    except (EOFError, KeyError, OSError, ValueError) as error:  # pyarrow's are ValueErrors
        raise ValueError(f'{path} is no file of edges, or damaged: {error}; write it again') from error
    return edges


def _pyarrow():  # type: ignore[no-untyped-def]
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError('Parquet needs pyarrow: pip install pyarrow, or use .npy') from error
    return pyarrow


def merge_topk(shards: Sequence[tuple[np.ndarray, np.ndarray]], k: int,
               id_offset: Sequence[int] | None = None) -> KNNGraph:
    """The k best neighbors of the same n queries of what several shards of an index found.

    Args:
        shards: (ids (n, k_s), similarities (n, k_s)) of each; -1 = nothing found.
        k: neighbors to keep; the query itself, where a shard found it, is one: see :func:`mmwsl.clustering.drop_self`.
        id_offset: of each shard: its ids count from there; default 0 for all, ids that are everyone's.

    Returns:
        KNNGraph: (n, k); -1 where all the shards together found fewer. Of equally similar ones the lower number is
        first.

    Raises:
        ValueError: no shard, other queries, or another number of offsets.
    """
    offsets = [0] * len(shards) if id_offset is None else list(id_offset)
    if not shards or len(offsets) != len(shards):
        raise ValueError(f'{len(shards)} shards and {len(offsets)} offsets of ids: give one shard or more, and an '
                         'offset for each')
    if len({len(ids) for ids, _ in shards}) > 1:
        raise ValueError(f'the shards answer {[len(ids) for ids, _ in shards]} queries; they must be the same ones')
    graphs = [KNNGraph(np.where(np.asarray(ids) < 0, -1, np.asarray(ids, np.int64) + offset),
                       np.asarray(similarities, np.float32))
              for (ids, similarities), offset in zip(shards, offsets, strict=True)]
    merged = merge_neighbors(graphs, k)
    missing = ((0, 0), (0, k - merged.ids.shape[1]))
    return KNNGraph(*(np.pad(each, missing, constant_values=-1) for each in merged))
