"""Graph of the k nearest neighbors by the cosine: exact by blocks, merged, filtered to pairs, and checked."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

ROWS, COLUMNS = dict(cpu=1024), dict(cpu=8192)  # of a block of similarities
ELSEWHERE = (8192, 65536)
CHECKED = 2**16  # rows looked at together


class KNNGraph(NamedTuple):
    """The neighbors of N items.

    Attributes:
        ids: (N, k) int32 or int64 numbers of the neighbors, the nearest first, without the item itself; -1 where there
            is none.
        similarities: (N, k) float32 cosines, descending; -1 where there is no neighbor.
    """
    ids: np.ndarray
    similarities: np.ndarray


class Pairs(NamedTuple):
    """Scored pairs of items, each once, in ascending order of ``source``, then of ``target``.

    Attributes:
        source, target: (M,) int32 or int64 numbers, ``source < target``.
        scores: (M,) float64.
    """
    source: np.ndarray
    target: np.ndarray
    scores: np.ndarray


def id_type(count: int) -> type:
    """The smaller integer type that can number ``count`` items and -1."""
    return np.int32 if count <= np.iinfo(np.int32).max else np.int64


def unit_rows(features: np.ndarray, numbers: int | np.ndarray = 0,
              device: str | torch.device = 'cpu') -> torch.Tensor:
    """Rows (n, D) divided by their lengths, float32 on a device; a row of zeros stays one.

    Args:
        features: any floating point array, also a part of a memory-mapped one.
        numbers: number of its first row, or of each, for the message.
        device: of the result.

    Raises:
        ValueError: a row with a NaN or an infinity; no matrix.
    """
    if features.ndim != 2:
        raise ValueError(f'features have shape {features.shape}; a matrix (items, dimensions) is needed')
    rows = torch.from_numpy(np.array(features, np.float32)).to(device)
    bad = ~rows.isfinite().all(1)
    if bad.any():
        names = numbers + np.arange(len(rows)) if isinstance(numbers, int) else numbers
        raise ValueError(f'{int(bad.sum())} of {len(rows)} rows of features from row {names[0]} on have a NaN or an '
                         f'infinity, the first is row {names[int(bad.nonzero()[0])]}: leave these items out, or make '
                         'their features again')
    # scaled first: squares of very small or large values would leave the range
    rows /= rows.abs().amax(1, keepdim=True).clamp_min(1e-38)
    return F.normalize(rows, dim=1)


@torch.no_grad()
def exact_neighbors(features: np.ndarray, k: int, device: str | torch.device = 'cpu',
                    items: np.ndarray | None = None) -> Iterator[KNNGraph]:
    """Neighbors among all rows by blocks of the matrix of similarities, block of rows by block of rows.

    A row of zeros has no direction: it has no neighbors, and is nobody's. Equal rows are each other's.

    Args:
        features: (N, D), float; may be memory-mapped, a block is read at a time.
        k: neighbors; those beyond N - 1 are -1.
        device: that computes.
        items: (n,) numbers of the rows whose neighbors are searched; default all.

    Yields:
        KNNGraph: of the next of these rows.

    Raises:
        ValueError: see :func:`unit_rows`; k below 1.
    """
    if k < 1:
        raise ValueError(f'{k} neighbors are asked for; choose k of 1 or more')
    count, kind = len(features), torch.device(device).type
    height, width = (ROWS[kind], COLUMNS[kind]) if kind in ROWS else ELSEWHERE
    resident = None  # read again for each block of rows
    if kind != 'cpu' or count <= width:  # the device holds them all
        resident = torch.cat([unit_rows(features[start:start + width], start, device)
                              for start in range(0, count, width)]) if count else None
    wanted = torch.arange(count) if items is None else torch.from_numpy(np.asarray(items, np.int64))
    for own in wanted.split(height) if len(wanted) else ():
        queries = unit_rows(features[own.numpy()], own.numpy()) if resident is None else resident[own.to(device)]
        own = own.to(device)
        best = queries.new_full((len(queries), k), -torch.inf)
        numbers = torch.full((len(queries), k), -1, device=device)
        for left in range(0, count, width):
            keys = (unit_rows(features[left:left + width], left, device) if resident is None
                    else resident[left:left + width])
            similarity = queries @ keys.T
            similarity[:, (keys == 0).all(1)] = -torch.inf
            here = ((own >= left) & (own < left + len(keys))).nonzero()[:, 0]
            similarity[here, own[here] - left] = -torch.inf
            values, order = similarity.topk(min(k, len(keys)), dim=1)
            best, place = torch.cat([best, values], 1).topk(k, dim=1)
            numbers = torch.cat([numbers, order + left], 1).gather(1, place)
        nothing = ~best.isfinite() | (queries == 0).all(1, keepdim=True)
        yield KNNGraph(numbers.masked_fill_(nothing, -1).cpu().numpy().astype(id_type(count)),
                       best.clamp_(-1, 1).masked_fill_(nothing, -1).cpu().numpy())


def exact_graph(features: np.ndarray, k: int, device: str | torch.device = 'cpu') -> KNNGraph:
    """The whole graph of :func:`exact_neighbors`, in memory.

    Raises:
        ValueError: see there.
    """
    parts = [KNNGraph(np.zeros((0, k), id_type(len(features))), np.zeros((0, k), np.float32)),
             *exact_neighbors(features, k, device)]
    return KNNGraph(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def merge_neighbors(graphs: list[KNNGraph], k: int) -> KNNGraph:
    """The k best neighbors of the same N items of several graphs, e.g. of the shards of an index.

    A neighbor that several graphs name counts once, with its highest similarity; of equal ones the lower number is
    first.
    """
    ids = np.concatenate([graph.ids for graph in graphs], 1)
    similarities = np.concatenate([graph.similarities for graph in graphs], 1)
    order = np.lexsort((-similarities, ids))  # within each row: by number, the highest first
    ids, similarities = np.take_along_axis(ids, order, 1), np.take_along_axis(similarities, order, 1)
    drop = ids < 0
    drop[:, 1:] |= ids[:, 1:] == ids[:, :-1]
    ids, similarities = np.where(drop, -1, ids), np.where(drop, -1, similarities)
    order = np.lexsort((ids, -similarities, ids < 0))[:, :k]
    return KNNGraph(np.take_along_axis(ids, order, 1), np.take_along_axis(similarities, order, 1).astype(np.float32))


def drop_self(ids: np.ndarray, similarities: np.ndarray, k: int, first: int = 0) -> KNNGraph:
    """k neighbors of what an index found of k + 1: without the item itself, by its number and not by its rank.

    Args:
        ids, similarities: (n, k + 1), or more columns; -1 where nothing was found.
        k: neighbors to keep.
        first: number of the first item.
    """
    own = ids == np.arange(first, first + len(ids))[:, None]
    order = np.argsort(own | (ids < 0), axis=1, kind='stable')[:, :k]
    ids, own = np.take_along_axis(ids, order, 1), np.take_along_axis(own, order, 1)
    ids = np.where(own, -1, ids)
    values = np.clip(np.take_along_axis(similarities, order, 1), -1, 1)
    return KNNGraph(ids, np.where(ids < 0, -1, values).astype(np.float32))


def check_graph(graph: KNNGraph, source: str = 'kNN graph') -> None:
    """Raise unless the arrays are a graph.

    Raises:
        ValueError: other shapes, a number out of range, an item that is its own neighbor, a similarity that is NaN or
            beyond -1 to 1, or one that is higher than that of a nearer neighbor. The message has the first row.
    """
    ids, similarities = graph
    if ids.ndim != 2 or ids.shape != similarities.shape:
        raise ValueError(f'{source}: numbers of shape {ids.shape} and similarities of shape {similarities.shape}; both '
                         'must be (items, neighbors)')
    for start in range(0, len(ids), CHECKED):
        part, values = ids[start:start + CHECKED], similarities[start:start + CHECKED]
        there = part >= 0
        numbers = np.arange(start, start + len(part))[:, None]
        falling = np.ones_like(there)
        falling[:, 1:] = (values[:, 1:] <= values[:, :-1] + 1e-6) & (there[:, :-1] | ~there[:, 1:])
        for what, wrong in ((f'a neighbor outside -1 to {len(ids) - 1}', (part < -1) | (part >= len(ids))),
                            ('itself among its neighbors', part == numbers),
                            ('a similarity that is NaN or outside -1 to 1', ~(np.abs(values) <= 1 + 1e-5)),
                            ('neighbors that are not sorted, the nearest first', ~falling & there)):
            if wrong.any():
                number = start + int(wrong.any(1).argmax())
                raise ValueError(f'{source}: item {number} has {what}; build the graph again')


def graph_pairs(graph: KNNGraph, threshold: float = -1.0, strict: bool = False,
                keep: np.ndarray | None = None) -> Pairs:
    """Pairs of items of which one is a neighbor of the other.

    Where both are, they may have two similarities: that in the list of the lower number counts.

    Args:
        graph: of N items.
        threshold: least similarity.
        strict: the similarity must be above it.
        keep: (N, k) Booleans: which neighbors count, besides.
    """
    count, scores = len(graph.ids), []
    sources: list[np.ndarray] = []
    targets: list[np.ndarray] = []
    for start in range(0, count, CHECKED):
        ids, values = graph.ids[start:start + CHECKED], graph.similarities[start:start + CHECKED]
        chosen = (ids >= 0) & (values > threshold if strict else values >= threshold)
        if keep is not None:
            chosen &= keep[start:start + CHECKED]
        rows, columns = np.nonzero(chosen)
        others, rows = ids[rows, columns], rows + start
        chosen_values = values[chosen]
        wrong = others == rows
        if wrong.any():
            raise ValueError(f'item {rows[wrong][0]} is among its own neighbors; leave it out, see drop_self')
        sources.append(rows.astype(id_type(count)))
        targets.append(others.astype(id_type(count)))
        scores.append(chosen_values)
    if not sources:
        return Pairs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    return unique_pairs(np.concatenate(sources), np.concatenate(targets), np.concatenate(scores), count)


def unique_pairs(source: np.ndarray, target: np.ndarray, scores: np.ndarray, count: int) -> Pairs:
    """Each pair once, the lower number as its source.

    Of several scores that of a pair given this way round counts, if there is one; of several such the first given.

    Args:
        source, target: (M,) numbers of items below ``count``, different.
        scores: (M,) of any float type.
        count: of the items.
    """
    turned = source > target
    key = np.minimum(source, target).astype(np.int64)  # one number a pair: sorts three times as fast as two
    key *= count
    key += np.maximum(source, target)
    if len(key) and count > 3 * 10**9:
        raise ValueError(f'{count} items are more than one machine can pair (3e9); split them into components first')
    order = np.argsort(key * 2 + turned if count < 2 * 10**9 else key, kind='stable')
    key = key[order]
    new = np.ones(len(key), bool)
    new[1:] = key[1:] != key[:-1]
    key, order = key[new], order[new]
    kind = id_type(count)
    return Pairs((key // count).astype(kind), (key % count).astype(kind), scores[order].astype(np.float64))


def neighbor_recall(found: np.ndarray, exact: KNNGraph) -> float:
    """Share of the exact neighbors that a graph's rows (n, k) name, 0 to 1; where nothing is to be found, 1.

    A neighbor that is as near as the last exact one cannot be told apart here: duplicates lower the recall.
    """
    hits = total = 0
    for start in range(0, len(found), 1024):
        best = exact.ids[start:start + 1024]
        there = best >= 0
        hits += int(((best[:, :, None] == found[start:start + 1024, None, :]).any(2) & there).sum())
        total += int(there.sum())
    return hits / total if total else 1.0
