"""kNN graph of many items as a file: exact by torch, or by an index of faiss, with the recall measured on a sample."""

import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.clustering import KNNGraph, drop_self, exact_neighbors, id_type, neighbor_recall
from mmwsl.clustering.knn_graph import unit_rows
from mmwsl.datasets.readers.features import open_graph, write_graph
from mmwsl.files import check_writable, write_atomically
from mmwsl.progress import progress_bar

INDEXES = ('exact', 'flat', 'ivf', 'hnsw', 'ivf_pq')
FLAT_UP_TO, IVF_UP_TO = 50_000, 5_000_000  # items
ROWS = 2**14  # added or searched together
PART = 2**16  # items whose neighbors are kept together, where a stop is to lose little
LINKS, CODE_BYTES, CODEWORDS = 32, 64, 256


def choose_index(count: int, faiss: bool) -> str:
    """One of :data:`INDEXES` for N items: exact ones for few, compressed ones for what memory may not hold.

    Args:
        count: N.
        faiss: whether it is installed; without it only torch's exact search is left.
    """
    if not faiss:
        return 'exact'
    return 'flat' if count <= FLAT_UP_TO else 'ivf' if count <= IVF_UP_TO else 'ivf_pq'


def build_graph(features: np.ndarray, k: int, out: Path | str, index: str = 'auto', device: str = 'cpu',
                probes: int = 32, sample: int = 1000, seed: int = 0,
                parts: Path | str | None = None) -> dict[str, Any]:
    """Write the kNN graph of N items, see :func:`mmwsl.datasets.readers.features.open_graph`.

    Rows of zeros have no neighbors and are nobody's. An index finds most of the nearest neighbors, not all, and where
    rows of zeros are near it finds fewer than k.

    Args:
        features: (N, D) of floats, e.g. memory-mapped.
        k: neighbors, without the item itself.
        out: ``.npy`` file.
        index: ``'exact'`` (torch), ``'flat'``, ``'ivf'``, ``'hnsw'``, ``'ivf_pq'`` (faiss), or ``'auto'``, see
            :func:`choose_index`.
        device: of the exact search, there and for the sample.
        probes: of the lists of an IVF that are searched, or four times that the candidates of an HNSW: the more, the
            slower and the higher the recall.
        sample: items whose exact neighbors are compared; 0 = none.
        seed: of the sample.
        parts: folder that keeps the index and the parts of the graph until it is whole, for the same call after a stop;
            it belongs to these features and settings alone, and is removed at the end.

    Returns:
        dict: ``index``, ``items``, ``neighbors``, ``seconds`` (of building and searching, in this
            call), and ``recall`` of the sample (None without one).

    Raises:
        ImportError: faiss is needed and not installed.
        ValueError: an unknown index, or features that cannot be searched.
        OSError: ``out`` cannot be written.
    """
    if index not in ('auto', *INDEXES):
        raise ValueError(f'index {index!r} is unknown; choose auto or one of {", ".join(INDEXES)}')
    check_writable(out)
    faiss = _faiss()
    count = len(features)
    kind = choose_index(count, faiss is not None) if index == 'auto' else index
    if kind != 'exact' and faiss is None:
        raise ImportError(f'index {kind!r} is one of faiss, which is not installed: pip install faiss-cpu, or choose '
                          "'exact', which needs nothing")
    begin = time.perf_counter()
    folder = None if parts is None else Path(parts)
    search = _Search(faiss, kind, features, k, probes, device, folder)
    with progress_bar(description=f'neighbors ({kind})', total=count, unit='item') as bar:
        def counted() -> Iterator[KNNGraph]:
            for start in range(0, count, PART):
                for part in search.part(start, min(start + PART, count)):
                    yield part
                    bar.update(len(part.ids))
        write_graph(out, counted(), count, k)
    seconds = time.perf_counter() - begin
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    recall = None
    if sample and count:
        recall = _recall(features, open_graph(out, count), k, min(sample, count), seed, device)
    return dict(index=kind, items=count, neighbors=k, seconds=seconds, recall=recall)


def has_faiss() -> bool:
    """Whether faiss is installed."""
    return _faiss() is not None


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        return None
    return faiss


def _recall(features: np.ndarray, graph: KNNGraph, k: int, sample: int, seed: int, device: str) -> float:
    items = np.sort(np.random.default_rng(seed).choice(len(features), sample, replace=False))
    parts = list(exact_neighbors(features, k, device, items))
    exact = KNNGraph(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    return neighbor_recall(graph.ids[items], exact)


class _Search:
    """Neighbors of ranges of items, kept in a folder if there is one."""

    def __init__(self, faiss: Any, kind: str, features: np.ndarray, k: int, probes: int, device: str,
                 folder: Path | None) -> None:
        if k < 1:
            raise ValueError(f'{k} neighbors are asked for; choose k of 1 or more')
        if kind == 'ivf_pq' and len(features) < CODEWORDS:
            raise ValueError(f"index 'ivf_pq' learns its codes of {CODEWORDS} items or more, there are "
                             f"{len(features)}; choose 'flat'")
        self.faiss, self.kind, self.features, self.k, self.probes = faiss, kind, features, k, probes
        self.device, self.folder = device, folder
        self._index: Any = None
        self._zeros = np.zeros(0, bool)

    def part(self, start: int, stop: int) -> Iterator[KNNGraph]:
        """Neighbors of the items from ``start`` to ``stop``, in order: read where they are kept, else searched."""
        path = None if self.folder is None else self.folder / f'{start:09}.npy'
        if path is None:
            yield from self._find(start, stop)
            return
        try:
            yield open_graph(path, stop - start)
        except (FileNotFoundError, ValueError):
            found = list(self._find(start, stop))
            write_graph(path, found, stop - start, self.k, len(self.features))
            yield from found

    def _find(self, start: int, stop: int) -> Iterator[KNNGraph]:
        if self.kind == 'exact':
            items = None if stop - start == len(self.features) else np.arange(start, stop)
            yield from exact_neighbors(self.features, self.k, self.device, items)
            return
        if self._index is None:
            self._index, self._zeros = self._build()
        for first in range(start, stop, ROWS):
            yield _query(self._index, self.kind, self.features, self.k, self._zeros, first, min(first + ROWS, stop))

    def _build(self) -> tuple[Any, np.ndarray]:
        """The index, as it was kept or new, and which items have no direction."""
        path = None if self.folder is None else self.folder / 'index.faiss'
        index, (count, dims) = None, self.features.shape
        if path is not None and path.is_file():
            index = self.faiss.read_index(str(path))  # written whole or not at all
        else:
            index = _make(self.faiss, self.kind, count, dims, self.probes)
            if not index.is_trained:
                # 64 rows a list are enough, and spread over the file: neighbors in it may be of one identity
                rows = np.unique(np.linspace(0, count - 1, min(count, max(64 * index.nlist, 2**16))).astype(np.int64))
                index.train(unit_rows(self.features[rows], rows).numpy())
        zeros, known = np.zeros(count, bool), index.ntotal == count
        with progress_bar(description=f'index ({self.kind})', total=count, unit='item') as bar:
            for start in range(0, count, ROWS):
                rows = unit_rows(self.features[start:start + ROWS], start).numpy()
                zeros[start:start + ROWS] = ~rows.any(1)
                if not known:
                    index.add(rows)
                bar.update(len(rows))
        if path is not None and not known and self.kind != 'flat':  # of which a copy of the features is all there is
            write_atomically(path, lambda file: self.faiss.write_index(
                index, self.faiss.PyCallbackIOWriter(file.write)))
        return index, zeros


def _query(index: Any, kind: str, features: np.ndarray, k: int, zeros: np.ndarray, start: int, stop: int) -> KNNGraph:
    """Neighbors of the items from ``start`` to ``stop`` by an index of faiss."""
    count = len(features)
    queries = unit_rows(features[start:stop], start).numpy()
    similarities, ids = index.search(queries, min(k + 1, count))
    if ids.shape[1] < k + 1:  # fewer items than that
        missing = ((0, 0), (0, k + 1 - ids.shape[1]))
        ids, similarities = np.pad(ids, missing, constant_values=-1), np.pad(similarities, missing)
    ids = np.where(zeros[ids] | zeros[start:stop, None], -1, ids)  # [-1] is some item, and stays -1
    if kind == 'ivf_pq':  # of the codes only the choice counts
        similarities = _cosines(features, queries, ids)
    similarities = np.where(ids < 0, -2, similarities)
    order = np.argsort(-similarities, axis=1, kind='stable')
    found = drop_self(np.take_along_axis(ids, order, 1), np.take_along_axis(similarities, order, 1), k, start)
    return KNNGraph(found.ids.astype(id_type(count)), found.similarities)


def _cosines(features: np.ndarray, queries: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Exact cosines of queries (n, D) to the items (n, k) that were found; of -1 that of some item."""
    result = np.empty(ids.shape, np.float32)
    for column in range(ids.shape[1]):
        others = unit_rows(features[ids[:, column]], ids[:, column]).numpy()
        result[:, column] = (queries * others).sum(1)
    return result


def _make(faiss: Any, kind: str, count: int, dims: int, probes: int) -> Any:
    """An empty index by the inner product."""
    lists = max(1, min(int(4 * math.sqrt(count)), count // 39 or 1, 2**16))  # faiss wants 39 rows a list to train
    product = faiss.METRIC_INNER_PRODUCT
    if kind == 'flat':
        return faiss.IndexFlatIP(dims)
    if kind == 'hnsw':
        index = faiss.IndexHNSWFlat(dims, LINKS, product)
        index.hnsw.efSearch = 4 * probes
        return index
    if kind == 'ivf':
        index = faiss.index_factory(dims, f'IVF{lists},Flat', product)
    else:
        codes = next(size for size in range(min(CODE_BYTES, dims), 0, -1) if dims % size == 0)
        index = faiss.index_factory(dims, f'IVF{lists}_HNSW32,PQ{codes}' if lists >= 2**10 else f'IVF{lists},PQ{codes}',
                                    product)
    index.nprobe = min(probes, lists)
    return index
