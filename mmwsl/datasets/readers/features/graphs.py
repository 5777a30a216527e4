"""kNN graphs as files: our own, one ``.npy`` of pairs (id, similarity), and the ``.npz`` of learn-to-cluster."""

import zipfile
from pathlib import Path

import numpy as np

from mmwsl.clustering import KNNGraph, check_graph, drop_self, id_type
from mmwsl.files import write_atomically

AGAIN = 'build the graph again'


def write_graph(path, parts, count, k, items=None):
    """Write the graph of N items part by part, whole or not at all: a ``.npy`` (N, k) of ``('id', 'similarity')``.

    Args:
        path: a ``.npy`` file.
        parts: iterable of :class:`mmwsl.clustering.KNNGraph` of consecutive items; a whole graph in a list is fine.
        count: N.
        k: neighbors an item.
        items: what the neighbors are numbers of, where these are not the N items themselves but more of them.

    Raises:
        ValueError: another ending, or parts that do not add up to (N, k).
        OSError: it cannot be written.
    """
    if Path(path).suffix != '.npy':
        raise ValueError(f'{path}: a kNN graph is written as .npy; choose a name with that ending')
    dtype = np.dtype([('id', np.dtype(id_type(items or count)).newbyteorder('<')), ('similarity', '<f4')])

    def write(file):
        header = dict(descr=np.lib.format.dtype_to_descr(dtype), fortran_order=False, shape=(count, k))
        np.lib.format.write_array_header_1_0(file, header)
        written = 0
        for part in parts:
            if part.ids.shape[1] != k or part.similarities.shape != part.ids.shape:
                raise ValueError(f'a part of the kNN graph has shapes {part.ids.shape} and {part.similarities.shape}, '
                                 f'but {k} neighbors are to be written')
            rows = np.empty(part.ids.shape, dtype)
            rows['id'], rows['similarity'] = part
            file.write(rows.tobytes())
            written += len(rows)
        if written != count:
            raise ValueError(f'the parts of the kNN graph are of {written} items, not of {count}')
    write_atomically(path, write)


def open_graph(path, count=None):
    """Map a graph that :func:`write_graph` wrote.

    Args:
        path: the file.
        count: N, to be compared.

    Returns:
        mmwsl.clustering.KNNGraph: views of the file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another file, of other items, truncated, or longer than it says.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'kNN graph {path} does not exist')
    try:
        rows = np.load(path, mmap_mode='r', allow_pickle=False)
        if not isinstance(rows, np.memmap) or rows.dtype.names != ('id', 'similarity') or rows.ndim != 2:
            raise ValueError('it is no (items, neighbors) of id and similarity')
        size = path.stat().st_size
        if rows.offset + rows.nbytes != size:
            raise ValueError(f'it has {size} bytes, not {rows.offset + rows.nbytes}')
    except (EOFError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f'kNN graph {path} is truncated, damaged, or another file: {error}; {AGAIN}') from error
    if count is not None and len(rows) != count:
        raise ValueError(f'kNN graph {path} is of {len(rows)} items, not of {count}: name that of these items, or '
                         f'{AGAIN}')
    return KNNGraph(rows['id'], rows['similarity'])


def import_learn_to_cluster(path):
    """The graph of an ``.npz`` of learn-to-cluster: ``data`` (N, 2, k), numbers and distances 1 - cosine.

    The item itself is dropped by its number, wherever it stands; where it does not, the last neighbor is. Distances are
    clipped to 0 to 2.

    Returns:
        mmwsl.clustering.KNNGraph: with k - 1 neighbors.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another layout, damaged, or no graph.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'kNN graph {path} does not exist')
    try:
        with np.load(path, allow_pickle=False) as loaded:
            data = loaded['data']
    except (AttributeError, EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no .npz with an array 'data', or damaged: {error}; copy it again") from error
    if data.ndim != 3 or data.shape[1] != 2 or data.shape[2] < 2:
        raise ValueError(f"{path}: 'data' has shape {data.shape}; (items, 2, neighbors) is needed, with 2 or more "
                         'neighbors, the item itself among them')
    ids, distances = data[:, 0], data[:, 1].astype(np.float32)
    if not np.isfinite(data).all() or (ids != np.floor(ids)).any():
        raise ValueError(f"{path}: 'data' has a NaN, an infinity or a number of an item that is not whole; {AGAIN}")
    graph = drop_self(ids.astype(id_type(len(data))), 1 - np.clip(distances, 0, 2), data.shape[2] - 1)
    order = np.lexsort((-graph.similarities, graph.ids < 0))  # their order is that of another rounding
    graph = KNNGraph(*(np.take_along_axis(each, order, 1) for each in graph))
    check_graph(graph, str(path))
    return graph


def export_learn_to_cluster(path, graph):
    """Write a graph as the ``.npz`` of learn-to-cluster: (N, 2, k + 1), the item itself with distance 0 first.

    That layout has numbers as float32, which tell up to 2**24 items apart; above, float64 is written.

    Raises:
        ValueError: an item has fewer than k neighbors, for which that layout has no sign.
    """
    ids, similarities = graph
    if (ids < 0).any():
        raise ValueError(f'item {int((ids < 0).any(1).argmax())} has fewer than {ids.shape[1]} neighbors, for which '
                         'learn-to-cluster has no sign: build the graph with a smaller k, or leave the item out')
    data = np.zeros((len(ids), 2, ids.shape[1] + 1), np.float32 if len(ids) <= 2**24 else np.float64)
    data[:, 0, 0] = np.arange(len(ids))
    data[:, 0, 1:], data[:, 1, 1:] = ids, np.clip(1 - similarities, 0, 2)
    write_atomically(path, lambda file: np.savez_compressed(file, data=data))
