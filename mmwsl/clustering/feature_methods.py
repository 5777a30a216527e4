"""Partitions of features by name, on unit vectors and with the settings of published tables; most by scikit-learn."""

from collections.abc import Callable

import numpy as np

from mmwsl.clustering.cdp import by_first_member
from mmwsl.clustering.knn_graph import KNNGraph, graph_pairs, unit_rows

ITERATIONS = 300  # of mean shift, at most
AT_ONCE = 2**24  # distances held together


def kmeans_partition(features: np.ndarray, clusters: int, seed: int = 0) -> np.ndarray:
    """k-means (Lloyd) with k-means++; the number of clusters is an advantage if it is the true one: say so."""
    from sklearn.cluster import KMeans
    return KMeans(clusters, n_init=1, random_state=seed).fit_predict(features)


def minibatch_kmeans_partition(features: np.ndarray, clusters: int, batch: int = 100, seed: int = 0) -> np.ndarray:
    """k-means on mini-batches (Sculley 2010)."""
    from sklearn.cluster import MiniBatchKMeans
    return MiniBatchKMeans(clusters, batch_size=batch, n_init=1, random_state=seed).fit_predict(features)


def mean_shift_partition(features: np.ndarray, bandwidth: float) -> np.ndarray:
    """Mean shift with a flat kernel (Comaniciu and Meer 2002): scikit-learn's steps, of many items at a time.

    Every item climbs to the mean of the items within ``bandwidth`` until it moves by a thousandth of that. Of the
    places where they end, the one with most items around it is a center, those within ``bandwidth`` of it are not, and
    so on; an item belongs to the nearest center.

    Args:
        features: (N, D), fp32.
        bandwidth: radius, Euclidean, above 0.

    Returns:
        (N,) int64, the clusters with most items around their center first.

    Raises:
        ValueError: no radius.
    """
    if not bandwidth > 0:
        raise ValueError(f'bandwidth={bandwidth} is no radius; choose a number above 0')
    ends, around = features.copy(), np.zeros(len(features), np.int64)
    moving = np.arange(len(features))
    for _ in range(ITERATIONS):
        before = ends[moving]
        ends[moving], around[moving] = _means_within(before, features, bandwidth)
        moving = moving[np.linalg.norm(ends[moving] - before, axis=1) > 1e-3 * bandwidth]
        if not len(moving):
            break
    return _nearest(features, _centers(ends, around, bandwidth))


def hac_partition(features: np.ndarray, clusters: int, graph: KNNGraph) -> np.ndarray:
    """Agglomerative clustering by Ward's criterion that merges only along edges of a kNN graph (usually k = 30)."""
    import warnings

    from sklearn.cluster import AgglomerativeClustering
    with warnings.catch_warnings():  # it joins the components of the graph where they are too many, and says so
        warnings.filterwarnings('ignore', 'the number of connected components')
        return AgglomerativeClustering(clusters, linkage='ward', connectivity=_adjacency(graph)).fit_predict(features)


def dbscan_partition(features: np.ndarray, distance: float = 0.75, min_items: int = 10) -> np.ndarray:
    """DBSCAN (Ester et al. 1996) by the Euclidean distance; -1 = noise."""
    from sklearn.cluster import DBSCAN
    return DBSCAN(eps=distance, min_samples=min_items).fit_predict(features)


def hdbscan_partition(features: np.ndarray, min_items: int = 10) -> np.ndarray:
    """HDBSCAN (Campello et al. 2013) with clusters of ``min_items`` or more; -1 = noise, as fewer items all are."""
    from sklearn.cluster import HDBSCAN
    if len(features) < min_items:
        return np.full(len(features), -1)
    return HDBSCAN(min_cluster_size=min_items, copy=True).fit_predict(features)


def spectral_partition(features: np.ndarray, clusters: int, graph: KNNGraph, seed: int = 0) -> np.ndarray:
    """Normalized cuts (Shi and Malik 2000) of a kNN graph whose edges are 1."""
    from sklearn.cluster import SpectralClustering
    method = SpectralClustering(clusters, affinity='precomputed', random_state=seed, assign_labels='kmeans', n_init=1)
    return method.fit_predict(_adjacency(graph))


METHODS: dict[str, Callable[..., np.ndarray]] = dict(
    kmeans=kmeans_partition, minibatch_kmeans=minibatch_kmeans_partition, mean_shift=mean_shift_partition,
    hac=hac_partition, dbscan=dbscan_partition, hdbscan=hdbscan_partition, spectral=spectral_partition)


def partition_features(method: str, features: np.ndarray, **settings: object) -> np.ndarray:
    """Partition N items by their features; where N clusters are asked for, each item is one.

    Args:
        method: one of :data:`METHODS`.
        features: (N, D), normalized here.
        settings: of the method's function.

    Returns:
        (N,) int64, clusters by their first members; -1 = unassigned.

    Raises:
        ValueError: an unknown method, a NaN, fewer items than clusters, or a graph of other items.
    """
    if method not in METHODS:
        raise ValueError(f'method {method!r} is unknown; choose one of {", ".join(METHODS)}')
    clusters, graph = settings.get('clusters'), settings.get('graph')
    if isinstance(clusters, int) and not 1 <= clusters <= len(features):
        raise ValueError(f'{method}: {clusters} clusters of {len(features)} items are impossible; choose 1 to '
                         f'{len(features)}')
    if isinstance(graph, KNNGraph) and len(graph.ids) != len(features):
        raise ValueError(f'{method}: the kNN graph is of {len(graph.ids)} items, the features of {len(features)}: name '
                         'those of the same items')
    if clusters == len(features):
        return np.arange(len(features))
    return by_first_member(METHODS[method](unit_rows(features).numpy(), **settings))


def _adjacency(graph: KNNGraph) -> object:
    """Symmetric sparse matrix of ones at the pairs of a graph."""
    from scipy.sparse import coo_matrix  # scikit-learn's spectral clustering asks for a matrix
    count, (source, target, _) = len(graph.ids), graph_pairs(graph)
    rows, columns = np.concatenate([source, target]), np.concatenate([target, source])
    return coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count)).tocsr()


def _means_within(points: np.ndarray, features: np.ndarray, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean (M, D) and number (M,) of the items within a radius of points (M, D); a point without any stays."""
    means, counts = np.empty_like(points), np.empty(len(points), np.int64)
    rows = max(AT_ONCE // len(features), 1)
    for start in range(0, len(points), rows):
        part = points[start:start + rows]
        near = (_squared_distances(part, features) <= bandwidth**2).astype(features.dtype)
        found = near.sum(1)
        means[start:start + rows] = np.where(found[:, None] > 0, near @ features / np.maximum(found, 1)[:, None], part)
        counts[start:start + rows] = found
    return means, counts


def _centers(ends: np.ndarray, around: np.ndarray, bandwidth: float) -> np.ndarray:
    """(C, D): the ends with most items around them first, none within the radius of an earlier one."""
    order = np.lexsort([*ends.T[::-1], around])[::-1]  # equal numbers by their coordinates, as scikit-learn has them
    left, chosen = ends[order[around[order] > 0]], []
    while len(left):
        chosen.append(left[0])
        left = left[1:][_squared_distances(left[:1], left[1:])[0] > bandwidth**2]
    return np.stack(chosen)


def _nearest(features: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """(N,) number of the nearest center."""
    rows = max(AT_ONCE // len(centers), 1)
    return np.concatenate([_squared_distances(features[start:start + rows], centers).argmin(1)
                           for start in range(0, len(features), rows)])


def _squared_distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(M, N), of which rounding may leave some below 0."""
    return (points**2).sum(1)[:, None] + (others**2).sum(1) - 2 * (points @ others.T)
